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
    uint256 private constant OFFICER = 1 << 240;
    uint256 private constant UNCONFIRMED = 1 << 241;
    uint256 private constant LOTS = 242;

    /// @notice A position has no more lots, for their number has six bits.
    uint256 internal constant MOST_LOTS = 63;

    uint256 private constant NOT_LAST_BUY = ~(uint256(type(uint16).max) << LAST_BUY);
    uint256 private constant NOT_LAST_SELL = ~(uint256(type(uint16).max) << LAST_SELL);
    uint256 private constant NOT_ADDEND = ~(uint256(type(uint16).max) << ADDEND);
    uint256 private constant NOT_LOTS = ~(MOST_LOTS << LOTS | uint256(type(uint80).max) << ENCUMBERED);
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

    /// @notice One more change.
    function touched(uint256 word) internal pure returns (uint256) {
        unchecked {
            return word + ONE_CHANGE;
        }
    }

    function lots(uint256 word) internal pure returns (uint256) {
        return word >> LOTS & MOST_LOTS;
    }

    function withLots(uint256 word, uint256 encumbered, uint256 number) internal pure returns (uint256) {
        return word & NOT_LOTS | encumbered << ENCUMBERED | number << LOTS;
    }

    /// @notice Whether an officer's or an unconfirmed one.
    function isRestricted(uint256 word) internal pure returns (bool) {
        return word & (OFFICER | UNCONFIRMED) != 0;
    }

    function isOfficer(uint256 word) internal pure returns (bool) {
        return word & OFFICER != 0;
    }

    function withOfficer(uint256 word, bool value) internal pure returns (uint256) {
        return value ? word | OFFICER : word & ~OFFICER;
    }

    function isUnconfirmed(uint256 word) internal pure returns (bool) {
        return word & UNCONFIRMED != 0;
    }

    function withUnconfirmed(uint256 word, bool value) internal pure returns (uint256) {
        return value ? word | UNCONFIRMED : word & ~UNCONFIRMED;
    }

    function unpack(uint256 word) internal pure returns (IEquityRegister.Position memory) {
        return IEquityRegister.Position({
            units: uint80(word),
            encumbered: uint80(word >> ENCUMBERED),
            lastBuy: uint16(word >> LAST_BUY),
            lastSell: uint16(word >> LAST_SELL),
            seq: uint32(word >> SEQ),
            addend: uint16(word >> ADDEND),
            officer: isOfficer(word),
            unconfirmed: isUnconfirmed(word),
            lots: uint8(lots(word))
        });
    }
}
