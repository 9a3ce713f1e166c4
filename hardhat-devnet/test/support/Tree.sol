// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @dev The definitions of RFC 9162 §2.1, recursive as they stand there, to judge the verifier by. `leaves` are leaf hashes.
library Tree {
    /// @dev §2.1.1
    function root(bytes32[] memory leaves, uint256 from, uint256 to) internal pure returns (bytes32) {
        if (to == from) return sha256("");
        if (to - from == 1) return leaves[from];
        uint256 middle = from + split(to - from);
        return node(root(leaves, from, middle), root(leaves, middle, to));
    }

    /// @dev §2.1.3.1
    function inclusion(bytes32[] memory leaves, uint256 index, uint256 size) internal pure returns (bytes32[] memory) {
        return _path(leaves, index, 0, size);
    }

    /// @dev §2.1.4.1
    function consistency(bytes32[] memory leaves, uint256 oldSize, uint256 newSize)
        internal
        pure
        returns (bytes32[] memory)
    {
        return _subproof(leaves, oldSize, 0, newSize, true);
    }

    function node(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(bytes1(0x01), left, right));
    }

    /// @dev The largest power of two below `size`.
    function split(uint256 size) internal pure returns (uint256 power) {
        power = 1;
        while (power << 1 < size) power <<= 1;
    }

    function concat(bytes32[] memory head, bytes32 last) internal pure returns (bytes32[] memory all) {
        all = new bytes32[](head.length + 1);
        for (uint256 i = 0; i < head.length; ++i) all[i] = head[i];
        all[head.length] = last;
    }

    function _path(bytes32[] memory leaves, uint256 index, uint256 from, uint256 to)
        private
        pure
        returns (bytes32[] memory)
    {
        if (to - from == 1) return new bytes32[](0);
        uint256 middle = from + split(to - from);
        return index < middle
            ? concat(_path(leaves, index, from, middle), root(leaves, middle, to))
            : concat(_path(leaves, index, middle, to), root(leaves, from, middle));
    }

    function _subproof(bytes32[] memory leaves, uint256 old, uint256 from, uint256 to, bool whole)
        private
        pure
        returns (bytes32[] memory)
    {
        if (old == to) return whole ? new bytes32[](0) : concat(new bytes32[](0), root(leaves, from, to));
        uint256 middle = from + split(to - from);
        return old <= middle
            ? concat(_subproof(leaves, old, from, middle, whole), root(leaves, middle, to))
            : concat(_subproof(leaves, old, middle, to, false), root(leaves, from, middle));
    }
}

/// @dev The same for trees of any size up to 2^64 whose leaves are all the same: a subtree depends on its size only.
library EvenTree {
    bytes32 internal constant LEAF = bytes32(uint256(0xa5));

    function root(uint256 size) internal pure returns (bytes32) {
        if (size & (size - 1) == 0) {
            bytes32 hash = LEAF;
            for (; size > 1; size >>= 1) hash = Tree.node(hash, hash);
            return hash;
        }
        uint256 left = Tree.split(size);
        return Tree.node(root(left), root(size - left));
    }

    function inclusion(uint256 index, uint256 size) internal pure returns (bytes32[] memory) {
        if (size == 1) return new bytes32[](0);
        uint256 left = Tree.split(size);
        return index < left
            ? Tree.concat(inclusion(index, left), root(size - left))
            : Tree.concat(inclusion(index - left, size - left), root(left));
    }

    function consistency(uint256 old, uint256 size) internal pure returns (bytes32[] memory) {
        return _subproof(old, size, true);
    }

    function _subproof(uint256 old, uint256 size, bool whole) private pure returns (bytes32[] memory) {
        if (old == size) return whole ? new bytes32[](0) : Tree.concat(new bytes32[](0), root(size));
        uint256 left = Tree.split(size);
        return old <= left
            ? Tree.concat(_subproof(old, left, whole), root(size - left))
            : Tree.concat(_subproof(old - left, size - left, false), root(left));
    }
}
