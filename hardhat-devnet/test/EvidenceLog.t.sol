// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {EvidenceLog} from "../contracts/evidence/EvidenceLog.sol";
import {IEvidenceLog} from "../contracts/evidence/IEvidenceLog.sol";
import {Authorisation, IAuthorised} from "../contracts/identity/IAuthorised.sol";
import {IInstitutionRegistry} from "../contracts/identity/IInstitutionRegistry.sol";
import {Parties} from "./support/Parties.sol";
import {EvenTree, Tree} from "./support/Tree.sol";

contract EvidenceLogTest is Parties {
    string private constant ORIGIN = "regseal.example/440300/records";
    string private constant NEXT = "regseal.example/440300/records-2";
    bytes32 private constant UNKNOWN = keccak256("unknown");

    function setUp() public {
        found();
    }

    // ---- opening

    function testAnOwnersAuthorityOpensALog() public {
        vm.expectEmit(address(evidenceLog));
        emit IEvidenceLog.LogOpened(
            keccak256(bytes(ORIGIN)), INSTITUTION, ORIGIN, ANCHOR, KEY_ID, command().commitment, command().leaf
        );
        bytes32 log = open(ORIGIN);
        assertEq(log, evidenceLog.logId(ORIGIN));
        IEvidenceLog.Log memory opened = evidenceLog.logOf(log);
        assertEq(bytes32(opened.owner), bytes32(INSTITUTION));
        assertEq(uint8(opened.state), uint8(IEvidenceLog.State.Open));
        assertEq(opened.anchor, ANCHOR);
        assertEq(uint256(opened.size) + opened.keyIndex, 0);
        assertEq(opened.root | opened.predecessor | opened.successor, 0);
        _assertRange(log, 0, 0, ANCHOR, KEY_ID);
        assertEq(address(evidenceLog.registry()), address(registry));
    }

    function testOnlyAnActiveOwnersAuthorityOpens() public {
        _refuseOpening(INSTITUTION, OTHER_OPERATOR);
        _refuseOpening(INSTITUTION, SHENZHEN);
        _refuseOpening(bytes16(uint128(0x77)), OPERATOR);
        setStatus(INSTITUTION, IInstitutionRegistry.Status.Suspended, SHENZHEN);
        _refuseOpening(INSTITUTION, OPERATOR);
        setStatus(INSTITUTION, IInstitutionRegistry.Status.Exited, SHENZHEN);
        _refuseOpening(INSTITUTION, OPERATOR);
    }

    function testAnOriginOpensOnce() public {
        bytes32 log = open(ORIGIN);
        bytes memory exists = abi.encodeWithSelector(IEvidenceLog.LogExists.selector, log);
        _refuseOrigin(ORIGIN, exists);
        freeze(log, OPERATOR);
        _refuseOrigin(ORIGIN, exists);
    }

    function testALogNeedsAnAnchorAKeyAndEvidence() public {
        bytes memory zero = abi.encodeWithSelector(IEvidenceLog.LogZero.selector);
        for (uint256 i = 0; i < 4; ++i) {
            address anchor = i == 0 ? address(0) : ANCHOR;
            bytes32 keyId = i == 1 ? bytes32(0) : KEY_ID;
            IEvidenceLog.Command memory given = command();
            if (i == 2) given.commitment = 0;
            if (i == 3) given.leaf = 0;
            Authorisation memory auth = onLog(
                "OpenLog(string origin,bytes16 owner,address anchor,bytes32 keyId,bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)",
                abi.encode(keccak256(bytes(ORIGIN)), INSTITUTION, anchor, keyId, given),
                OPERATOR
            );
            vm.expectRevert(zero);
            evidenceLog.open(ORIGIN, INSTITUTION, anchor, keyId, given, auth);
        }
    }

    function testGoodOrigins() public {
        open("a");
        open("regseal.example");
        open("-.0/_");
        open("a/b/c.d_e-f");
        open(_long(128));
    }

    function testBadOrigins() public {
        string[14] memory bad = [
            "", "/", "a/", "/a", "a//b", "A", "a/B", "https://regseal.example", "a_b", "a b", "a/b c", "a@b", unicode"名",
            _long(129)
        ];
        for (uint256 i = 0; i < bad.length; ++i) {
            _refuseOrigin(bad[i], abi.encodeWithSelector(IEvidenceLog.LogOrigin.selector));
        }
    }

    function testFuzzOneStrangeCharacterSpoilsAnOrigin(uint8 character) public {
        bytes memory origin = bytes("a/bc");
        origin[3] = bytes1(character);
        bool good = (character >= 0x61 && character <= 0x7a) || (character >= 0x30 && character <= 0x39)
            || character == 0x2d || character == 0x2e || character == 0x5f;
        if (good) open(string(origin));
        else _refuseOrigin(string(origin), abi.encodeWithSelector(IEvidenceLog.LogOrigin.selector));
    }

    function testTheRegistryMustBeAContract() public {
        vm.expectRevert(abi.encodeWithSelector(IEvidenceLog.LogZero.selector));
        new EvidenceLog(IInstitutionRegistry(address(0xdead)));
    }

    // ---- heads

    function testHeadsExtendOneAnother() public {
        bytes32 log = open(ORIGIN);
        uint64[5] memory sizes = [uint64(3), 4, 11, 990_000, 1_000_000];
        uint64 previous = 0;
        for (uint256 i = 0; i < sizes.length; ++i) {
            bytes32[] memory proof = previous == 0 ? new bytes32[](0) : EvenTree.consistency(previous, sizes[i]);
            vm.expectEmit(address(evidenceLog));
            emit IEvidenceLog.HeadAnchored(log, sizes[i], EvenTree.root(sizes[i]), previous);
            append(log, sizes[i], EvenTree.root(sizes[i]), proof);
            previous = sizes[i];
            assertEq(evidenceLog.logOf(log).size, previous);
            assertEq(evidenceLog.logOf(log).root, EvenTree.root(previous));
        }
    }

    function testWrongHeadsAreRefused() public {
        bytes32 log = open(ORIGIN);
        bytes32[] memory none = new bytes32[](0);
        bytes memory inconsistent = abi.encodeWithSelector(IEvidenceLog.LogInconsistent.selector, log);
        _refuseHead(log, 5, EvenTree.root(5), new bytes32[](1), inconsistent);
        _refuseHead(log, 0, sha256(""), none, _notLarger(0, 0));
        _refuseHead(log, 5, 0, none, abi.encodeWithSelector(IEvidenceLog.LogZero.selector));
        append(log, 5, EvenTree.root(5), none);
        bytes32[] memory proof = EvenTree.consistency(5, 9);
        _refuseHead(log, 4, EvenTree.root(4), none, _notLarger(5, 4));
        _refuseHead(log, 5, EvenTree.root(5), none, _notLarger(5, 5));
        _refuseHead(log, 5, EvenTree.root(6), none, _notLarger(5, 5));
        _refuseHead(log, 9, EvenTree.root(9), none, inconsistent);
        _refuseHead(log, 9, EvenTree.root(10), proof, inconsistent);
        _refuseHead(log, 9, EvenTree.root(9), Tree.concat(proof, EvenTree.LEAF), inconsistent);
        append(log, 9, EvenTree.root(9), proof);
        _refuseHead(log, 9, EvenTree.root(9), proof, _notLarger(9, 9));
    }

    function testFuzzOnlyTheAnchorAppends(address sender) public {
        vm.assume(sender != ANCHOR);
        bytes32 log = open(ORIGIN);
        vm.expectRevert(abi.encodeWithSelector(IEvidenceLog.LogNotAnchor.selector, log, sender));
        vm.prank(sender);
        evidenceLog.append(log, 1, EvenTree.root(1), new bytes32[](0));
    }

    function testAnUnknownLogTakesNothing() public {
        bytes memory unknown = abi.encodeWithSelector(IEvidenceLog.LogUnknown.selector, UNKNOWN);
        _refuseHead(UNKNOWN, 1, EvenTree.root(1), new bytes32[](0), unknown);
        _refuseRotation(UNKNOWN, OPERATOR, unknown);
        _refuseFreeze(UNKNOWN, OPERATOR, unknown);
        _refuseSuccessor(UNKNOWN, NEXT, OPERATOR, unknown);
        vm.expectRevert(unknown);
        evidenceLog.verifyInclusion(UNKNOWN, new bytes(104), 0, new bytes32[](0));
        assertEq(uint8(evidenceLog.logOf(UNKNOWN).state), uint8(IEvidenceLog.State.None));
        _assertRange(UNKNOWN, 0, 0, address(0), 0);
    }

    // ---- rotation

    function testRotationChangesTheKeysOfLargerHeads() public {
        bytes32 log = open(ORIGIN);
        append(log, 5, EvenTree.root(5), new bytes32[](0));
        address anchor = address(0xbeef);
        bytes32 keyId = bytes32(uint256(2));
        Authorisation memory auth = toRotate(log, anchor, keyId, OPERATOR);
        vm.expectEmit(address(evidenceLog));
        emit IEvidenceLog.LogRotated(log, 6, anchor, keyId, command().commitment, command().leaf);
        evidenceLog.rotate(log, anchor, keyId, command(), auth);

        assertEq(evidenceLog.logOf(log).keyIndex, 1);
        assertEq(evidenceLog.logOf(log).root, EvenTree.root(5));
        _assertRange(log, 0, 0, ANCHOR, KEY_ID);
        _assertRange(log, 1, 6, anchor, keyId);
        _refuseHead(log, 6, EvenTree.root(6), EvenTree.consistency(5, 6),
            abi.encodeWithSelector(IEvidenceLog.LogNotAnchor.selector, log, ANCHOR));
        (bytes32 root, bytes32[] memory proof) = (EvenTree.root(6), EvenTree.consistency(5, 6));
        vm.prank(anchor);
        evidenceLog.append(log, 6, root, proof);
    }

    function testOnlyAnActiveOwnersAuthorityRotates() public {
        bytes32 log = open(ORIGIN);
        _refuseRotation(log, OTHER_OPERATOR, _notOwner(log, OTHER_OPERATOR));
        _refuseRotation(log, SHENZHEN, _notOwner(log, SHENZHEN));
        setStatus(INSTITUTION, IInstitutionRegistry.Status.Suspended, SHENZHEN);
        _refuseRotation(log, OPERATOR, _notOwner(log, OPERATOR));
    }

    function testRotationNeedsAnAnchorAndAKey() public {
        bytes32 log = open(ORIGIN);
        Authorisation memory auth = toRotate(log, ANCHOR, 0, OPERATOR);
        vm.expectRevert(abi.encodeWithSelector(IEvidenceLog.LogZero.selector));
        evidenceLog.rotate(log, ANCHOR, 0, command(), auth);
    }

    function testANewAuthorityOfTheOwnerRotates() public {
        bytes32 log = open(ORIGIN);
        address next = vm.addr(STRANGER);
        registry.replaceAuthority(INSTITUTION, next, evidence(), toReplaceAuthority(INSTITUTION, next, SHENZHEN));
        _refuseRotation(log, OPERATOR, _notOwner(log, OPERATOR));
        evidenceLog.rotate(log, ANCHOR, KEY_ID, command(), toRotate(log, ANCHOR, KEY_ID, STRANGER));
    }

    // ---- freeze

    function testAFrozenLogStaysAsItIs() public {
        bytes32 log = open(ORIGIN);
        append(log, 5, EvenTree.root(5), new bytes32[](0));
        Authorisation memory auth = toFreeze(log, OPERATOR);
        vm.expectEmit(address(evidenceLog));
        emit IEvidenceLog.LogFrozen(log, 5, EvenTree.root(5), command().commitment, command().leaf);
        evidenceLog.freeze(log, command(), auth);
        bytes memory frozen = abi.encodeWithSelector(IEvidenceLog.LogIsFrozen.selector, log);
        _refuseHead(log, 6, EvenTree.root(6), EvenTree.consistency(5, 6), frozen);
        _refuseRotation(log, OPERATOR, frozen);
        _refuseFreeze(log, OPERATOR, frozen);
        assertEq(evidenceLog.logOf(log).root, EvenTree.root(5));
    }

    function testTheAuthorityOfTheOwnersRegionFreezes() public {
        bytes32 log = open(ORIGIN);
        _refuseFreeze(log, GUANGZHOU, _notOwner(log, GUANGZHOU));
        _refuseFreeze(log, OTHER_OPERATOR, _notOwner(log, OTHER_OPERATOR));
        _refuseFreeze(log, ROOT, _notOwner(log, ROOT));
        freeze(log, SHENZHEN);
    }

    function testASuspendedOrExitedOwnerStillFreezes() public {
        bytes32 first = open(ORIGIN);
        bytes32 second = open(NEXT);
        setStatus(INSTITUTION, IInstitutionRegistry.Status.Suspended, SHENZHEN);
        freeze(first, OPERATOR);
        setStatus(INSTITUTION, IInstitutionRegistry.Status.Exited, SHENZHEN);
        freeze(second, OPERATOR);
    }

    function testAFreezeNeedsEvidence() public {
        bytes32 log = open(ORIGIN);
        for (uint256 i = 1; i < 3; ++i) {
            IEvidenceLog.Command memory given = IEvidenceLog.Command(bytes32(i & 1), bytes32(i >> 1));
            Authorisation memory auth = onLog(
                "FreezeLog(bytes32 log,bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)",
                abi.encode(log, given),
                OPERATOR
            );
            vm.expectRevert(abi.encodeWithSelector(IEvidenceLog.LogZero.selector));
            evidenceLog.freeze(log, given, auth);
        }
    }

    // ---- succession

    function testAFrozenLogHasOneSuccessor() public {
        bytes32 log = open(ORIGIN);
        append(log, 5, EvenTree.root(5), new bytes32[](0));
        _refuseSuccessor(log, NEXT, OPERATOR, abi.encodeWithSelector(IEvidenceLog.LogNotFrozen.selector, log));
        freeze(log, OPERATOR);
        _refuseSuccessor(log, NEXT, OTHER_OPERATOR, _notOwner(log, OTHER_OPERATOR));
        _refuseSuccessor(log, NEXT, SHENZHEN, _notOwner(log, SHENZHEN));
        _refuseSuccessor(log, ORIGIN, OPERATOR, abi.encodeWithSelector(IEvidenceLog.LogExists.selector, log));
        _refuseSuccessor(log, "A", OPERATOR, abi.encodeWithSelector(IEvidenceLog.LogOrigin.selector));

        bytes32 successor = keccak256(bytes(NEXT));
        Authorisation memory auth = toOpenSuccessor(log, NEXT, OPERATOR);
        vm.expectEmit(address(evidenceLog));
        emit IAuthorised.Authorised(auth.signer, keccak256(
            "OpenSuccessor(bytes32 log,string origin,address anchor,bytes32 keyId,bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)"
        ), auth.nonce);
        vm.expectEmit(address(evidenceLog));
        emit IEvidenceLog.LogOpened(
            successor, INSTITUTION, NEXT, ANCHOR, KEY_ID, command().commitment, command().leaf
        );
        vm.expectEmit(address(evidenceLog));
        emit IEvidenceLog.SuccessorOpened(log, successor, 5, EvenTree.root(5));
        evidenceLog.openSuccessor(log, NEXT, ANCHOR, KEY_ID, command(), auth);

        assertEq(evidenceLog.logOf(log).successor, successor);
        IEvidenceLog.Log memory next = evidenceLog.logOf(successor);
        assertEq(next.predecessor, log);
        assertEq(bytes32(next.owner), bytes32(INSTITUTION));
        assertEq(next.size, 0);
        append(successor, 1, EvenTree.root(1), new bytes32[](0));
        _refuseSuccessor(log, "third", OPERATOR, abi.encodeWithSelector(IEvidenceLog.LogHasSuccessor.selector, log));
    }

    function testASuspendedOwnerOpensNoSuccessor() public {
        bytes32 log = open(ORIGIN);
        freeze(log, SHENZHEN);
        setStatus(INSTITUTION, IInstitutionRegistry.Status.Suspended, SHENZHEN);
        _refuseSuccessor(log, NEXT, OPERATOR, _notOwner(log, OPERATOR));
    }

    // ---- helpers

    function _long(uint256 length) private pure returns (string memory) {
        bytes memory origin = new bytes(length);
        for (uint256 i = 0; i < length; ++i) origin[i] = "a";
        return string(origin);
    }

    function _assertRange(bytes32 log, uint32 index, uint64 fromSize, address anchor, bytes32 keyId) private view {
        IEvidenceLog.KeyRange memory range = evidenceLog.keyRange(log, index);
        assertEq(range.fromSize, fromSize);
        assertEq(range.anchor, anchor);
        assertEq(range.keyId, keyId);
    }

    function _notOwner(bytes32 log, uint256 signer) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IEvidenceLog.LogNotOwner.selector, log, vm.addr(signer));
    }

    function _notLarger(uint64 size, uint64 newSize) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IEvidenceLog.LogNotLarger.selector, size, newSize);
    }

    function _refuseHead(bytes32 log, uint64 size, bytes32 root, bytes32[] memory proof, bytes memory reason) private {
        vm.expectRevert(reason);
        append(log, size, root, proof);
    }

    function _refuseOpening(bytes16 owner, uint256 signer) private {
        Authorisation memory auth = toOpen(ORIGIN, owner, ANCHOR, signer);
        vm.expectRevert(_notOwner(keccak256(bytes(ORIGIN)), signer));
        evidenceLog.open(ORIGIN, owner, ANCHOR, KEY_ID, command(), auth);
    }

    function _refuseOrigin(string memory origin, bytes memory reason) private {
        Authorisation memory auth = toOpen(origin, INSTITUTION, ANCHOR, OPERATOR);
        vm.expectRevert(reason);
        evidenceLog.open(origin, INSTITUTION, ANCHOR, KEY_ID, command(), auth);
    }

    function _refuseRotation(bytes32 log, uint256 signer, bytes memory reason) private {
        Authorisation memory auth = toRotate(log, ANCHOR, KEY_ID, signer);
        vm.expectRevert(reason);
        evidenceLog.rotate(log, ANCHOR, KEY_ID, command(), auth);
    }

    function _refuseFreeze(bytes32 log, uint256 signer, bytes memory reason) private {
        Authorisation memory auth = toFreeze(log, signer);
        vm.expectRevert(reason);
        evidenceLog.freeze(log, command(), auth);
    }

    function _refuseSuccessor(bytes32 log, string memory origin, uint256 signer, bytes memory reason) private {
        Authorisation memory auth = toOpenSuccessor(log, origin, signer);
        vm.expectRevert(reason);
        evidenceLog.openSuccessor(log, origin, ANCHOR, KEY_ID, command(), auth);
    }
}
