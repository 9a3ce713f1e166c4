// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Authorisation} from "../contracts/identity/IAuthorised.sol";
import {Base} from "../test/support/Base.sol";
import {AuthorisedHarness} from "../test/support/AuthorisedHarness.sol";
import {Willing} from "./Stubs.sol";

/// @dev A signer's nonce serves once, whatever was used before, and no nonce hinders another or another signer's.
contract NoncesSymbolic is Base {
    AuthorisedHarness private immutable _harness = new AuthorisedHarness();
    address private immutable _signer = address(new Willing());
    address private immutable _other = address(new Willing());

    function check_aNonceServesOnce(uint256 first, uint256 second, bytes32 value) public {
        assert(_uses(_signer, first, value));
        assert(_uses(_signer, second, value) == (first != second));
        assert(_uses(_other, first, value));
        assert(!_uses(_signer, first, value));
    }

    function check_aCancelledNonceDoesNotServe(uint256 word, uint256 mask, uint256 nonce) public {
        vm.prank(_signer);
        _harness.cancelNonces(word, mask);
        bool cancelled = nonce >> 8 == word && mask >> (nonce & 0xff) & 1 == 1;
        assert(_uses(_signer, nonce, 0) == !cancelled);
        assert(!_uses(_signer, nonce, 0));
    }

    function check_afterTheDeadlineNothingServes(uint64 deadline, uint64 time, uint256 nonce) public {
        vm.warp(time);
        (bool done,) = _send(_signer, nonce, 0, deadline);
        assert(done == (time <= deadline));
    }

    function _uses(address signer, uint256 nonce, bytes32 value) private returns (bool done) {
        (done,) = _send(signer, nonce, value, type(uint64).max);
    }

    function _send(address signer, uint256 nonce, bytes32 value, uint64 deadline) private returns (bool, bytes memory) {
        Authorisation memory auth = Authorisation(signer, nonce, deadline, "");
        return address(_harness).call(abi.encodeCall(AuthorisedHarness.actFor, (value, auth)));
    }
}
