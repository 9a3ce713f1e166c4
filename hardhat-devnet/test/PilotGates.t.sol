// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IEvidenceLog} from "../contracts/evidence/IEvidenceLog.sol";
import {IInstitutionRegistry} from "../contracts/identity/IInstitutionRegistry.sol";
import {Authorisation} from "../contracts/identity/IAuthorised.sol";
import {IPilotLifecycle} from "../contracts/pilot/IPilotLifecycle.sol";
import {Rule} from "./support/Pilots.sol";
import {PilotTables} from "./support/PilotTables.sol";

/// @dev Steps that need their leaf under an anchored head, and `seal`.
contract PilotGatesTest is PilotTables {
    uint16 private constant STEP = 0x0301;
    uint8 private constant REQUESTED = 1;
    bytes32 private constant COMMITMENT = keccak256("commitment");
    uint8 private _projects;

    function setUp() public {
        foundTable();
        Rule memory r = rule();
        (r.body, r.gate, r.to) = (BY_GROUP, true, 2);
        add("approve", r);
        add("go", rule());
        begin();
    }

    function testAGateOpensForAnAnchoredLeafOnly() public {
        bytes memory leaf = leafOf(STEP, REQUESTED, STREAM, 3, COMMITMENT);
        IPilotLifecycle.Inclusion memory inclusion = anchored(pilotLog, leaf, 5, 9);
        IPilotLifecycle.Step memory next = IPilotLifecycle.Step(PROJECT, "approve", 0, 3);
        IInstitutionRegistry.Evidence memory e = _evidence(leaf);
        Authorisation memory auth = toStep(next, e, GROUP);
        vm.expectRevert(abi.encodeWithSelector(IPilotLifecycle.PilotNeedsProof.selector));
        lifecycle.step(next, e, auth);
        lifecycle.gate(next, e, auth, inclusion);
        IPilotLifecycle.Project memory p = standing();
        assertTrue(p.state == 2 && p.count == 4 && p.stepCount == 4 && p.lastLeaf == hashOf(leaf), "moved");
    }

    function testTheWrongBodyPassesNoGateWithAnyProof() public {
        bytes memory leaf = leafOf(STEP, REQUESTED, STREAM, 3, COMMITMENT);
        IPilotLifecycle.Inclusion memory inclusion = anchored(pilotLog, leaf, 5, 9);
        IPilotLifecycle.Step memory next = IPilotLifecycle.Step(PROJECT, "approve", 0, 3);
        IInstitutionRegistry.Evidence memory e = _evidence(leaf);
        uint256[4] memory others = [GATEWAY, OPERATOR, BUREAU, SHENZHEN];
        for (uint256 i = 0; i < others.length; ++i) {
            Authorisation memory auth = toStep(next, e, others[i]);
            vm.expectRevert(abi.encodeWithSelector(IPilotLifecycle.PilotNotBody.selector, vm.addr(others[i])));
            vm.prank(vm.addr(GATEWAY));
            lifecycle.gate(next, e, auth, inclusion);
        }
    }

    function testEachMemberOfTheLeafCounts() public {
        (bytes memory right, bytes32 log) = (leafOf(STEP, REQUESTED, STREAM, 3, COMMITMENT), pilotLog);
        _refuseLeaf(leafOf(0x0302, REQUESTED, STREAM, 3, COMMITMENT)); // a fact
        _refuseLeaf(leafOf(0x0201, REQUESTED, STREAM, 3, COMMITMENT));
        _refuseLeaf(leafOf(STEP, 2, STREAM, 3, COMMITMENT)); // an outcome
        _refuseLeaf(leafOf(STEP, 0, STREAM, 3, COMMITMENT));
        _refuseLeaf(leafOf(STEP, REQUESTED, bytes16(uint128(1)), 3, COMMITMENT)); // another project's
        _refuseLeaf(leafOf(STEP, REQUESTED, STREAM, 4, COMMITMENT));
        _refuseLeaf(leafOf(STEP, REQUESTED, STREAM, 3, keccak256("another")));
        _refuseLeaf(abi.encodePacked(right, uint8(0)));
        _refuseLeaf("");
        // the leaf is right, the evidence names another
        IPilotLifecycle.Inclusion memory inclusion = anchored(log, right, 0, 1);
        IPilotLifecycle.Step memory next = IPilotLifecycle.Step(PROJECT, "approve", 0, 3);
        IInstitutionRegistry.Evidence memory other = IInstitutionRegistry.Evidence(COMMITMENT, keccak256("other"));
        Authorisation memory auth = toStep(next, other, GROUP);
        vm.expectRevert(abi.encodeWithSelector(IPilotLifecycle.PilotLeaf.selector));
        lifecycle.gate(next, other, auth, inclusion);
        auth = toStep(next, _evidence(right), GROUP);
        lifecycle.gate(next, _evidence(right), auth, inclusion);
    }

    function testTheProofIsOneOfTheStoredHead() public {
        bytes memory leaf = leafOf(STEP, REQUESTED, STREAM, 3, COMMITMENT);
        IPilotLifecycle.Inclusion memory inclusion = anchored(pilotLog, leaf, 5, 9);
        bytes memory notIncluded = abi.encodeWithSelector(IEvidenceLog.LogNotIncluded.selector, pilotLog);
        inclusion.index = 4;
        _refuseGate(inclusion, notIncluded);
        (inclusion.index, inclusion.proof[0]) = (5, bytes32(uint256(1)));
        _refuseGate(inclusion, notIncluded);
        inclusion.leaf[0] = 0x02;
        _refuseGate(inclusion, abi.encodeWithSelector(IEvidenceLog.LogLeaf.selector));
    }

    function testOnlyTheRulebooksLogAndItsSuccessorsCount() public {
        bytes memory leaf = leafOf(STEP, REQUESTED, STREAM, 3, COMMITMENT);
        IPilotLifecycle.Inclusion memory foreign = anchored(open("foreign"), leaf, 0, 2);
        _refuseGate(foreign, abi.encodeWithSelector(IPilotLifecycle.PilotLog.selector, foreign.log));
        freeze(pilotLog, OPERATOR);
        evidenceLog.openSuccessor(
            pilotLog, "pilots-2", ANCHOR, KEY_ID, command(), toOpenSuccessor(pilotLog, "pilots-2", OPERATOR)
        );
        bytes32 second = keccak256("pilots-2");
        freeze(second, OPERATOR);
        evidenceLog.openSuccessor(
            second, "pilots-3", ANCHOR, KEY_ID, command(), toOpenSuccessor(second, "pilots-3", OPERATOR)
        );
        _refuseGate(foreign, abi.encodeWithSelector(IPilotLifecycle.PilotLog.selector, foreign.log));
        IPilotLifecycle.Inclusion memory inclusion = anchored(keccak256("pilots-3"), leaf, 1, 3);
        IPilotLifecycle.Step memory next = IPilotLifecycle.Step(PROJECT, "approve", 0, 3);
        Authorisation memory auth = toStep(next, _evidence(leaf), GROUP);
        lifecycle.gate(next, _evidence(leaf), auth, inclusion);
        assertEq(standing().state, 2);
    }

    function testAStepThatIsNoGateMayComeWithItsProof() public {
        bytes memory leaf = leafOf(STEP, REQUESTED, STREAM, 1, COMMITMENT);
        IPilotLifecycle.Inclusion memory inclusion = anchored(pilotLog, leaf, 0, 1);
        IPilotLifecycle.Step memory next = IPilotLifecycle.Step(PROJECT, "go", 0, 1);
        lifecycle.gate(next, _evidence(leaf), toStep(next, _evidence(leaf), OPERATOR), inclusion);
        assertEq(standing().lastLeaf, hashOf(leaf));
    }

    // ---- seal

    function testASealMovesTheCountAndStopsNoStep() public {
        bytes memory leaf = leafOf(0x0302, 0, STREAM, 7, COMMITMENT); // a fact
        IPilotLifecycle.Inclusion memory inclusion = anchored(pilotLog, leaf, 2, 4);
        vm.expectEmit(address(lifecycle));
        emit IPilotLifecycle.PilotSealed(PROJECT, 8, hashOf(leaf));
        vm.prank(vm.addr(STRANGER));
        lifecycle.seal(PROJECT, inclusion);
        IPilotLifecycle.Project memory p = standing();
        assertTrue(p.count == 8 && p.lastLeaf == hashOf(leaf) && p.stepCount == 1 && p.state == 1, "sealed");
        vm.expectRevert(abi.encodeWithSelector(IPilotLifecycle.PilotStale.selector, uint64(7), uint64(8)));
        lifecycle.seal(PROJECT, inclusion);
        step("go", 0, OPERATOR); // with seq 1, below what was sealed
        p = standing();
        assertTrue(p.count == 8 && p.lastLeaf == hashOf(leaf) && p.stepCount == 2, "still sealed");
        IPilotLifecycle.Step memory next = IPilotLifecycle.Step(PROJECT, "go", 0, 8);
        lifecycle.step(next, evidence(), toStep(next, evidence(), OPERATOR));
        p = standing();
        assertTrue(p.count == 9 && p.lastLeaf == evidence().leaf && p.stepCount == 9, "beyond the seal");
    }

    function testASealNeedsALaterLeafOfTheProjectInItsLog() public {
        bytes memory leaf = leafOf(0x0302, 0, STREAM, 0, COMMITMENT);
        IPilotLifecycle.Inclusion memory inclusion = anchored(pilotLog, leaf, 2, 4);
        _refuseSeal(PROJECT, inclusion, abi.encodeWithSelector(IPilotLifecycle.PilotStale.selector, uint64(0), uint64(1)));
        bytes16 unknown = bytes16(uint128(3));
        _refuseSeal(unknown, inclusion, abi.encodeWithSelector(IPilotLifecycle.PilotUnknown.selector, unknown));
        inclusion.proof[0] = 0;
        _refuseSeal(PROJECT, inclusion, abi.encodeWithSelector(IEvidenceLog.LogNotIncluded.selector, pilotLog));
        inclusion.log = open("foreign");
        _refuseSeal(PROJECT, inclusion, abi.encodeWithSelector(IPilotLifecycle.PilotLog.selector, inclusion.log));
        inclusion.leaf = leafOf(0x0302, 0, bytes16(uint128(1)), 5, COMMITMENT);
        _refuseSeal(PROJECT, inclusion, abi.encodeWithSelector(IPilotLifecycle.PilotLeaf.selector));
        inclusion.leaf = "";
        _refuseSeal(PROJECT, inclusion, abi.encodeWithSelector(IPilotLifecycle.PilotLeaf.selector));
    }

    // ---- helpers

    function _evidence(bytes memory leaf) private pure returns (IInstitutionRegistry.Evidence memory) {
        return IInstitutionRegistry.Evidence(COMMITMENT, hashOf(leaf));
    }

    /// @dev The leaf stands alone under the head of a project's own log, so it is its content that is refused.
    function _refuseLeaf(bytes memory leaf) private {
        uint8 number = ++_projects;
        string memory origin = string(abi.encodePacked("log/", bytes1(0x60 + number)));
        pilotLog = open(origin);
        if (leaf.length == 104) append(pilotLog, 1, hashOf(leaf), new bytes32[](0));
        IPilotLifecycle.Opening memory o = opening(activate(table));
        o.project = bytes16(uint128(number));
        lifecycle.open(o, evidence(), toOpenPilot(o, evidence(), OPERATOR));
        IPilotLifecycle.Inclusion memory inclusion = IPilotLifecycle.Inclusion(pilotLog, leaf, 0, new bytes32[](0));
        IPilotLifecycle.Step memory next = IPilotLifecycle.Step(o.project, "approve", 0, 3);
        IInstitutionRegistry.Evidence memory e = _evidence(leaf);
        Authorisation memory auth = toStep(next, e, GROUP);
        vm.expectRevert(abi.encodeWithSelector(IPilotLifecycle.PilotLeaf.selector));
        lifecycle.gate(next, e, auth, inclusion);
    }

    function _refuseGate(IPilotLifecycle.Inclusion memory inclusion, bytes memory reason) private {
        IPilotLifecycle.Step memory next = IPilotLifecycle.Step(PROJECT, "approve", 0, 3);
        IInstitutionRegistry.Evidence memory e = _evidence(inclusion.leaf);
        Authorisation memory auth = toStep(next, e, GROUP);
        vm.expectRevert(reason);
        lifecycle.gate(next, e, auth, inclusion);
    }

    function _refuseSeal(bytes16 id, IPilotLifecycle.Inclusion memory inclusion, bytes memory reason) private {
        vm.expectRevert(reason);
        lifecycle.seal(id, inclusion);
    }
}
