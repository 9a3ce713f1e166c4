// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title The name of a log (docs/spec/log.md)
library Origin {
    uint256 internal constant MAX_LENGTH = 128;

    // Bit c stands for the ASCII character c.
    uint256 private constant DIGITS = 0x3ff << 0x30;
    uint256 private constant LOWER = 0x3ffffff << 0x61;
    uint256 private constant HOST = DIGITS | LOWER | (1 << 0x2d) | (1 << 0x2e); // - .
    uint256 private constant PATH = HOST | (1 << 0x5f); // _

    /// @notice Whether `origin` is `[a-z0-9.-]+(/[a-z0-9._-]+)*` of at most 128 bytes: no scheme, no capital, no empty part.
    function isValid(bytes calldata origin) internal pure returns (bool) {
        if (origin.length > MAX_LENGTH) return false;
        uint256 allowed = HOST;
        bool empty = true;
        for (uint256 i = 0; i < origin.length; ++i) {
            uint256 character = uint8(origin[i]);
            if (character == 0x2f && !empty) {
                (allowed, empty) = (PATH, true);
            } else if ((allowed >> character) & 1 == 1) {
                empty = false;
            } else {
                return false;
            }
        }
        return !empty;
    }
}
