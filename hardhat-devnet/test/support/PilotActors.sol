// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Authorisation} from "../../contracts/identity/IAuthorised.sol";
import {IInstitutionRegistry} from "../../contracts/identity/IInstitutionRegistry.sol";
import {IPilotLifecycle} from "../../contracts/pilot/IPilotLifecycle.sol";
import {IRulebookRegistry} from "../../contracts/pilot/IRulebookRegistry.sol";
import {PilotModel} from "./PilotModel.sol";
import {Rule} from "./Pilots.sol";
import {Tree} from "./Tree.sol";

/// @dev Anybody tries any step of three projects under a table made from a seed; states 5 and 6 have no way out. The first thing on
/// which chain and model disagree, or that must never be, is noted.
contract PilotActors is PilotModel {
    uint8 private constant LAST_STATE = 6;
    uint256 private constant PROJECTS = 3;
    uint256 private constant PROVEN = 8; // leaves of each project that are anchored, at seq 2, 7, 12, … and far ahead
    uint64 private constant FAR = 1030;

    string public violation;
    mapping(string what => uint256) public seen;
    uint256[6] private _keys = [OPERATOR, GROUP, BUREAU, GATEWAY, STRANGER, SHENZHEN];
    bytes32[] private _leaves;
    bytes32 private _book;

    struct Named {
        bytes16 project;
        uint8 kind;
        uint64 number;
    }

    Named[] private _named;

    constructor(uint256 seed) {
        foundPilots();
        publishWeekdays();
        _makeTable(seed);
        _anchor();
        for (uint256 i = 0; i < PROJECTS; ++i) _open(i);
    }

    // ---- what anybody can try

    function act(uint256 which, uint256 what, uint256 value, uint256 who, uint256 seq) external {
        Act memory a;
        a.project = _id(which);
        State storage s = states[a.project];
        a.action = _action(what);
        (, Rule memory r) = rowOf(s.state, a.action);
        a.value = _value(value, r, s);
        a.who = who % 10 < 7 && bodyOf(r) != 0 ? bodyOf(r) : _keys[who % 6];
        a.seq = s.stepCount + uint64(seq % 8 == 7 ? 3 : 0);
        if (seq % 8 == 6 && s.stepCount > 0) --a.seq;
        if (seq % 32 == 5) a.seq = s.provenCount + 1020 + uint64(seq % 7); // around the limit of lead and senders
        if (seq == 0xff) a.seq = s.provenCount + 2045 + uint64(value % 7); // and of the bodies
        a.leaf = evidence().leaf;
        _try(a, r);
    }

    /// @dev With a proof: the first anchored leaf of the project that is not stale.
    function prove(uint256 which, uint256 what, uint256 value, uint256 who) external {
        Act memory a;
        a.project = _id(which);
        State storage s = states[a.project];
        a.action = _action(what);
        (, Rule memory r) = rowOf(s.state, a.action);
        a.value = _value(value, r, s);
        a.who = who % 10 < 7 && bodyOf(r) != 0 ? bodyOf(r) : _keys[who % 6];
        uint256 i = 0;
        while (i < PROVEN - 1 && _seq(i) < s.stepCount) ++i;
        (a.seq, a.proven, a.leaf) = (_seq(i), true, hashOf(_leaf(which, i)));
        _try(a, r);
    }

    function seal(uint256 which, uint256 number) external {
        (bytes16 id, uint256 i) = (_id(which), number % PROVEN);
        State storage s = states[id];
        bytes32 before = _fingerprint(id);
        try lifecycle.seal(id, _inclusion(which, i)) {
            _note(_seq(i) >= s.count, "an old leaf was sealed");
            (s.count, s.lastLeaf, s.provenCount) = (_seq(i) + 1, hashOf(_leaf(which, i)), _seq(i) + 1);
            ++seen["seal"];
        } catch {
            _note(_seq(i) < s.count && _fingerprint(id) == before, "a new leaf was not sealed");
        }
        _compare(id);
    }

    function wait_(uint256 days_) external {
        // beyond the year nothing is known any more, which is worth a try now and then
        uint256 to = block.timestamp + (days_ % 4) * 1 days;
        vm.warp(to);
        if (days_ % 64 == 63) vm.warp(NOW + 360 days);
        if (block.timestamp > NOW + 364 days) vm.warp(NOW);
    }

    // ---- how it is judged

    function _try(Act memory a, Rule memory r) private {
        IPilotLifecycle.Project memory before = lifecycle.project(a.project);
        bytes memory data = _call(a, r);
        vm.prank(r.bySender ? vm.addr(a.who) : vm.addr(GATEWAY));
        (bool done, bytes memory answer) = address(lifecycle).call(data);
        bytes memory refusal = expect(a);
        _note(done == (refusal.length == 0), done ? "taken, and the model refuses" : "refused, and the model takes it");
        if (!done) _note(keccak256(answer) == keccak256(refusal), "refused for another reason");
        if (done) ++seen[a.proven ? "proven" : "step"];
        else ++seen[string(abi.encodePacked(bytes4(refusal)))];
        _compare(a.project);
        _judge(a, r, before, done);
    }

    /// @dev Without the model: what must never be.
    function _judge(Act memory a, Rule memory r, IPilotLifecycle.Project memory before, bool done) private {
        IPilotLifecycle.Project memory after_ = lifecycle.project(a.project);
        _note(before.state < 5 || before.state == after_.state, "a terminal state was left");
        _note(after_.count >= before.count && after_.stepCount >= before.stepCount, "a count fell");
        _note(after_.provenCount >= before.provenCount && after_.provenCount <= FAR + 1, "proven without a proof");
        _note(after_.stepCount <= after_.provenCount + 2048, "no stream catches up with that");
        bool moved = keccak256(abi.encode(before)) != keccak256(abi.encode(after_));
        _note(!moved || a.who == bodyOf(r), "somebody else moved it");
        _note(!moved || a.who != GATEWAY || r.body == BY_GATEWAY, "the gateway moved it");
        _note(moved == done, "moved and refused, or neither");
        if (moved) _note(after_.state == (r.to == 0 ? before.state : r.to), "a state that the table has not");
        if (moved && after_.state >= 5) ++seen["terminal"];
        if (moved && r.effect >= 4) _named.push(Named(a.project, r.a, a.value));
        if (moved && r.effect == 6) _named.push(Named(a.project, r.b, a.value));
    }

    function _compare(bytes16 id) private {
        State memory s = states[id];
        IPilotLifecycle.Project memory p = lifecycle.project(id);
        bool same = p.state == s.state && p.flags == s.flags && p.noticeFrom == s.noticeFrom && p.endsOn == s.endsOn;
        same = same && p.stepCount == s.stepCount && p.count == s.count && p.lastLeaf == s.lastLeaf;
        same = same && p.provenCount == s.provenCount;
        _note(same, "chain and model stand elsewhere");
    }

    /// @dev For the invariant: the counters, and what became of every item that was ever named in its kind.
    function countersAreRight() external view returns (bool right) {
        right = true;
        for (uint256 i = 0; i < PROJECTS; ++i) {
            uint16[4] memory counters = lifecycle.project(_id(i)).open;
            for (uint8 kind = 0; kind < 4; ++kind) right = right && counters[kind] == openItems[_id(i)][kind].length;
        }
        for (uint256 i = 0; i < _named.length; ++i) {
            (bytes16 id, uint8 kind, uint64 number) = (_named[i].project, _named[i].kind, _named[i].number);
            IPilotLifecycle.Item item = lifecycle.itemState(id, kind, number);
            right = right && (item == IPilotLifecycle.Item.Open) == _isOpen(id, kind, number);
            right = right && (item == IPilotLifecycle.Item.New) == !used[id][kind][number];
        }
    }

    // ---- how it is made

    function _makeTable(uint256 seed) private {
        IRulebookRegistry.Entry[] memory entries = new IRulebookRegistry.Entry[](26);
        Rule memory r = rule();
        r.to = 1;
        rows.push(Row(0, "submit", r));
        (r.to, r.effect, r.set) = (2, 1, 1);
        rows.push(Row(0, "submit.late", r));
        for (uint256 i = 2; i < entries.length; ++i) {
            uint256 word = uint256(keccak256(abi.encode(seed, i)));
            rows.push(Row(uint8(1 + (i - 2) / 6), _action((i - 2) % 6), _random(word)));
        }
        for (uint256 i = 0; i < entries.length; ++i) entries[i] = entry(rows[i].from, rows[i].action, rows[i].r);
        _book = activate(entries);
    }

    function _random(uint256 word) private pure returns (Rule memory r) {
        uint8[8] memory dice;
        for (uint256 i = 0; i < 8; ++i) dice[i] = uint8(word >> (8 * i));
        r.to = dice[0] % 5; // 0 to 4
        if (dice[0] > 220) r.to = dice[0] % 2 == 0 ? 5 : LAST_STATE;
        r.body = dice[1] % 4;
        if (r.body != LEAD) r.national = (r.body == BY_BUREAU) != (dice[1] > 240);
        r.bySender = r.body == BY_GATEWAY && dice[1] % 8 > 3;
        r.gate = dice[2] % 6 == 0;
        r.effect = dice[3] % 7;
        (r.a, r.b) = (uint8(word >> 64) % 4, uint8(word >> 72) % 4);
        if (dice[4] % 3 == 0) (r.guards, r.notice) = (uint8(1) << (uint8(word >> 80) % 4), uint16(1 + (word >> 88) % 3));
        if (dice[5] % 4 == 0) r.none = uint8(1) << (uint8(word >> 96) % 4);
        if (dice[5] % 4 == 1) r.some = uint8(word >> 96) % 16;
        if (dice[6] % 5 == 0) r.required = uint32(1 << ((word >> 104) % 3));
        if (dice[6] % 5 == 1) r.forbidden = uint32(1 << ((word >> 104) % 3));
        if (dice[7] % 2 == 0) (r.set, r.cleared) = (uint32(word >> 112) % 8, uint32(word >> 144) % 8);
        (r.months, r.lift) = (uint16((word >> 176) % 3), uint8(word >> 192) % 4);
    }

    function _open(uint256 i) private {
        IPilotLifecycle.Opening memory o =
            IPilotLifecycle.Opening(_id(i), _book, INSTITUTION, _stream(i), i == 0 ? "submit" : "submit.late", 0);
        lifecycle.open(o, evidence(), toOpenPilot(o, evidence(), OPERATOR));
        Act memory first = Act(o.project, o.action, 0, 0, OPERATOR, false, evidence().leaf);
        _note(expect(first).length == 0, "the model opens nothing");
        _compare(o.project);
    }

    function _anchor() private {
        for (uint256 i = 0; i < PROJECTS * PROVEN; ++i) _leaves.push(hashOf(_leaf(i / PROVEN, i % PROVEN)));
        append(pilotLog, uint64(_leaves.length), Tree.root(_leaves, 0, _leaves.length), new bytes32[](0));
    }

    function _inclusion(uint256 which, uint256 i) private view returns (IPilotLifecycle.Inclusion memory) {
        uint256 index = which % PROJECTS * PROVEN + i;
        return IPilotLifecycle.Inclusion(
            pilotLog, _leaf(which, i), uint64(index), Tree.inclusion(_leaves, index, _leaves.length)
        );
    }

    function _call(Act memory a, Rule memory r) private returns (bytes memory) {
        IPilotLifecycle.Step memory next = IPilotLifecycle.Step(a.project, a.action, a.value, a.seq);
        IInstitutionRegistry.Evidence memory e = IInstitutionRegistry.Evidence(evidence().commitment, a.leaf);
        Authorisation memory auth;
        if (!r.bySender) auth = toStep(next, e, a.who);
        if (!a.proven) return abi.encodeCall(lifecycle.step, (next, e, auth));
        uint256 i = a.seq == FAR ? PROVEN - 1 : (a.seq - 2) / 5;
        return abi.encodeCall(lifecycle.gate, (next, e, auth, _inclusion(uint128(a.project), i)));
    }

    function _value(uint256 value, Rule memory r, State storage s) private view returns (uint64) {
        if (value % 16 == 15) return uint64(value);
        if (r.effect >= 4) return uint64(value >> 8) % 40; // two words of items
        if (r.effect < 2) return 0;
        uint256 start = r.effect == 3 ? s.endsOn : (block.timestamp + 8 hours) / 1 days;
        return uint64(start + (value >> 8) % 45);
    }

    function _note(bool good, string memory what) private {
        if (!good && bytes(violation).length == 0) violation = what;
    }

    function _fingerprint(bytes16 id) private view returns (bytes32) {
        return keccak256(abi.encode(lifecycle.project(id)));
    }

    function _leaf(uint256 which, uint256 i) private pure returns (bytes memory) {
        return leafOf(0x0301, 1, _stream(which), _seq(i), evidence().commitment);
    }

    function _seq(uint256 i) private pure returns (uint64) {
        return i == PROVEN - 1 ? FAR : uint64(2 + 5 * i);
    }

    function _id(uint256 which) private pure returns (bytes16) {
        return bytes16(uint128(PROJECTS + which % PROJECTS));
    }

    function _stream(uint256 which) private pure returns (bytes16) {
        return bytes16(uint128(0x57e0 + which % PROJECTS));
    }

    function _action(uint256 what) private pure returns (string memory) {
        return string(abi.encodePacked("act.", bytes1(uint8(0x61 + what % 6))));
    }
}
