// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Proofs of RFC 9162 §2.1 trees over SHA-256
/// @notice Sizes are below 2^64. A proof that is too long, too short or for other sizes is refused like a wrong one.
library MerkleProofs {
    /// @notice Whether the leaf stands at `index` of the tree of `size` leaves (RFC 9162 §2.1.3.2).
    /// @param proof siblings from the leaf to the root
    function isIncluded(bytes32 leafHash, uint256 index, uint256 size, bytes32 root, bytes32[] calldata proof)
        internal
        view
        returns (bool)
    {
        if (index >= size) return false;
        uint256 last = size - 1;
        bytes32 hash = leafHash;
        for (uint256 i = 0; i < proof.length; ++i) {
            if (last == 0) return false;
            if (index & 1 == 1 || index == last) {
                hash = node(proof[i], hash);
                // the right edge of the tree: levels on which this subtree has no sibling
                while (index & 1 == 0 && index != 0) (index, last) = (index >> 1, last >> 1);
            } else {
                hash = node(hash, proof[i]);
            }
            (index, last) = (index >> 1, last >> 1);
        }
        return last == 0 && hash == root;
    }

    /// @notice Whether the tree (`newSize`, `newRoot`) extends the tree (`oldSize`, `oldRoot`) (RFC 9162 §2.1.4.2).
    /// @dev Every tree extends the empty one and itself, by an empty proof.
    function isConsistent(
        uint256 oldSize,
        bytes32 oldRoot,
        uint256 newSize,
        bytes32 newRoot,
        bytes32[] calldata proof
    ) internal view returns (bool) {
        if (oldSize >= newSize) return oldSize == newSize && oldRoot == newRoot && proof.length == 0;
        if (oldSize == 0) return proof.length == 0;

        // An old tree that is complete is itself the first node of the path; it is not repeated in the proof.
        bool complete = oldSize & (oldSize - 1) == 0;
        if (!complete && proof.length == 0) return false;
        bytes32 oldHash = complete ? oldRoot : proof[0];
        bytes32 newHash = oldHash;

        (uint256 index, uint256 last) = (oldSize - 1, newSize - 1);
        while (index & 1 == 1) (index, last) = (index >> 1, last >> 1);
        for (uint256 i = complete ? 0 : 1; i < proof.length; ++i) {
            if (last == 0) return false;
            bytes32 sibling = proof[i];
            if (index & 1 == 1 || index == last) {
                oldHash = node(sibling, oldHash);
                newHash = node(sibling, newHash);
                while (index & 1 == 0 && index != 0) (index, last) = (index >> 1, last >> 1);
            } else {
                newHash = node(newHash, sibling);
            }
            (index, last) = (index >> 1, last >> 1);
        }
        return last == 0 && oldHash == oldRoot && newHash == newRoot;
    }

    /// @notice SHA-256(0x01 ‖ left ‖ right).
    /// @dev Writes above the free memory pointer without moving it; sha256(abi.encodePacked(...)) would allocate on every level.
    function node(bytes32 left, bytes32 right) internal view returns (bytes32 hash) {
        assembly ("memory-safe") {
            let buffer := mload(0x40)
            mstore8(buffer, 1)
            mstore(add(buffer, 1), left)
            mstore(add(buffer, 33), right)
            if iszero(staticcall(gas(), 2, buffer, 65, 0, 32)) { revert(0, 0) }
            hash := mload(0)
        }
    }
}
