// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice A party's own signature over one action (授权). The typed data of each action ends in this nonce and deadline.
/// @param signer who signed: an account, or a contract wallet (ERC-1271)
/// @param nonce unordered: word `nonce >> 8`, bit `nonce & 255`; each bit serves once
/// @param deadline last second (Unix) at which the signature may be used
struct Authorisation {
    address signer;
    uint256 nonce;
    uint64 deadline;
    bytes signature;
}

/// @title What every contract that takes third-party authorisations offers
interface IAuthorised {
    /// @notice `signer` authorised the action whose EIP-712 type hash is `action`.
    event Authorised(address indexed signer, bytes32 indexed action, uint256 nonce);
    /// @notice `signer` made the bits of `mask` in word `word` unusable.
    event NoncesCancelled(address indexed signer, uint256 word, uint256 mask);

    error AuthorisationExpired(uint64 deadline, uint256 time);
    error AuthorisationUsed(address signer, uint256 nonce);
    error AuthorisationInvalid(address signer);

    /// @notice Takes back signatures not yet used.
    function cancelNonces(uint256 word, uint256 mask) external;

    /// @notice The used bits of one word of a signer's nonces.
    function usedNonces(address signer, uint256 word) external view returns (uint256 bits);
}
