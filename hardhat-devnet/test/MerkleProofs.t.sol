// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {MerkleProofs} from "../contracts/evidence/MerkleProofs.sol";
import {Base} from "./support/Base.sol";
import {EvenTree, Tree} from "./support/Tree.sol";

/// @dev Proofs travel as calldata.
contract Verifier {
    function isIncluded(bytes32 leaf, uint256 index, uint256 size, bytes32 root, bytes32[] calldata proof)
        external
        view
        returns (bool)
    {
        return MerkleProofs.isIncluded(leaf, index, size, root, proof);
    }

    function isConsistent(uint256 oldSize, bytes32 oldRoot, uint256 newSize, bytes32 newRoot, bytes32[] calldata proof)
        external
        view
        returns (bool)
    {
        return MerkleProofs.isConsistent(oldSize, oldRoot, newSize, newRoot, proof);
    }
}

contract MerkleProofsTest is Base {
    uint256 private constant MOST = 96;

    Verifier private verifier = new Verifier();

    function testTheReferenceTreeMeetsThePublicVectors() public pure {
        // The eight leaves of the Certificate Transparency test suite and its roots of 1, 3, 7 and 8 of them.
        bytes32[] memory leaves = _publicLeaves();
        assertEq(Tree.root(leaves, 0, 1), 0x6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d);
        assertEq(Tree.root(leaves, 0, 3), 0xaeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77);
        assertEq(Tree.root(leaves, 0, 7), 0xddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c);
        assertEq(Tree.root(leaves, 0, 8), 0x5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328);
    }

    function testPublicConsistencyProofOf6And8() public view {
        bytes32[] memory leaves = _publicLeaves();
        bytes32[] memory proof = new bytes32[](3);
        proof[0] = 0x0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a;
        proof[1] = 0xca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0;
        proof[2] = 0xd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7;
        assertTrue(_consistent(leaves, 6, 8, proof), "public vector");
    }

    function testNoLeafIsInTheEmptyTree() public view {
        assertTrue(!verifier.isIncluded(sha256(""), 0, 0, sha256(""), new bytes32[](0)), "empty tree");
    }

    function testEveryTreeExtendsTheEmptyOneAndItself() public view {
        bytes32[] memory none = new bytes32[](0);
        bytes32[] memory one = new bytes32[](1);
        bytes32 root = EvenTree.root(5);
        assertTrue(verifier.isConsistent(0, sha256(""), 5, root, none), "extends the empty tree");
        assertTrue(!verifier.isConsistent(0, sha256(""), 5, root, one), "needless proof");
        assertTrue(verifier.isConsistent(5, root, 5, root, none), "extends itself");
        assertTrue(!verifier.isConsistent(5, root, 5, root, one), "needless proof of itself");
        assertTrue(!verifier.isConsistent(5, root, 5, EvenTree.root(6), none), "other root, same size");
        assertTrue(!verifier.isConsistent(6, EvenTree.root(6), 5, root, none), "shrinks");
        assertTrue(!verifier.isConsistent(3, EvenTree.root(3), 5, root, none), "no proof");
        assertTrue(!verifier.isConsistent(4, EvenTree.root(4), 5, root, none), "no proof from a complete tree");
    }

    /// @dev Whoever chose a false root could otherwise make one proof serve two sizes: the hashes fit, only the length tells.
    function testAProofForOtherSizesIsRefused() public view {
        bytes32[] memory leaves = _leaves(1, 8);
        (bytes32 root3, bytes32 root4) = (Tree.root(leaves, 0, 3), Tree.root(leaves, 0, 4));
        (bytes32 root7, bytes32 root8) = (Tree.root(leaves, 0, 7), Tree.root(leaves, 0, 8));
        assertTrue(!verifier.isIncluded(leaves[6], 2, 4, root8, Tree.inclusion(leaves, 6, 8)), "inclusion too long");
        assertTrue(!verifier.isIncluded(leaves[2], 6, 8, root4, Tree.inclusion(leaves, 2, 4)), "inclusion too short");
        bytes32[] memory proof = Tree.consistency(leaves, 7, 8);
        assertTrue(!verifier.isConsistent(3, root7, 4, root8, proof), "consistency too long");
        proof = Tree.consistency(leaves, 3, 4);
        assertTrue(!verifier.isConsistent(7, root3, 8, root4, proof), "consistency too short");
    }

    /// @dev All pairs of small sizes, so that no shape of tree is left to chance.
    function testAllSmallTrees() public view {
        bytes32[] memory leaves = _leaves(1, 17);
        for (uint256 size = 1; size <= 17; ++size) {
            for (uint256 old = 1; old < size; ++old) {
                assertTrue(_consistent(leaves, old, size, Tree.consistency(leaves, old, size)), "consistent");
            }
            for (uint256 index = 0; index < size; ++index) {
                assertTrue(_included(leaves, index, size, Tree.inclusion(leaves, index, size)), "included");
            }
        }
    }

    function testFuzzInclusion(uint256 seed, uint256 index, uint256 size) public view {
        size = bound(size, 1, MOST);
        index = bound(index, 0, size - 1);
        bytes32[] memory leaves = _leaves(seed, size);
        assertTrue(_included(leaves, index, size, Tree.inclusion(leaves, index, size)), "included");
    }

    function testFuzzMutatedInclusionIsRefused(uint256 seed, uint256 index, uint256 size, uint256 mutation) public view {
        size = bound(size, 2, MOST);
        index = bound(index, 0, size - 1);
        bytes32[] memory leaves = _leaves(seed, size);
        bytes32[] memory proof = Tree.inclusion(leaves, index, size);
        bytes32 root = Tree.root(leaves, 0, size);
        assertTrue(!_included(leaves, index, size, _mutated(proof, mutation)), "mutated proof");
        uint256 other = (index + 1 + mutation % (size - 1)) % size;
        assertTrue(!verifier.isIncluded(leaves[index], other, size, root, proof), "other index");
        assertTrue(!verifier.isIncluded(leaves[other], index, size, root, proof), "other leaf");
        assertTrue(!verifier.isIncluded(leaves[index], size + index, size, root, proof), "index beyond the size");
        assertTrue(!verifier.isIncluded(leaves[index], index, size, _flipped(root, mutation), proof), "other root");
    }

    function testFuzzConsistency(uint256 seed, uint256 old, uint256 size) public view {
        size = bound(size, 2, MOST);
        old = bound(old, 1, size - 1);
        bytes32[] memory leaves = _leaves(seed, size);
        assertTrue(_consistent(leaves, old, size, Tree.consistency(leaves, old, size)), "consistent");
    }

    function testFuzzMutatedConsistencyIsRefused(uint256 seed, uint256 old, uint256 size, uint256 mutation) public view {
        size = bound(size, 2, MOST);
        old = bound(old, 1, size - 1);
        bytes32[] memory leaves = _leaves(seed, size);
        bytes32[] memory proof = Tree.consistency(leaves, old, size);
        (bytes32 oldRoot, bytes32 newRoot) = (Tree.root(leaves, 0, old), Tree.root(leaves, 0, size));
        assertTrue(!_consistent(leaves, old, size, _mutated(proof, mutation)), "mutated proof");
        assertTrue(!verifier.isConsistent(old, _flipped(oldRoot, mutation), size, newRoot, proof), "other old root");
        assertTrue(!verifier.isConsistent(old, oldRoot, size, _flipped(newRoot, mutation), proof), "other new root");
    }

    /// @dev The proof that a forger computes over a rewritten history is right for that history, and refused for the stored head.
    function testFuzzRewrittenHistoryIsRefused(uint256 seed, uint256 old, uint256 size, uint256 victim) public view {
        size = bound(size, 2, MOST);
        old = bound(old, 1, size - 1);
        bytes32[] memory leaves = _leaves(seed, size);
        bytes32 oldRoot = Tree.root(leaves, 0, old);
        leaves[bound(victim, 0, old - 1)] = bytes32(seed);
        bytes32[] memory proof = Tree.consistency(leaves, old, size);
        assertTrue(!verifier.isConsistent(old, oldRoot, size, Tree.root(leaves, 0, size), proof), "rewritten");
    }

    function testFuzzLargeTrees(uint64 old, uint64 size, uint64 index) public view {
        size = uint64(bound(size, 2, type(uint64).max));
        old = uint64(bound(old, 1, size - 1));
        index = uint64(bound(index, 0, size - 1));
        bytes32 root = EvenTree.root(size);
        bytes32[] memory proof = EvenTree.consistency(old, size);
        assertTrue(verifier.isConsistent(old, EvenTree.root(old), size, root, proof), "consistent");
        assertTrue(!verifier.isConsistent(old, EvenTree.root(old), size, root, _mutated(proof, index)), "mutated");
        proof = EvenTree.inclusion(index, size);
        assertTrue(verifier.isIncluded(EvenTree.LEAF, index, size, root, proof), "included");
        assertTrue(!verifier.isIncluded(EvenTree.LEAF, index, size, root, _mutated(proof, old)), "mutated");
    }

    function _included(bytes32[] memory leaves, uint256 index, uint256 size, bytes32[] memory proof)
        private
        view
        returns (bool)
    {
        return verifier.isIncluded(leaves[index], index, size, Tree.root(leaves, 0, size), proof);
    }

    function _consistent(bytes32[] memory leaves, uint256 old, uint256 size, bytes32[] memory proof)
        private
        view
        returns (bool)
    {
        return verifier.isConsistent(old, Tree.root(leaves, 0, old), size, Tree.root(leaves, 0, size), proof);
    }

    /// @dev Longer, shorter or with one bit changed. A copy; the empty proof can only grow.
    function _mutated(bytes32[] memory proof, uint256 mutation) private pure returns (bytes32[] memory mutated) {
        if (mutation % 4 == 0 || proof.length == 0) return Tree.concat(proof, bytes32(mutation));
        mutated = new bytes32[](mutation % 4 == 1 ? proof.length - 1 : proof.length);
        for (uint256 i = 0; i < mutated.length; ++i) mutated[i] = proof[i];
        if (mutation % 4 == 1) return mutated;
        uint256 place = (mutation >> 8) % proof.length;
        mutated[place] = _flipped(mutated[place], mutation >> 16);
    }

    function _flipped(bytes32 hash, uint256 bit) private pure returns (bytes32) {
        return hash ^ bytes32(1 << (bit & 0xff));
    }

    function _leaves(uint256 seed, uint256 size) private pure returns (bytes32[] memory leaves) {
        leaves = new bytes32[](size);
        for (uint256 i = 0; i < size; ++i) leaves[i] = keccak256(abi.encode(seed, i));
    }

    function _publicLeaves() private pure returns (bytes32[] memory leaves) {
        bytes[8] memory data = [
            bytes(""), hex"00", hex"10", hex"2021", hex"3031", hex"40414243", hex"5051525354555657",
            hex"606162636465666768696a6b6c6d6e6f"
        ];
        leaves = new bytes32[](8);
        for (uint256 i = 0; i < 8; ++i) leaves[i] = sha256(bytes.concat(hex"00", data[i]));
    }
}
