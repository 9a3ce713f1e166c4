// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title The 104-byte leaf (docs/spec/leaf.md)
/// @notice What reads a member expects a leaf of the right length; whether it is in a log is another question.
library Leaf {
    uint256 internal constant LENGTH = 104;

    uint256 private constant VERSION = 1;
    uint256 private constant LAST_SUITE = 2;
    uint256 private constant LAST_PHASE = 3;

    /// @notice Whether length, version, suite, phase and reserved bytes are those of version 1.
    /// @dev Suite 2 (CN-SM-V1) counts: it concerns the commitment only, the log is SHA-256 in every suite.
    function isWellFormed(bytes calldata leaf) internal pure returns (bool) {
        if (leaf.length != LENGTH) return false;
        uint256 head = uint64(bytes8(leaf[:8]));
        uint256 suite = (head >> 48) & 0xff;
        return head >> 56 == VERSION && suite != 0 && suite <= LAST_SUITE && (head >> 24) & 0xff <= LAST_PHASE
            && head & 0xffffff == 0;
    }

    /// @notice Code of the record type and, below it, the phase: what a leaf is about.
    function kindOf(bytes calldata leaf) internal pure returns (bytes3) {
        return bytes3(leaf[2:5]);
    }

    /// @notice Position in its stream, from 0.
    function seqOf(bytes calldata leaf) internal pure returns (uint64) {
        return uint64(bytes8(leaf[8:16]));
    }

    function streamOf(bytes calldata leaf) internal pure returns (bytes16) {
        return bytes16(leaf[16:32]);
    }

    function commitmentOf(bytes calldata leaf) internal pure returns (bytes32) {
        return bytes32(leaf[64:96]);
    }

    /// @notice RFC 9162 leaf hash: SHA-256(0x00 ‖ leaf).
    function hash(bytes calldata leaf) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(bytes1(0), leaf));
    }
}
