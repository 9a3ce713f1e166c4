// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Days} from "../calendar/Days.sol";
import {ICalendar} from "../calendar/ICalendar.sol";
import {IEvidenceLog} from "../evidence/IEvidenceLog.sol";
import {Leaf} from "../evidence/Leaf.sol";
import {Authorisation} from "../identity/IAuthorised.sol";
import {Authorised} from "../identity/Authorised.sol";
import {IInstitutionRegistry} from "../identity/IInstitutionRegistry.sol";
import {IPilotLifecycle} from "./IPilotLifecycle.sol";
import {IRulebookRegistry} from "./IRulebookRegistry.sol";
import {Items} from "./Items.sol";
import {Rules} from "./Rules.sol";

/// @title The lifecycle of pilot projects (试点项目)
contract PilotLifecycle is IPilotLifecycle, Authorised {
    using Items for mapping(uint64 group => uint256 word);
    using Items for uint64;

    bytes32 private constant OPEN = keccak256(
        "OpenPilot(bytes16 project,bytes32 rulebook,bytes16 lead,bytes16 stream,string action,uint64 seq,"
        "bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)"
    );
    bytes32 private constant STEP = keccak256(
        "PilotStep(bytes16 project,string action,uint64 value,uint64 seq,"
        "bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)"
    );
    /// @dev `pilot.step`, phase requested (docs/spec/leaf.md).
    bytes3 private constant STEP_REQUESTED = 0x030101;
    uint32 private constant NATION = 0;
    uint64 private constant LAST_COUNT = type(uint32).max;

    /// @dev All that a step changes, but the last leaf; one slot. `open` has the counters of the four kinds of items, `proven` is one more
    /// than the seq of the newest leaf that was proven, by a gate or a seal.
    struct Standing {
        uint32 region;
        uint8 state;
        uint32 flags;
        uint64 open;
        uint24 noticeFrom;
        uint24 endsOn;
        uint32 count;
        uint32 proven;
    }

    /// @dev What `seal` proved stands apart, so that no step waits for it.
    struct Entry {
        bytes32 rulebook;
        bytes16 lead;
        bytes16 stream;
        Standing standing;
        bytes32 lastLeaf;
        bytes32 sealedLeaf;
    }

    /// @inheritdoc IPilotLifecycle
    IInstitutionRegistry public immutable registry;
    /// @inheritdoc IPilotLifecycle
    ICalendar public immutable calendar;
    /// @inheritdoc IPilotLifecycle
    IRulebookRegistry public immutable rulebooks;
    /// @inheritdoc IPilotLifecycle
    IEvidenceLog public immutable evidenceLog;

    mapping(bytes16 id => Entry) private _projects;
    mapping(bytes16 id => mapping(uint64 group => uint256 word)) private _items;

    constructor(
        IInstitutionRegistry registry_,
        ICalendar calendar_,
        IRulebookRegistry rulebooks_,
        IEvidenceLog evidenceLog_
    ) EIP712("regseal PilotLifecycle", "1") {
        if (
            address(registry_).code.length == 0 || address(calendar_).code.length == 0
                || address(rulebooks_).code.length == 0 || address(evidenceLog_).code.length == 0
        ) revert PilotZero();
        registry = registry_;
        calendar = calendar_;
        rulebooks = rulebooks_;
        evidenceLog = evidenceLog_;
    }

    /// @inheritdoc IPilotLifecycle
    function open(
        Opening calldata opening,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation calldata auth
    ) external {
        Entry storage entry = _projects[opening.project];
        if (entry.rulebook != 0) revert PilotExists(opening.project);
        Standing memory standing;
        standing.region = _regionOf(opening.rulebook);
        (uint256 rule,) = _ruleOf(opening.rulebook, 0, opening.action);
        _authoriseOpening(opening, evidence, auth);
        if (auth.signer != registry.activeAuthority(opening.lead)) revert PilotNotBody(auth.signer);
        if (opening.project == 0 || opening.stream == 0) revert PilotZero();
        (entry.rulebook, entry.lead, entry.stream) = (opening.rulebook, opening.lead, opening.stream);
        emit PilotOpened(opening.project, opening.rulebook, opening.lead, opening.stream);
        Step memory next = Step(opening.project, opening.action, 0, opening.seq);
        _move(entry, standing, rule, next, evidence, auth.signer);
    }

    /// @inheritdoc IPilotLifecycle
    function step(Step calldata next, IInstitutionRegistry.Evidence calldata evidence, Authorisation calldata auth) external {
        if (Rules.isGate(_step(next, evidence, auth, false))) revert PilotNeedsProof();
    }

    /// @inheritdoc IPilotLifecycle
    function gate(
        Step calldata next,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation calldata auth,
        Inclusion calldata inclusion
    ) external {
        _step(next, evidence, auth, true);
        bytes calldata leaf = inclusion.leaf;
        bytes32 leafHash = _requireLeafOf(_projects[next.project], inclusion);
        if (
            leafHash != evidence.leaf || Leaf.kindOf(leaf) != STEP_REQUESTED || Leaf.seqOf(leaf) != next.seq
                || Leaf.commitmentOf(leaf) != evidence.commitment
        ) revert PilotLeaf();
    }

    /// @inheritdoc IPilotLifecycle
    function seal(bytes16 id, Inclusion calldata inclusion) external {
        Entry storage entry = _projects[id];
        if (entry.rulebook == 0) revert PilotUnknown(id);
        bytes32 leafHash = _requireLeafOf(entry, inclusion);
        (uint64 count,) = _newest(entry);
        uint64 seq = Leaf.seqOf(inclusion.leaf);
        if (seq < count) revert PilotStale(seq, count);
        entry.standing.proven = uint32(seq + 1);
        entry.sealedLeaf = leafHash;
        emit PilotSealed(id, seq + 1, leafHash);
    }

    /// @inheritdoc IPilotLifecycle
    function project(bytes16 id) external view returns (Project memory found) {
        Entry storage entry = _projects[id];
        Standing memory standing = entry.standing;
        (found.rulebook, found.lead, found.stream) = (entry.rulebook, entry.lead, entry.stream);
        (found.region, found.state, found.flags) = (standing.region, standing.state, standing.flags);
        for (uint256 kind = 0; kind < found.open.length; ++kind) found.open[kind] = standing.open.count(kind);
        (found.noticeFrom, found.endsOn, found.stepCount) = (standing.noticeFrom, standing.endsOn, standing.count);
        (found.count, found.lastLeaf) = _newest(entry);
        found.provenCount = standing.proven;
    }

    /// @inheritdoc IPilotLifecycle
    function itemState(bytes16 id, uint8 kind, uint64 number) external view returns (Item) {
        return Item(_items[id].stateOf(kind, number));
    }

    /// @dev A leaf that is said to be proven counts as proven here; `gate` looks at it at the end.
    function _step(
        Step calldata next,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation calldata auth,
        bool proven
    ) private returns (uint256 rule) {
        Entry storage entry = _projects[next.project];
        bytes32 rulebook = entry.rulebook;
        if (rulebook == 0) revert PilotUnknown(next.project);
        Standing memory standing = entry.standing;
        bytes32 role;
        (rule, role) = _ruleOf(rulebook, standing.state, next.action);
        address signer = msg.sender;
        if (!Rules.isBySender(rule)) {
            _authoriseStep(next, evidence, auth);
            signer = auth.signer;
        }
        if (!_isBody(entry, standing.region, rule, role, signer)) revert PilotNotBody(signer);
        if (proven && next.seq >= standing.proven && next.seq < LAST_COUNT) standing.proven = uint32(next.seq + 1);
        _move(entry, standing, rule, next, evidence, signer);
    }

    /// @dev All that does not depend on who acts. Order: docs/spec/pilot.md.
    function _move(
        Entry storage entry,
        Standing memory standing,
        uint256 rule,
        Step memory next,
        IInstitutionRegistry.Evidence calldata evidence,
        address signer
    ) private {
        if (evidence.commitment == 0 || evidence.leaf == 0) revert PilotZero();
        standing.count = _countAfter(next.seq, standing, rule);
        _requireFlags(standing.flags, rule);
        _requireItems(standing.open, rule);
        _requireDays(standing, rule);
        _apply(standing, rule, next);
        uint8 from = standing.state;
        uint8 to = Rules.to(rule);
        if (to != 0) standing.state = to;
        standing.flags = (standing.flags & ~Rules.flagsCleared(rule)) | Rules.flagsSet(rule);
        entry.standing = standing;
        entry.lastLeaf = evidence.leaf;
        emit PilotMoved(
            next.project,
            from,
            standing.state,
            next.action,
            next.value,
            next.seq,
            signer,
            evidence.commitment,
            evidence.leaf
        );
    }

    function _apply(Standing memory standing, uint256 rule, Step memory next) private {
        uint256 effect = Rules.effect(rule);
        if (effect >= Rules.OPEN_ITEM) {
            standing.open = _moveItem(next.project, standing.open, rule, next.value);
        } else if (effect >= Rules.SET_END) {
            standing.endsOn = _newEnd(standing, rule, next.value);
        } else {
            if (next.value != 0) revert PilotValue(next.value);
            if (effect == Rules.START_NOTICE) standing.noticeFrom = uint24(_today());
        }
    }

    function _moveItem(bytes16 id, uint64 counters, uint256 rule, uint64 number) private returns (uint64) {
        mapping(uint64 group => uint256 word) storage items = _items[id];
        uint256 effect = Rules.effect(rule);
        uint256 kind = Rules.kindA(rule);
        if (effect != Rules.OPEN_ITEM) {
            if (!items.close(kind, number)) revert PilotItem(uint8(kind), number);
            counters = counters.less(kind);
            if (effect == Rules.CLOSE_ITEM) return counters;
            kind = Rules.kindB(rule);
        }
        if (!items.open(kind, number)) revert PilotItem(uint8(kind), number);
        return counters.more(kind);
    }

    function _authoriseOpening(
        Opening calldata opening,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation calldata auth
    ) private {
        bytes32 action = keccak256(bytes(opening.action));
        bytes memory fields = abi.encode(
            opening.project, opening.rulebook, opening.lead, opening.stream, action, opening.seq, evidence
        );
        _authorise(OPEN, fields, auth);
    }

    function _authoriseStep(
        Step calldata next,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation calldata auth
    ) private {
        bytes32 action = keccak256(bytes(next.action));
        _authorise(STEP, abi.encode(next.project, action, next.value, next.seq, evidence), auth);
    }

    function _regionOf(bytes32 rulebook) private view returns (uint32) {
        IRulebookRegistry.Summary memory summary = rulebooks.summaryOf(rulebook);
        if (summary.status == IRulebookRegistry.Status.None) revert IRulebookRegistry.RulebookUnknown(rulebook);
        if (summary.status == IRulebookRegistry.Status.Retired) revert IRulebookRegistry.RulebookIsRetired(rulebook);
        return summary.region;
    }

    function _ruleOf(bytes32 rulebook, uint8 state, string calldata action)
        private
        view
        returns (uint256 rule, bytes32 role)
    {
        (rule, role) = rulebooks.ruleOf(rulebook, state, keccak256(bytes(action)));
        if (rule == 0) revert PilotNoRule(state, action);
    }

    /// @dev A signer that passed `_authorise` is never zero, as the authority of an inactive institution is.
    function _isBody(Entry storage entry, uint32 region, uint256 rule, bytes32 role, address signer)
        private
        view
        returns (bool)
    {
        if (role == 0) return signer == registry.activeAuthority(entry.lead);
        return registry.hasRole(role, Rules.isNational(rule) ? NATION : region, signer);
    }

    function _requireDays(Standing memory standing, uint256 rule) private view {
        uint256 guards = Rules.guards(rule);
        if (guards & (Rules.NOTICE_RUNNING | Rules.NOTICE_ELAPSED) != 0) _requireNotice(standing, rule, guards);
        if (guards & (Rules.END_REACHED | Rules.BEFORE_END) != 0) _requireEnd(standing.endsOn, guards);
    }

    /// @dev The notice is over when its last working day is: days are counted up to yesterday.
    function _requireNotice(Standing memory standing, uint256 rule, uint256 guards) private view {
        uint24 from = standing.noticeFrom;
        uint16 wanted = Rules.noticeDays(rule);
        (bool known, uint256 counted) =
            from == 0 ? (false, 0) : calendar.workingDaysAfter(standing.region, from, _today() - 1);
        bool elapsed = known && counted >= wanted;
        if (guards & Rules.NOTICE_RUNNING != 0 && (from == 0 || elapsed)) {
            revert PilotNoticeNotRunning(from, wanted, counted);
        }
        if (guards & Rules.NOTICE_ELAPSED != 0 && !elapsed) revert PilotNoticeRunning(from, wanted, counted, known);
    }

    /// @dev A pilot of which no end was said has neither ended nor time left.
    function _requireEnd(uint24 endsOn, uint256 guards) private view {
        uint256 today = _today();
        if (guards & Rules.END_REACHED != 0 && (endsOn == 0 || today <= endsOn)) revert PilotNotEnded(endsOn, today);
        if (guards & Rules.BEFORE_END != 0 && today > endsOn) revert PilotEnded(endsOn, today);
    }

    function _newEnd(Standing memory standing, uint256 rule, uint64 value) private view returns (uint24) {
        bool extends = Rules.effect(rule) == Rules.EXTEND;
        uint256 start = extends ? standing.endsOn : _today();
        if (start == 0 || value <= start || value > type(uint24).max) revert PilotValue(value);
        uint256 months = Rules.months(rule);
        uint256 lift = Rules.lift(rule);
        if (months != 0 && (lift == 0 || standing.flags >> (lift - 1) & 1 == 0)) {
            uint256 limit = Days.addMonths(start, months);
            if (value > limit) revert PilotTerm(value, limit);
        }
        return uint24(value);
    }

    /// @dev The leaf is of the project's stream, and stands under the head of the rulebook's log or a successor's. A stream cannot be longer
    /// than what its logs have taken in: those that were frozen count as far as they are anchored, and something on top for what was not.
    function _requireLeafOf(Entry storage entry, Inclusion calldata inclusion) private view returns (bytes32 leafHash) {
        if (inclusion.leaf.length != Leaf.LENGTH || Leaf.streamOf(inclusion.leaf) != entry.stream) revert PilotLeaf();
        bytes32 log = rulebooks.summaryOf(entry.rulebook).log;
        uint256 longest = uint256(inclusion.index) + Rules.REACH;
        while (log != inclusion.log) {
            IEvidenceLog.Log memory before = evidenceLog.logOf(log);
            longest += before.size;
            log = before.successor;
            if (log == 0) revert PilotLog(inclusion.log);
        }
        uint64 seq = Leaf.seqOf(inclusion.leaf);
        if (seq >= longest || seq >= LAST_COUNT) revert PilotLeaf();
        return evidenceLog.verifyInclusion(log, inclusion.leaf, inclusion.index, inclusion.proof);
    }

    function _newest(Entry storage entry) private view returns (uint64 count, bytes32 leaf) {
        (count, leaf) = (entry.standing.count, entry.lastLeaf);
        if (entry.standing.proven > count) (count, leaf) = (entry.standing.proven, entry.sealedLeaf);
    }

    function _today() private view returns (uint256) {
        return Days.ofTime(block.timestamp);
    }

    function _requireFlags(uint32 flags, uint256 rule) private pure {
        uint32 missing = Rules.flagsRequired(rule) & ~flags;
        if (missing != 0) revert PilotFlagsMissing(missing);
        uint32 forbidden = Rules.flagsForbidden(rule) & flags;
        if (forbidden != 0) revert PilotFlagsForbidden(forbidden);
    }

    function _requireItems(uint64 counters, uint256 rule) private pure {
        (bool found, uint8 kind) = counters.anyOpen(Rules.noneOpen(rule));
        if (found) revert PilotItemsOpen(kind, counters.count(kind));
        uint256 kinds = Rules.someOpen(rule);
        (found,) = counters.anyOpen(kinds);
        if (kinds != 0 && !found) revert PilotNoItemOpen(uint8(kinds));
    }

    /// @dev Whoever signs a step says its seq. It is believed only so far beyond what was proven that the stream can catch up.
    function _countAfter(uint64 seq, Standing memory standing, uint256 rule) private pure returns (uint32) {
        if (seq < standing.count) revert PilotStale(seq, standing.count);
        uint64 limit = standing.proven + Rules.reach(rule);
        if (limit > LAST_COUNT) limit = LAST_COUNT;
        if (seq >= limit) revert PilotAhead(seq, limit);
        return uint32(seq + 1);
    }
}
