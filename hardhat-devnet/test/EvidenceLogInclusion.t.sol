// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IEvidenceLog} from "../contracts/evidence/IEvidenceLog.sol";
import {Parties} from "./support/Parties.sol";
import {Tree} from "./support/Tree.sol";

contract EvidenceLogInclusionTest is Parties {
    string private constant ORIGIN = "regseal.example/440300/records";

    function setUp() public {
        found();
    }

    function testFuzzInclusionOfLeafBytes(uint256 index, uint256 size, bool frozen) public {
        size = bound(size, 1, 24);
        index = bound(index, 0, size - 1);
        bytes32 log = open(ORIGIN);
        bytes32[] memory leaves = new bytes32[](size);
        for (uint256 i = 0; i < size; ++i) leaves[i] = sha256(bytes.concat(hex"00", _leaf(i)));
        append(log, uint64(size), Tree.root(leaves, 0, size), new bytes32[](0));
        if (frozen) freeze(log, OPERATOR);
        bytes32[] memory proof = Tree.inclusion(leaves, index, size);
        assertEq(evidenceLog.verifyInclusion(log, _leaf(index), uint64(index), proof), leaves[index]);

        bytes memory refused = abi.encodeWithSelector(IEvidenceLog.LogNotIncluded.selector, log);
        vm.expectRevert(refused);
        evidenceLog.verifyInclusion(log, _leaf(size), uint64(index), proof);
        vm.expectRevert(refused);
        evidenceLog.verifyInclusion(log, _leaf(index), uint64(size), proof);
        vm.expectRevert(refused);
        evidenceLog.verifyInclusion(log, _leaf(index), uint64(index), Tree.concat(proof, 0));
    }

    function testNothingIsInAnEmptyLog() public {
        bytes32 log = open(ORIGIN);
        vm.expectRevert(abi.encodeWithSelector(IEvidenceLog.LogNotIncluded.selector, log));
        evidenceLog.verifyInclusion(log, _leaf(0), 0, new bytes32[](0));
    }

    /// @dev Even where the tree holds them: a gate never sees bytes that are no leaf.
    function testMalformedLeavesAreRefused() public {
        bytes32 log = open(ORIGIN);
        bytes[10] memory bad = [
            bytes(""), new bytes(104), bytes.concat(_leaf(0), hex"00"), _with(0, 2), _with(1, 0), _with(1, 3), _with(4, 4),
            _with(5, 1), _with(6, 1), _with(7, 1)
        ];
        for (uint256 i = 0; i < bad.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IEvidenceLog.LogLeaf.selector));
            evidenceLog.verifyInclusion(log, bad[i], 0, new bytes32[](0));
        }
    }

    function testBothSuitesAndAllPhasesAreLeaves() public {
        bytes[4] memory good = [_with(1, 2), _with(4, 1), _with(4, 2), _with(4, 3)];
        for (uint256 i = 0; i < good.length; ++i) {
            bytes32 log = open(string.concat("log-", i == 0 ? "0" : i == 1 ? "1" : i == 2 ? "2" : "3"));
            append(log, 1, sha256(bytes.concat(hex"00", good[i])), new bytes32[](0));
            evidenceLog.verifyInclusion(log, good[i], 0, new bytes32[](0));
        }
    }

    /// @dev Version 1, suite 1, type 1, event; the rest tells leaves apart.
    function _leaf(uint256 number) private pure returns (bytes memory) {
        return abi.encodePacked(hex"0101000100000000", uint64(0), bytes16(0), bytes32(0), keccak256(abi.encode(number)), uint64(number));
    }

    function _with(uint256 place, uint8 value) private pure returns (bytes memory leaf) {
        leaf = _leaf(0);
        leaf[place] = bytes1(value);
    }
}
