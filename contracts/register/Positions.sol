// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IEquityRegister} from "./IEquityRegister.sol";

/// @title A position in one word (docs/spec/register.md)
library Positions {
    uint256 private constant ENCUMBERED = 80;
    uint256 private constant LAST_BUY = 160;
    uint256 private constant LAST_SELL = 176;
    uint256 private constant SEQ = 192;
    uint256 private constant ADDEND = 224;

    uint256 private constant NOT_LAST_BUY = ~(uint256(type(uint16).max) << LAST_BUY);
    uint256 private constant NOT_LAST_SELL = ~(uint256(type(uint16).max) << LAST_SELL);
    uint256 private constant NOT_ADDEND = ~(uint256(type(uint16).max) << ADDEND);
    /// @dev Nobody lives to see 2^32 changes of a position.
    uint256 private constant ONE_CHANGE = 1 << SEQ;

    function units(uint256 word) internal pure returns (uint256) {
        return uint80(word);
    }

    /// @notice Units that no lot holds.
    function free(uint256 word) internal pure returns (uint256) {
        unchecked {
            return uint80(word) - uint80(word >> ENCUMBERED);
        }
    }

    function lastBuy(uint256 word) internal pure returns (uint256) {
        return uint16(word >> LAST_BUY);
    }

    function lastSell(uint256 word) internal pure returns (uint256) {
        return uint16(word >> LAST_SELL);
    }

    /// @notice How many holders the position counts for: none when it is empty, else one and the addend it was counted with.
    function weight(uint256 word) internal pure returns (uint256) {
        unchecked {
            return uint80(word) == 0 ? 0 : 1 + uint256(uint16(word >> ADDEND));
        }
    }

    function addend(uint256 word) internal pure returns (uint256) {
        return uint16(word >> ADDEND);
    }

    /// @notice One more change: the position with `added` more units, counted with its holder's addend.
    /// @dev The units cannot overflow: all positions together are the issued units, which are checked.
    function grown(uint256 word, uint256 added, uint256 holderAddend) internal pure returns (uint256) {
        unchecked {
            return (word & NOT_ADDEND | holderAddend << ADDEND) + added + ONE_CHANGE;
        }
    }

    /// @notice One more change: the position with fewer units. There must be as many free ones.
    function shrunk(uint256 word, uint256 taken) internal pure returns (uint256) {
        unchecked {
            return word - taken + ONE_CHANGE;
        }
    }

    function bought(uint256 word, uint256 tradingDay) internal pure returns (uint256) {
        return word & NOT_LAST_BUY | tradingDay << LAST_BUY;
    }

    function sold(uint256 word, uint256 tradingDay) internal pure returns (uint256) {
        return word & NOT_LAST_SELL | tradingDay << LAST_SELL;
    }

    function unpack(uint256 word) internal pure returns (IEquityRegister.Position memory) {
        return IEquityRegister.Position({
            units: uint80(word),
            encumbered: uint80(word >> ENCUMBERED),
            lastBuy: uint16(word >> LAST_BUY),
            lastSell: uint16(word >> LAST_SELL),
            seq: uint32(word >> SEQ),
            addend: uint16(word >> ADDEND)
        });
    }
}
