// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IInstitutionRegistry} from "../contracts/identity/IInstitutionRegistry.sol";
import {Authorisation} from "../contracts/identity/IAuthorised.sol";
import {IPilotLifecycle} from "../contracts/pilot/IPilotLifecycle.sol";
import {Rule} from "./support/Pilots.sol";
import {PilotTables} from "./support/PilotTables.sol";

/// @dev How far ahead a step may claim its leaf to stand: nobody ends a project by a number that no stream reaches.
contract PilotReachTest is PilotTables {
    uint64 private constant LEAD_REACH = 1024;
    uint64 private constant BODY_REACH = 2048;
    bytes32 private constant COMMITMENT = keccak256("commitment");

    function setUp() public {
        foundTable();
        add("go", rule());
        Rule memory r = rule();
        r.body = BY_GROUP;
        add("decide", r);
        (r.body, r.bySender) = (BY_GATEWAY, true);
        add("file", r);
        (r.body, r.bySender, r.gate) = (BY_GROUP, false, true);
        add("approve", r);
        begin();
    }

    function testTheLeadReachesHalfAsFarAsTheBodies() public {
        _refuseAhead("go", OPERATOR, LEAD_REACH, LEAD_REACH);
        _refuseAhead("decide", GROUP, BODY_REACH, BODY_REACH);
        _step("go", OPERATOR, LEAD_REACH - 1);
        _refuseAhead("go", OPERATOR, LEAD_REACH, LEAD_REACH);
        _step("decide", GROUP, LEAD_REACH);
        _step("decide", GROUP, BODY_REACH - 1);
        _refuseAhead("decide", GROUP, BODY_REACH, BODY_REACH);
        assertEq(standing().stepCount, BODY_REACH);
        assertEq(standing().provenCount, 0);
    }

    function testWhoeverActsAsSenderReachesNoFurtherThanTheLead() public {
        Authorisation memory nothing;
        IPilotLifecycle.Step memory next = IPilotLifecycle.Step(PROJECT, "file", 0, LEAD_REACH);
        vm.expectRevert(abi.encodeWithSelector(IPilotLifecycle.PilotAhead.selector, LEAD_REACH, LEAD_REACH));
        vm.prank(vm.addr(GATEWAY));
        lifecycle.step(next, evidence(), nothing);
        next.seq = LEAD_REACH - 1;
        vm.prank(vm.addr(GATEWAY));
        lifecycle.step(next, evidence(), nothing);
        _step("decide", GROUP, LEAD_REACH);
    }

    function testAnOpeningIsTheLeads() public {
        IPilotLifecycle.Opening memory o = opening(book);
        o.project = bytes16(uint128(5));
        o.seq = LEAD_REACH;
        refuseOpening(o, OPERATOR, abi.encodeWithSelector(IPilotLifecycle.PilotAhead.selector, LEAD_REACH, LEAD_REACH));
        o.seq = LEAD_REACH - 1;
        lifecycle.open(o, evidence(), toOpenPilot(o, evidence(), OPERATOR));
    }

    function testAStepThatIsNotProvenIsAheadBeforeItNeedsAProof() public {
        _refuseAhead("approve", GROUP, BODY_REACH, BODY_REACH);
        IPilotLifecycle.Step memory next = IPilotLifecycle.Step(PROJECT, "approve", 0, BODY_REACH - 1);
        Authorisation memory auth = toStep(next, evidence(), GROUP);
        vm.expectRevert(abi.encodeWithSelector(IPilotLifecycle.PilotNeedsProof.selector));
        lifecycle.step(next, evidence(), auth);
    }

    function testAProofReachesAsFarAsTheLogAndTakesTheLimitAlong() public {
        _step("go", OPERATOR, LEAD_REACH - 1);
        bytes memory leaf = _leaf(BODY_REACH + 10);
        IPilotLifecycle.Inclusion memory inclusion = _anchored(leaf, 1100, 1101);
        _gate("decide", GROUP, BODY_REACH + 10, leaf, inclusion);
        uint64 proven = BODY_REACH + 11;
        assertTrue(standing().provenCount == proven && standing().stepCount == proven, "proven");
        assertEq(standing().lastLeaf, hashOf(leaf));
        _refuseAhead("go", OPERATOR, proven + LEAD_REACH, proven + LEAD_REACH);
        _step("go", OPERATOR, proven + LEAD_REACH - 1);
        assertEq(standing().provenCount, proven);
    }

    function testASealTakesTheLimitAlongAndMakesNothingStale() public {
        bytes memory leaf = leafOf(0x0302, 0, STREAM, 1000, COMMITMENT);
        lifecycle.seal(PROJECT, _anchored(leaf, 0, 1));
        assertTrue(standing().provenCount == 1001 && standing().count == 1001 && standing().stepCount == 1, "sealed");
        _step("decide", GROUP, 1);
        _refuseAhead("go", OPERATOR, 1001 + LEAD_REACH, 1001 + LEAD_REACH);
        _step("go", OPERATOR, 1001 + LEAD_REACH - 1);
    }

    function testAProvenStepBelowTheSealTakesNothingBack() public {
        bytes memory far = leafOf(0x0302, 0, STREAM, 50, COMMITMENT);
        bytes memory near = _leaf(3);
        bytes32[] memory other = new bytes32[](1);
        other[0] = hashOf(near);
        append(pilotLog, 2, sha256(abi.encodePacked(uint8(1), hashOf(far), hashOf(near))), new bytes32[](0));
        lifecycle.seal(PROJECT, IPilotLifecycle.Inclusion(pilotLog, far, 0, other));
        other[0] = hashOf(far);
        _gate("approve", GROUP, 3, near, IPilotLifecycle.Inclusion(pilotLog, near, 1, other));
        IPilotLifecycle.Project memory p = standing();
        assertTrue(p.provenCount == 51 && p.count == 51 && p.stepCount == 4 && p.lastLeaf == hashOf(far), "kept");
    }

    function testNoLeafStandsFurtherThanItsLogsAreLong() public {
        bytes memory leaf = _leaf(BODY_REACH + 5);
        IPilotLifecycle.Inclusion memory inclusion = _anchored(leaf, 5, 9);
        _refuseProof(BODY_REACH + 5, leaf, inclusion);
        vm.expectRevert(abi.encodeWithSelector(IPilotLifecycle.PilotLeaf.selector));
        lifecycle.seal(PROJECT, inclusion);

        freeze(pilotLog, OPERATOR);
        evidenceLog.openSuccessor(
            pilotLog, "pilots-2", ANCHOR, KEY_ID, command(), toOpenSuccessor(pilotLog, "pilots-2", OPERATOR)
        );
        bytes32 second = keccak256("pilots-2");
        leaf = _leaf(BODY_REACH + 9 + 2); // 9 leaves before, and 2 here
        _refuseProof(BODY_REACH + 11, leaf, anchored(second, leaf, 2, 4));
    }

    function testALogAndItsSuccessorCountTogether() public {
        bytes memory first = _leaf(BODY_REACH - 1);
        anchored(pilotLog, first, 0, 9);
        freeze(pilotLog, OPERATOR);
        evidenceLog.openSuccessor(
            pilotLog, "pilots-2", ANCHOR, KEY_ID, command(), toOpenSuccessor(pilotLog, "pilots-2", OPERATOR)
        );
        uint64 most = BODY_REACH + 9 + 2 - 1;
        bytes memory leaf = _leaf(most);
        _gate("approve", GROUP, most, leaf, anchored(keccak256("pilots-2"), leaf, 2, 4));
        assertEq(standing().provenCount, most + 1);
    }

    /// @dev Four billion leaves, of which nobody has seen but the last: a made-up log ends a project no sooner.
    function testCountsEndWhereTheirWordEnds() public {
        uint64 size = 1 << 32;
        bytes32[] memory left = new bytes32[](32);
        bytes memory leaf = _leaf(size - 1);
        IPilotLifecycle.Inclusion memory inclusion = _lastOf(pilotLog, leaf, size, left);
        vm.expectRevert(abi.encodeWithSelector(IPilotLifecycle.PilotLeaf.selector));
        lifecycle.seal(PROJECT, inclusion); // a count has 32 bits

        pilotLog = open("pilots-b");
        IPilotLifecycle.Opening memory o = opening(activate(table));
        o.project = bytes16(uint128(6));
        lifecycle.open(o, evidence(), toOpenPilot(o, evidence(), OPERATOR));
        leaf = _leaf(size - 2);
        lifecycle.seal(o.project, _lastOf(pilotLog, leaf, size, left));
        assertEq(lifecycle.project(o.project).provenCount, size - 1);
        IPilotLifecycle.Step memory next = IPilotLifecycle.Step(o.project, "decide", 0, size - 1);
        Authorisation memory auth = toStep(next, evidence(), GROUP);
        vm.expectRevert(abi.encodeWithSelector(IPilotLifecycle.PilotAhead.selector, size - 1, size - 1));
        lifecycle.step(next, evidence(), auth);
        next.seq = 1;
        lifecycle.step(next, evidence(), toStep(next, evidence(), GROUP));
    }

    function testFuzzWhateverTheLeadSignsTheBodiesGoOn(uint64 seq, uint64[8] memory later) public {
        IPilotLifecycle.Step memory next = IPilotLifecycle.Step(PROJECT, "go", 0, seq);
        Authorisation memory auth = toStep(next, evidence(), OPERATOR);
        try lifecycle.step(next, evidence(), auth) {} catch {}
        for (uint256 i = 0; i < later.length; ++i) {
            next.seq = later[i];
            auth = toStep(next, evidence(), OPERATOR);
            try lifecycle.step(next, evidence(), auth) {} catch {}
        }
        uint64 free = standing().stepCount;
        _step("decide", GROUP, free);
        bytes memory leaf = _leaf(free + 1);
        _gate("approve", GROUP, free + 1, leaf, _anchored(leaf, 0, 1));
    }

    // ---- helpers

    function _step(string memory action, uint256 signer, uint64 seq) private {
        IPilotLifecycle.Step memory next = IPilotLifecycle.Step(PROJECT, action, 0, seq);
        lifecycle.step(next, evidence(), toStep(next, evidence(), signer));
    }

    function _refuseAhead(string memory action, uint256 signer, uint64 seq, uint64 limit) private {
        IPilotLifecycle.Step memory next = IPilotLifecycle.Step(PROJECT, action, 0, seq);
        Authorisation memory auth = toStep(next, evidence(), signer);
        vm.expectRevert(abi.encodeWithSelector(IPilotLifecycle.PilotAhead.selector, seq, limit));
        lifecycle.step(next, evidence(), auth);
    }

    function _gate(
        string memory action,
        uint256 signer,
        uint64 seq,
        bytes memory leaf,
        IPilotLifecycle.Inclusion memory inclusion
    ) private {
        IPilotLifecycle.Step memory next = IPilotLifecycle.Step(PROJECT, action, 0, seq);
        IInstitutionRegistry.Evidence memory e = IInstitutionRegistry.Evidence(COMMITMENT, hashOf(leaf));
        lifecycle.gate(next, e, toStep(next, e, signer), inclusion);
    }

    function _refuseProof(uint64 seq, bytes memory leaf, IPilotLifecycle.Inclusion memory inclusion) private {
        IPilotLifecycle.Step memory next = IPilotLifecycle.Step(PROJECT, "approve", 0, seq);
        IInstitutionRegistry.Evidence memory e = IInstitutionRegistry.Evidence(COMMITMENT, hashOf(leaf));
        Authorisation memory auth = toStep(next, e, GROUP);
        vm.expectRevert(abi.encodeWithSelector(IPilotLifecycle.PilotLeaf.selector));
        lifecycle.gate(next, e, auth, inclusion);
    }

    /// @dev The last leaf of a full tree: all its siblings are on the left.
    function _lastOf(bytes32 log, bytes memory leaf, uint64 size, bytes32[] memory left)
        private
        returns (IPilotLifecycle.Inclusion memory)
    {
        bytes32 root = hashOf(leaf);
        for (uint256 i = 0; i < left.length; ++i) root = sha256(abi.encodePacked(uint8(1), left[i], root));
        append(log, size, root, new bytes32[](0));
        return IPilotLifecycle.Inclusion(log, leaf, size - 1, left);
    }

    function _leaf(uint64 seq) private pure returns (bytes memory) {
        return leafOf(0x0301, 1, STREAM, seq, COMMITMENT);
    }

    function _anchored(bytes memory leaf, uint64 index, uint64 size)
        private
        returns (IPilotLifecycle.Inclusion memory)
    {
        return anchored(pilotLog, leaf, index, size);
    }
}
