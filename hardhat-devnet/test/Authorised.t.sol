// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Authorisation, IAuthorised} from "../contracts/identity/IAuthorised.sol";
import {AuthorisedHarness} from "./support/AuthorisedHarness.sol";
import {Parties} from "./support/Parties.sol";
import {DeafWallet, Wallet} from "./support/Wallets.sol";

contract AuthorisedTest is Parties {
    string private constant ACT = "Act(bytes32 value,uint256 nonce,uint64 deadline)";
    string private constant NAME = "regseal AuthorisedHarness";
    bytes32 private constant VALUE = bytes32(uint256(42));

    AuthorisedHarness private harness;

    function setUp() public {
        vm.warp(NOW);
        harness = new AuthorisedHarness();
    }

    function testAValidAuthorisationServesOnceAndSaysSo() public {
        Authorisation memory auth = _auth(OPERATOR);
        vm.expectEmit(address(harness));
        emit IAuthorised.Authorised(vm.addr(OPERATOR), keccak256(bytes(ACT)), auth.nonce);
        harness.actFor(VALUE, auth);
        vm.expectRevert(abi.encodeWithSelector(IAuthorised.AuthorisationUsed.selector, auth.signer, auth.nonce));
        harness.actFor(VALUE, auth);
    }

    function testFuzzNoncesAreUnordered(uint256 first, uint256 second) public {
        vm.assume(first != second);
        harness.actFor(VALUE, _authWith(OPERATOR, first, NOW));
        harness.actFor(VALUE, _authWith(OPERATOR, second, NOW));
        uint256 bits = harness.usedNonces(vm.addr(OPERATOR), first >> 8);
        assertTrue(bits & (1 << (first & 0xff)) != 0, "used");
        assertEq(harness.usedNonces(vm.addr(STRANGER), first >> 8), 0);
    }

    function testTheDeadlineIsInclusive() public {
        Authorisation memory last = _authWith(OPERATOR, 1, NOW);
        Authorisation memory late = _authWith(OPERATOR, 2, NOW);
        harness.actFor(VALUE, last);
        vm.warp(NOW + 1);
        vm.expectRevert(abi.encodeWithSelector(IAuthorised.AuthorisationExpired.selector, NOW, NOW + 1));
        harness.actFor(VALUE, late);
    }

    function testACancelledNonceIsUsed() public {
        Authorisation memory auth = _authWith(OPERATOR, (7 << 8) | 3, NOW);
        vm.expectEmit(address(harness));
        emit IAuthorised.NoncesCancelled(vm.addr(OPERATOR), 7, 1 << 3);
        vm.prank(vm.addr(OPERATOR));
        harness.cancelNonces(7, 1 << 3);
        vm.expectRevert(abi.encodeWithSelector(IAuthorised.AuthorisationUsed.selector, auth.signer, auth.nonce));
        harness.actFor(VALUE, auth);
    }

    function testNobodyCancelsForAnother() public {
        Authorisation memory auth = _authWith(OPERATOR, (7 << 8) | 3, NOW);
        vm.prank(vm.addr(STRANGER));
        harness.cancelNonces(7, type(uint256).max);
        harness.actFor(VALUE, auth);
    }

    function testCancellingKeepsWhatWasUsed() public {
        Authorisation memory auth = _authWith(OPERATOR, 5, NOW);
        harness.actFor(VALUE, auth);
        vm.prank(vm.addr(OPERATOR));
        harness.cancelNonces(0, 0);
        assertEq(harness.usedNonces(vm.addr(OPERATOR), 0), 1 << 5);
    }

    function testFuzzAnyChangeInvalidates(uint8 what) public {
        Authorisation memory auth = _auth(OPERATOR);
        bytes32 value = VALUE;
        what = what % 5;
        if (what == 0) value = bytes32(uint256(43));
        if (what == 1) auth.nonce += 1;
        if (what == 2) auth.deadline += 1;
        if (what == 3) auth.signer = vm.addr(STRANGER);
        if (what == 4) auth.signature[0] ^= 0x01;
        _expectInvalid(auth.signer);
        harness.actFor(value, auth);
    }

    function testAnEmptyOrCompactSignatureIsRefused() public {
        Authorisation memory auth = _auth(OPERATOR);
        bytes memory whole = auth.signature;
        auth.signature = "";
        _expectInvalid(auth.signer);
        harness.actFor(VALUE, auth);
        auth.signature = new bytes(64);
        for (uint256 i = 0; i < 64; ++i) auth.signature[i] = whole[i];
        _expectInvalid(auth.signer);
        harness.actFor(VALUE, auth);
    }

    /// @dev (r, n - s, v ^ 1) is the same signature in other bytes; it must not serve as a second one.
    function testAMalleatedSignatureIsRefused() public {
        Authorisation memory auth = _auth(OPERATOR);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(
            OPERATOR, digest(block.chainid, address(harness), NAME, ACT, abi.encode(VALUE), auth)
        );
        uint256 order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
        auth.signature = abi.encodePacked(r, order - uint256(s), v == 27 ? uint8(28) : uint8(27));
        _expectInvalid(auth.signer);
        harness.actFor(VALUE, auth);
    }

    function testNobodySignsForTheZeroAddress() public {
        Authorisation memory auth = Authorisation(address(0), 1, NOW, new bytes(65));
        _expectInvalid(address(0));
        harness.actFor(VALUE, auth);
    }

    function testFuzzAnotherChainRefuses(uint64 chainId) public {
        vm.assume(chainId != block.chainid && chainId != 0);
        Authorisation memory auth = _auth(OPERATOR);
        vm.chainId(chainId);
        _expectInvalid(auth.signer);
        harness.actFor(VALUE, auth);
    }

    function testAfterAForkTheNewChainIdCounts() public {
        vm.chainId(4242);
        harness.actFor(VALUE, _auth(OPERATOR));
    }

    function testAnotherContractRefuses() public {
        Authorisation memory auth = _auth(OPERATOR);
        AuthorisedHarness twin = new AuthorisedHarness();
        _expectInvalid(auth.signer);
        twin.actFor(VALUE, auth);
    }

    function testAContractWalletSigns() public {
        Wallet wallet = new Wallet(vm.addr(OPERATOR));
        Authorisation memory auth = _auth(OPERATOR);
        auth.signer = address(wallet);
        vm.expectEmit(address(harness));
        emit IAuthorised.Authorised(address(wallet), keccak256(bytes(ACT)), auth.nonce);
        harness.actFor(VALUE, auth);
        assertEq(harness.usedNonces(address(wallet), 0), 1);
    }

    function testAContractWalletRefuses() public {
        Wallet wallet = new Wallet(vm.addr(OPERATOR));
        Authorisation memory auth = _auth(STRANGER);
        auth.signer = address(wallet);
        _expectInvalid(address(wallet));
        harness.actFor(VALUE, auth);
    }

    function testAContractWithoutAnAnswerDoesNotSign() public {
        Authorisation memory auth = _auth(OPERATOR);
        auth.signer = address(new DeafWallet());
        _expectInvalid(auth.signer);
        harness.actFor(VALUE, auth);
        auth.signer = address(harness);
        _expectInvalid(auth.signer);
        harness.actFor(VALUE, auth);
    }

    function _auth(uint256 key) private returns (Authorisation memory) {
        return authorise(address(harness), NAME, ACT, abi.encode(VALUE), key);
    }

    function _authWith(uint256 key, uint256 nonce, uint64 deadline) private view returns (Authorisation memory auth) {
        auth = Authorisation(vm.addr(key), nonce, deadline, "");
        auth.signature = signature(digest(block.chainid, address(harness), NAME, ACT, abi.encode(VALUE), auth), key);
    }

    function _expectInvalid(address signer) private {
        vm.expectRevert(abi.encodeWithSelector(IAuthorised.AuthorisationInvalid.selector, signer));
    }
}
