// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Authorisation, IAuthorised} from "./IAuthorised.sol";

/// @title EIP-712 authorisations with unordered nonces, for EOAs and contract wallets
abstract contract Authorised is IAuthorised, EIP712 {
    mapping(address signer => mapping(uint256 word => uint256 bits)) private _used;

    /// @inheritdoc IAuthorised
    function cancelNonces(uint256 word, uint256 mask) external {
        _used[msg.sender][word] |= mask;
        emit NoncesCancelled(msg.sender, word, mask);
    }

    /// @inheritdoc IAuthorised
    function usedNonces(address signer, uint256 word) external view returns (uint256 bits) {
        return _used[signer][word];
    }

    /// @notice Uses up `auth` for one action, or reverts. Whether the signer is competent is for the caller to say.
    /// @param action EIP-712 type hash of the action's struct, which ends in `uint256 nonce,uint64 deadline`
    /// @param fields EIP-712 encoding of the members before these two: one word each, a string as its keccak256
    function _authorise(bytes32 action, bytes memory fields, Authorisation calldata auth) internal {
        if (block.timestamp > auth.deadline) revert AuthorisationExpired(auth.deadline, block.timestamp);
        _useNonce(auth.signer, auth.nonce);
        bytes32 message = keccak256(abi.encodePacked(action, fields, auth.nonce, uint256(auth.deadline)));
        if (!SignatureChecker.isValidSignatureNowCalldata(auth.signer, _hashTypedDataV4(message), auth.signature)) {
            revert AuthorisationInvalid(auth.signer);
        }
        emit Authorised(auth.signer, action, auth.nonce);
    }

    function _useNonce(address signer, uint256 nonce) private {
        mapping(uint256 word => uint256 bits) storage words = _used[signer];
        uint256 bit = 1 << (nonce & 0xff);
        uint256 bits = words[nonce >> 8];
        if (bits & bit != 0) revert AuthorisationUsed(signer, nonce);
        words[nonce >> 8] = bits | bit;
    }
}
