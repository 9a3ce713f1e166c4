// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {MerkleProofs} from "../contracts/evidence/MerkleProofs.sol";
import {Base} from "../test/support/Base.sol";
import {Tree} from "../test/support/Tree.sol";
import {AnyHash, Etcher} from "./Stubs.sol";

contract Verifier {
    function isIncluded(bytes32 leaf, uint256 index, uint256 size, bytes32 root, bytes32[] calldata proof)
        external
        view
        returns (bool)
    {
        return MerkleProofs.isIncluded(leaf, index, size, root, proof);
    }

    function isConsistent(uint256 old, bytes32 oldRoot, uint256 size, bytes32 root, bytes32[] calldata proof)
        external
        view
        returns (bool)
    {
        return MerkleProofs.isConsistent(old, oldRoot, size, root, proof);
    }
}

/// @dev The verifier accepts exactly what the recursive definitions of RFC 9162 §2.1.3 and §2.1.4 give, for all hashes whatsoever. Sizes are
/// small; a proof's course depends on them alone. Keccak-256 takes the place of SHA-256, and is any function here.
contract ProofsSymbolic is Base {
    uint256 private constant MOST_LEAVES = 6;
    uint256 private constant MOST_HASHES = 4;
    uint160 private constant HASH = 0x0b;
    Verifier private _verifier;

    /// @dev halmos 0.3.3 cannot model the SHA-256 precompile, address 2: the verifier's calls go to another hash function instead.
    function setUp() public {
        _verifier = new Verifier();
        bytes memory code = address(_verifier).code;
        uint256 found = 0;
        for (uint256 i = 3; i < code.length; ++i) {
            // PUSH1 2, GAS, STATICCALL
            if (code[i - 3] != 0x60 || code[i - 2] != 0x02 || code[i - 1] != 0x5a || code[i] != 0xfa) continue;
            code[i - 2] = bytes1(uint8(HASH));
            ++found;
        }
        assert(found != 0);
        Etcher(address(vm)).etch(address(_verifier), code);
        Etcher(address(vm)).etch(address(HASH), address(new AnyHash()).code);
    }

    function check_inclusionIsTheDefinition(bytes32 leaf, bytes32 root, bytes32[4] calldata path) public view {
        for (uint256 length = 0; length <= MOST_HASHES; ++length) {
            bytes32[] memory proof = _first(path, length);
            for (uint256 size = 1; size <= MOST_LEAVES; ++size) {
                for (uint256 index = 0; index < size; ++index) {
                    (bytes32 expected, uint256 used) = _climb(leaf, index, size, proof);
                    bool accepted = _verifier.isIncluded(leaf, index, size, root, proof);
                    assert(accepted == (used == length && expected == root));
                }
                assert(!_verifier.isIncluded(leaf, size, size, root, proof));
            }
        }
    }

    function check_consistencyIsTheDefinition(bytes32 oldRoot, bytes32 newRoot, bytes32[4] calldata path) public view {
        for (uint256 length = 0; length <= MOST_HASHES; ++length) {
            bytes32[] memory proof = _first(path, length);
            for (uint256 size = 2; size <= MOST_LEAVES; ++size) {
                for (uint256 old = 1; old < size; ++old) {
                    (bytes32 before, bytes32 later, uint256 used) = _replay(oldRoot, old, size, true, proof);
                    bool accepted = _verifier.isConsistent(old, oldRoot, size, newRoot, proof);
                    assert(accepted == (used == length && before == oldRoot && later == newRoot));
                }
                assert(!_verifier.isConsistent(size, oldRoot, size - 1, newRoot, proof));
                assert(_verifier.isConsistent(size, oldRoot, size, newRoot, proof) == (length == 0 && oldRoot == newRoot));
                assert(_verifier.isConsistent(0, oldRoot, size, newRoot, proof) == (length == 0));
            }
        }
    }

    function _first(bytes32[4] calldata path, uint256 length) private pure returns (bytes32[] memory proof) {
        proof = new bytes32[](length);
        for (uint256 i = 0; i < length; ++i) proof[i] = path[i];
    }

    /// @dev §2.1.3.1 backwards: the root that a path leads to, and how many hashes of it are used. What is missing counts as zero.
    function _climb(bytes32 leaf, uint256 index, uint256 size, bytes32[] memory proof) private pure returns (bytes32, uint256) {
        if (size == 1) return (leaf, 0);
        uint256 middle = Tree.split(size);
        bool left = index < middle;
        (bytes32 hash, uint256 used) = left ? _climb(leaf, index, middle, proof) : _climb(leaf, index - middle, size - middle, proof);
        bytes32 sibling = _at(proof, used);
        return (left ? _node(hash, sibling) : _node(sibling, hash), used + 1);
    }

    /// @dev §2.1.4.1 backwards: both roots that a proof leads to, and how many hashes of it are used.
    function _replay(bytes32 oldRoot, uint256 old, uint256 size, bool whole, bytes32[] memory proof)
        private
        pure
        returns (bytes32 before, bytes32 later, uint256 used)
    {
        if (old == size) return whole ? (oldRoot, oldRoot, 0) : (_at(proof, 0), _at(proof, 0), 1);
        uint256 middle = Tree.split(size);
        if (old <= middle) {
            (before, later, used) = _replay(oldRoot, old, middle, whole, proof);
            return (before, _node(later, _at(proof, used)), used + 1);
        }
        (before, later, used) = _replay(oldRoot, old - middle, size - middle, false, proof);
        bytes32 shared = _at(proof, used);
        return (_node(shared, before), _node(shared, later), used + 1);
    }

    function _at(bytes32[] memory proof, uint256 i) private pure returns (bytes32) {
        return i < proof.length ? proof[i] : bytes32(0);
    }

    function _node(bytes32 left, bytes32 right) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x01), left, right));
    }
}
