// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IRegister} from "./IRegister.sol";

/// @title What is known of a lien beside whom it secures, in one word (docs/spec/register.md)
library LienWords {
    uint256 private constant SINCE = 8;
    uint256 private constant UNTIL = 48;
    uint256 private constant UNITS = 72;
    uint256 private constant NOT_UNTIL = ~(uint256(type(uint24).max) << UNTIL);

    function pack(IRegister.LienKind kind_, uint256 since_, uint256 until_, uint256 units_) internal pure returns (uint256) {
        return uint256(kind_) | since_ << SINCE | until_ << UNTIL | units_ << UNITS;
    }

    function kind(uint256 word) internal pure returns (IRegister.LienKind) {
        return IRegister.LienKind(uint8(word));
    }

    function isLock(uint256 word) internal pure returns (bool) {
        return kind(word) == IRegister.LienKind.Lock;
    }

    function since(uint256 word) internal pure returns (uint256) {
        return uint40(word >> SINCE);
    }

    /// @notice Last day; 0: none.
    function until(uint256 word) internal pure returns (uint256) {
        return uint24(word >> UNTIL);
    }

    /// @notice Units covered, over all positions.
    function covers(uint256 word) internal pure returns (uint256) {
        return uint80(word >> UNITS);
    }

    function withUntil(uint256 word, uint256 day) internal pure returns (uint256) {
        return word & NOT_UNTIL | day << UNTIL;
    }

    function more(uint256 word, uint256 covered) internal pure returns (uint256) {
        return word + (covered << UNITS);
    }

    function less(uint256 word, uint256 uncovered) internal pure returns (uint256) {
        return word - (uncovered << UNITS);
    }

    /// @notice Whether the lien's term is over on day `today`.
    function isOver(uint256 word, uint256 today) internal pure returns (bool) {
        uint256 last = until(word);
        return last != 0 && last < today;
    }

    /// @notice Whether a lien that comes to units ranks before one that is there. Locks come last, and who was first stays first.
    function isBefore(uint256 word, uint256 other) internal pure returns (bool) {
        return !isLock(word) && (isLock(other) || since(word) < since(other));
    }
}
