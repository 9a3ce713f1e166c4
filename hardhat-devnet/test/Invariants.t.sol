// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IEvidenceLog} from "../contracts/evidence/IEvidenceLog.sol";
import {IInstitutionRegistry} from "../contracts/identity/IInstitutionRegistry.sol";
import {Actors} from "./support/Actors.sol";
import {Base} from "./support/Base.sol";
import {Tree} from "./support/Tree.sol";

contract InvariantsTest is Base {
    Actors private actors;
    IInstitutionRegistry private registry;
    IEvidenceLog private evidenceLog;

    function setUp() public {
        actors = new Actors();
        (registry, evidenceLog) = actors.contracts();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(actors);
    }

    /// @dev The history only ever grows, so its root at the stored size says that each stored head extends the one before.
    function invariantAStoredHeadExtendsThePreviousOne() public view {
        for (uint256 i = 0; i < actors.logCount(); ++i) {
            bytes32 log = actors.logs(i);
            IEvidenceLog.Log memory stored = evidenceLog.logOf(log);
            bytes32[] memory leaves = actors.history(log);
            assertEq(stored.size, leaves.length);
            assertEq(stored.root, leaves.length == 0 ? bytes32(0) : Tree.root(leaves, 0, leaves.length));
        }
    }

    function invariantOnlyTheCompetentActAndNothingServesTwice() public view {
        assertTrue(bytes(actors.violation()).length == 0, actors.violation());
    }

    function invariantAFrozenLogNeverChanges() public view {
        for (uint256 i = 0; i < actors.logCount(); ++i) {
            bytes32 frozen = actors.frozenAs(actors.logs(i));
            if (frozen != 0) assertEq(actors.fingerprint(actors.logs(i)), frozen);
        }
    }

    function invariantKeyRangesFollowOneAnother() public view {
        for (uint256 i = 0; i < actors.logCount(); ++i) {
            bytes32 log = actors.logs(i);
            IEvidenceLog.Log memory stored = evidenceLog.logOf(log);
            uint64 from = 0;
            for (uint32 index = 0; index <= stored.keyIndex; ++index) {
                IEvidenceLog.KeyRange memory range = evidenceLog.keyRange(log, index);
                assertTrue(index == 0 ? range.fromSize == 0 : range.fromSize > 0 && range.fromSize >= from, "order");
                from = range.fromSize;
            }
            assertTrue(from <= stored.size + 1, "range of the future");
            assertEq(evidenceLog.keyRange(log, stored.keyIndex).anchor, stored.anchor);
            assertEq(evidenceLog.keyRange(log, stored.keyIndex + 1).anchor, address(0));
            assertEq(stored.anchor, actors.anchorOf(log));
        }
    }

    function invariantSuccessorsAreLinkedBothWays() public view {
        for (uint256 i = 0; i < actors.logCount(); ++i) {
            bytes32 log = actors.logs(i);
            IEvidenceLog.Log memory stored = evidenceLog.logOf(log);
            if (stored.successor != 0) assertEq(evidenceLog.logOf(stored.successor).predecessor, log);
            if (stored.predecessor != 0) assertEq(evidenceLog.logOf(stored.predecessor).successor, log);
            assertTrue(stored.successor == 0 || stored.state == IEvidenceLog.State.Frozen, "successor of an open log");
        }
    }

    function invariantTheDeployerHoldsNothing() public view {
        assertTrue(registry.root() != address(actors), "root");
        assertTrue(registry.regionalAuthority(440300) != address(actors), "authority");
        assertTrue(registry.regionalAuthority(440100) != address(actors), "authority");
    }

    /// @dev An invariant that no act reaches would hold for nothing.
    function testTheActorsReachEveryAct() public {
        for (uint256 i = 0; i < 1500; ++i) _random(uint256(keccak256(abi.encode(i))));
        string[11] memory acts = [
            "register", "setStatus", "replaceAuthority", "grantRole", "propose", "activate", "open", "append", "rotate",
            "freeze", "succeed"
        ];
        for (uint256 i = 0; i < acts.length; ++i) assertTrue(actors.accepted(acts[i]) > 0, acts[i]);
        invariantAStoredHeadExtendsThePreviousOne();
        invariantOnlyTheCompetentActAndNothingServesTwice();
        invariantAFrozenLogNeverChanges();
        invariantKeyRangesFollowOneAnother();
        invariantSuccessorsAreLinkedBothWays();
    }

    function _random(uint256 seed) private {
        uint256 act = seed % 12;
        (uint256 a, uint256 b, uint256 c) = ((seed >> 16) & 0xffff, (seed >> 32) & 0xffff, (seed >> 48) & 0xffff);
        if (act == 0) actors.registerInstitution(a, b, c);
        if (act == 1) actors.setInstitutionStatus(a, uint8(b), c);
        if (act == 2) actors.replaceInstitutionAuthority(a, b, c);
        if (act == 3) actors.grantRole(a, b, c);
        if (act == 4) actors.replaceRegionalAuthority(a, b, c);
        if (act == 5) actors.openLog(a, b);
        if (act == 6) actors.appendHonestly(a, b);
        if (act == 7) actors.appendForged(a, b, c);
        if (act == 8) actors.rotateLog(a, b, c);
        if (act == 9) actors.freezeLog(a, b);
        if (act == 10) actors.openSuccessor(a, b);
        if (act == 11) actors.replay(a);
    }
}
