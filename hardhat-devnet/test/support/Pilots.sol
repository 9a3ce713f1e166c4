// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Calendar} from "../../contracts/calendar/Calendar.sol";
import {Authorisation} from "../../contracts/identity/IAuthorised.sol";
import {IInstitutionRegistry} from "../../contracts/identity/IInstitutionRegistry.sol";
import {IPilotLifecycle} from "../../contracts/pilot/IPilotLifecycle.sol";
import {IRulebookRegistry} from "../../contracts/pilot/IRulebookRegistry.sol";
import {PilotLifecycle} from "../../contracts/pilot/PilotLifecycle.sol";
import {RulebookRegistry} from "../../contracts/pilot/RulebookRegistry.sol";
import {Parties} from "./Parties.sol";
import {Tree} from "./Tree.sol";

/// @dev A rule, spread out.
struct Rule {
    uint8 to;
    uint8 body;
    bool national;
    bool bySender;
    bool gate;
    uint8 effect;
    uint8 a;
    uint8 b;
    uint16 notice;
    uint16 months;
    uint8 guards;
    uint8 none;
    uint32 required;
    uint32 forbidden;
    uint32 set;
    uint32 cleared;
    uint8 lift;
    uint8 some;
}

/// @dev The bodies of a region's pilots, their signatures, a calendar, rulebooks and projects. NOW is a Friday, 2027-01-15 in Shanghai.
abstract contract Pilots is Parties {
    uint256 internal constant MINISTRY = 0xb001; // authority of region 0
    uint256 internal constant GROUP = 0xb002; // working group of REGION
    uint256 internal constant BUREAU = 0xb003; // national
    uint256 internal constant GATEWAY = 0xb004; // acts as sender

    bytes32 internal constant GROUP_ROLE = keccak256("pilot.working-group");
    bytes32 internal constant BUREAU_ROLE = keccak256("pilot.stb");
    bytes32 internal constant GATEWAY_ROLE = keccak256("pilot.gateway");
    uint8 internal constant LEAD = 0;
    uint8 internal constant BY_GROUP = 1;
    uint8 internal constant BY_BUREAU = 2;
    uint8 internal constant BY_GATEWAY = 3;

    bytes16 internal constant PROJECT = bytes16(uint128(0x9001));
    bytes16 internal constant STREAM = bytes16(uint128(0x57e4));
    uint32 internal constant TODAY = 20_833;
    uint256 internal constant YEAR = 2027;
    uint256 internal constant NEW_YEAR = 20_819;

    Calendar internal calendar;
    RulebookRegistry internal rulebooks;
    PilotLifecycle internal lifecycle;
    bytes32 internal pilotLog;

    function foundPilots() internal {
        found();
        registry.proposeRegionalAuthority(0, vm.addr(MINISTRY), toPropose(0, vm.addr(MINISTRY), ROOT));
        vm.warp(NOW + DELAY);
        registry.activateRegionalAuthority(0);
        vm.warp(NOW);
        calendar = new Calendar(registry);
        rulebooks = new RulebookRegistry(registry);
        lifecycle = new PilotLifecycle(registry, calendar, rulebooks, evidenceLog);
        pilotLog = open("pilots");
        _grant(GROUP_ROLE, REGION, GROUP, SHENZHEN);
        _grant(BUREAU_ROLE, 0, BUREAU, MINISTRY);
        _grant(GATEWAY_ROLE, REGION, GATEWAY, SHENZHEN);
    }

    // ---- calendar

    function toPublish(uint32 region, uint16 year, uint256[2] memory working, uint256[2] memory trading, uint256 signer)
        internal
        returns (Authorisation memory)
    {
        return authorise(
            address(calendar),
            "regseal Calendar",
            "PublishCalendarYear(uint32 region,uint16 year,uint256[2] working,uint256[2] trading,bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)",
            abi.encode(
                region, year, keccak256(abi.encode(working)), keccak256(abi.encode(trading)), evidence().commitment, evidence().leaf
            ),
            signer
        );
    }

    function toClose(uint32 region, uint32[] memory numbers, bool working, bool trading, uint256 signer)
        internal
        returns (Authorisation memory)
    {
        return authorise(
            address(calendar),
            "regseal Calendar",
            "CloseCalendarDays(uint32 region,uint32[] numbers,bool working,bool trading,bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)",
            abi.encode(
                region, keccak256(abi.encodePacked(numbers)), working, trading, evidence().commitment, evidence().leaf
            ),
            signer
        );
    }

    function publish(uint16 year, uint256[2] memory working, uint256[2] memory trading) internal {
        calendar.publishYear(
            REGION, year, working, trading, evidence(), toPublish(REGION, year, working, trading, SHENZHEN)
        );
    }

    /// @dev Mondays to Fridays of a year whose first day is `first`.
    function weekdays(uint256 first, uint256 length) internal pure returns (uint256[2] memory words) {
        for (uint256 i = 0; i < length; ++i) {
            if ((first + i + 3) % 7 < 5) words[i >> 8] |= 1 << (i & 255); // day 0 was a Thursday
        }
    }

    function publishWeekdays() internal {
        publish(uint16(YEAR), weekdays(NEW_YEAR, 365), weekdays(NEW_YEAR, 365));
    }

    function atDay(uint256 day) internal {
        vm.warp(day * 1 days - 8 hours);
    }

    // ---- rulebooks

    function rule() internal pure returns (Rule memory) {}

    function pack(Rule memory r) internal pure returns (uint256 word) {
        word = 1 << 255 | uint256(r.to) | uint256(r.body) << 8;
        if (r.national) word |= 1 << 16;
        if (r.bySender) word |= 1 << 17;
        if (r.gate) word |= 1 << 18;
        word |= uint256(r.effect) << 24 | uint256(r.a) << 32 | uint256(r.b) << 40;
        word |= uint256(r.notice) << 48 | uint256(r.months) << 64 | uint256(r.guards) << 80 | uint256(r.none) << 88;
        word |= uint256(r.required) << 96 | uint256(r.forbidden) << 128 | uint256(r.set) << 160;
        word |= uint256(r.cleared) << 192 | uint256(r.lift) << 224 | uint256(r.some) << 232;
    }

    function entry(uint8 from, string memory action, Rule memory r) internal pure returns (IRulebookRegistry.Entry memory) {
        return IRulebookRegistry.Entry(from, keccak256(bytes(action)), pack(r));
    }

    function bookOf(IRulebookRegistry.Entry[] memory table) internal view returns (IRulebookRegistry.Rulebook memory book) {
        book.region = REGION;
        book.log = pilotLog;
        book.version = "T-1";
        book.document = keccak256("document");
        book.bodies = new bytes32[](3);
        (book.bodies[0], book.bodies[1], book.bodies[2]) = (GROUP_ROLE, BUREAU_ROLE, GATEWAY_ROLE);
        book.table = table;
    }

    function toActivate(IRulebookRegistry.Rulebook memory book, uint256 signer) internal returns (Authorisation memory) {
        return authorise(
            address(rulebooks),
            "regseal RulebookRegistry",
            "ActivateRulebook(bytes32 rulebook,uint32 region,string version,bytes32 log,bytes32 document,bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)",
            abi.encode(
                _idOf(book),
                book.region,
                keccak256(bytes(book.version)),
                book.log,
                book.document,
                evidence().commitment,
                evidence().leaf
            ),
            signer
        );
    }

    function toRetire(bytes32 id, uint256 signer) internal returns (Authorisation memory) {
        return authorise(
            address(rulebooks),
            "regseal RulebookRegistry",
            "RetireRulebook(bytes32 rulebook,bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)",
            abi.encode(id, evidence().commitment, evidence().leaf),
            signer
        );
    }

    function activate(IRulebookRegistry.Entry[] memory table) internal returns (bytes32) {
        IRulebookRegistry.Rulebook memory book = bookOf(table);
        rulebooks.activate(book, evidence(), toActivate(book, SHENZHEN));
        return _idOf(book);
    }

    // ---- projects

    function toOpenPilot(IPilotLifecycle.Opening memory o, IInstitutionRegistry.Evidence memory e, uint256 signer)
        internal
        returns (Authorisation memory)
    {
        return authorise(
            address(lifecycle),
            "regseal PilotLifecycle",
            "OpenPilot(bytes16 project,bytes32 rulebook,bytes16 lead,bytes16 stream,string action,uint64 seq,bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)",
            abi.encode(o.project, o.rulebook, o.lead, o.stream, keccak256(bytes(o.action)), o.seq, e.commitment, e.leaf),
            signer
        );
    }

    function toStep(IPilotLifecycle.Step memory s, IInstitutionRegistry.Evidence memory e, uint256 signer)
        internal
        returns (Authorisation memory)
    {
        return authorise(
            address(lifecycle),
            "regseal PilotLifecycle",
            "PilotStep(bytes16 project,string action,uint64 value,uint64 seq,bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)",
            abi.encode(s.project, keccak256(bytes(s.action)), s.value, s.seq, e.commitment, e.leaf),
            signer
        );
    }

    function opening(bytes32 book) internal pure returns (IPilotLifecycle.Opening memory) {
        return IPilotLifecycle.Opening(PROJECT, book, INSTITUTION, STREAM, "submit", 0);
    }

    /// @dev Opens PROJECT, led by OPERATOR's institution, with the leaf of seq 0.
    function openPilot(bytes32 book) internal {
        lifecycle.open(opening(book), evidence(), toOpenPilot(opening(book), evidence(), OPERATOR));
    }

    /// @dev One step with the next free seq.
    function step(string memory action, uint64 value, uint256 signer) internal {
        IPilotLifecycle.Step memory next = nextStep(action, value);
        lifecycle.step(next, evidence(), toStep(next, evidence(), signer));
    }

    function nextStep(string memory action, uint64 value) internal view returns (IPilotLifecycle.Step memory) {
        return IPilotLifecycle.Step(PROJECT, action, value, lifecycle.project(PROJECT).stepCount);
    }

    function standing() internal view returns (IPilotLifecycle.Project memory) {
        return lifecycle.project(PROJECT);
    }

    // ---- leaves

    function leafOf(uint16 code, uint8 phase, bytes16 stream, uint64 seq, bytes32 commitment)
        internal
        pure
        returns (bytes memory)
    {
        bytes memory head = abi.encodePacked(uint8(1), uint8(1), code, phase, uint24(0), seq, stream);
        return abi.encodePacked(head, keccak256("previous"), commitment, uint64(1_800_000_000_000));
    }

    function hashOf(bytes memory leaf) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(bytes1(0), leaf));
    }

    /// @dev Anchors a log of `size` leaves with this one at `index`; gives its proof.
    function anchored(bytes32 log, bytes memory leaf, uint64 index, uint64 size)
        internal
        returns (IPilotLifecycle.Inclusion memory)
    {
        bytes32[] memory leaves = new bytes32[](size);
        for (uint64 i = 0; i < size; ++i) leaves[i] = i == index ? hashOf(leaf) : keccak256(abi.encode(log, i));
        append(log, size, Tree.root(leaves, 0, size), new bytes32[](0));
        return IPilotLifecycle.Inclusion(log, leaf, index, Tree.inclusion(leaves, index, size));
    }

    function _grant(bytes32 role, uint32 region, uint256 key, uint256 authority) internal {
        IInstitutionRegistry.Grant memory grant = IInstitutionRegistry.Grant(INSTITUTION, type(uint64).max);
        address account = vm.addr(key);
        Authorisation memory auth = toGrantRole(INSTITUTION, account, role, region, grant.expiresAt, authority);
        registry.grantRole(grant, account, role, region, evidence(), auth);
    }

    function _idOf(IRulebookRegistry.Rulebook memory book) internal pure returns (bytes32) {
        return keccak256(abi.encode(book.region, book.log, book.version, book.document, book.bodies, book.table));
    }
}
