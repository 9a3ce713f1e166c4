// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IRegister} from "./IRegister.sol";

/// @title Lots of encumbered units, one word each (docs/spec/register.md), and what is done with the lots of a position
/// @notice A list of lots may have empty places, which are zero. A lot's liens stand in the order of their rank, the first in place 0.
library Lots {
    /// @notice What a lot is looked for: to come under the lien (of those that are not yet, the one with the fewest liens), to be released from
    /// it (the one with the fewest), to be sold for it (the one where it ranks first, of these the one with the fewest).
    enum For {
        Cover,
        Release,
        Enforcement
    }

    uint256 internal constant MOST_LIENS = 11;
    /// @notice Neither a place nor a rank.
    uint256 internal constant NEVER = type(uint256).max;

    uint256 private constant LIENS = 80;
    uint256 private constant WIDTH = 16;

    function pack(uint256 units_, uint256 stack_) internal pure returns (uint256) {
        return units_ | stack_ << LIENS;
    }

    function size(uint256 lot) internal pure returns (uint256) {
        return uint80(lot);
    }

    /// @notice The numbers of all liens: what tells a position's lots apart.
    function stack(uint256 lot) internal pure returns (uint256) {
        return lot >> LIENS;
    }

    /// @notice The number of the lien in a place, 0 where none is.
    function numberAt(uint256 lot, uint256 place) internal pure returns (uint16) {
        return uint16(lot >> LIENS + WIDTH * place);
    }

    /// @notice How many liens the lot has.
    function depth(uint256 lot) internal pure returns (uint256 n) {
        while (numberAt(lot, n) != 0) ++n;
    }

    /// @notice The rank of a lien in the lot, from 0; NEVER when it is not there.
    function placeOf(uint256 lot, uint16 number) internal pure returns (uint256) {
        for (uint256 place = 0; place < MOST_LIENS; ++place) if (numberAt(lot, place) == number) return place;
        return NEVER;
    }

    /// @notice The lot without the lien in a place; those behind it move up.
    function without(uint256 lot, uint256 place) internal pure returns (uint256) {
        uint256 shift = LIENS + WIDTH * place;
        return lot & ((1 << shift) - 1) | (lot >> shift + WIDTH) << shift;
    }

    /// @notice The lot with one more lien, in a place up to its depth; those behind it move down. Reverts when the lot is full.
    function inserted(uint256 lot, uint256 place, uint256 number) internal pure returns (uint256) {
        if (numberAt(lot, MOST_LIENS - 1) != 0) revert IRegister.RegisterLots();
        uint256 shift = LIENS + WIDTH * place;
        return lot & ((1 << shift) - 1) | number << shift | (lot >> shift) << shift + WIDTH;
    }

    // ---- lists

    /// @notice Units of all lots.
    function total(uint256[] memory lots) internal pure returns (uint256 n) {
        for (uint256 i = 0; i < lots.length; ++i) n += size(lots[i]);
    }

    /// @notice Units of the lots that have a lien.
    function covered(uint256[] memory lots, uint16 number) internal pure returns (uint256 n) {
        for (uint256 i = 0; i < lots.length; ++i) if (placeOf(lots[i], number) != NEVER) n += size(lots[i]);
    }

    /// @notice Where the lot with just these liens is; as many as there are places when there is none.
    function find(uint256[] memory lots, uint256 stack_) internal pure returns (uint256 i) {
        while (i < lots.length && stack(lots[i]) != stack_) ++i;
    }

    /// @notice Puts a lot behind the others, where an empty place must be.
    function append(uint256[] memory lots, uint256 lot) internal pure {
        uint256 end = lots.length;
        while (end > 0 && lots[end - 1] == 0) --end;
        lots[end] = lot;
    }

    /// @notice Puts back what was taken from a place: there when nothing remained, else behind the others.
    function put(uint256[] memory lots, uint256 i, uint256 lot) internal pure {
        if (lots[i] == 0) lots[i] = lot;
        else append(lots, lot);
    }

    /// @notice Takes units out of the lot in a place; gives them as a lot of their own, which is nowhere yet.
    function take(uint256[] memory lots, uint256 i, uint256 taken) internal pure returns (uint256 lot) {
        lot = lots[i];
        lots[i] = size(lot) == taken ? 0 : lot - taken;
        return pack(taken, stack(lot));
    }

    /// @notice The place of the lot that an act on a lien takes next, of several the newest; NEVER when there is none.
    function next(uint256[] memory lots, uint16 number, For purpose) internal pure returns (uint256 best) {
        best = NEVER;
        uint256 key = NEVER;
        for (uint256 i = 0; i < lots.length; ++i) {
            uint256 own = _keyOf(lots[i], number, purpose);
            if (own != NEVER && own <= key) (best, key) = (i, own);
        }
    }

    /// @notice Lots without units or liens left out, those with the same liens as one, in the place of the oldest.
    function compacted(uint256[] memory lots) internal pure returns (uint256[] memory kept) {
        uint256 n = 0;
        for (uint256 i = 0; i < lots.length; ++i) {
            uint256 lot = lots[i];
            if (size(lot) == 0 || stack(lot) == 0) continue;
            uint256 same = 0;
            while (same < n && stack(lots[same]) != stack(lot)) ++same;
            if (same < n) lots[same] += size(lot);
            else lots[n++] = lot;
        }
        kept = new uint256[](n);
        for (uint256 i = 0; i < n; ++i) kept[i] = lots[i];
    }

    function _keyOf(uint256 lot, uint16 number, For purpose) private pure returns (uint256) {
        uint256 place = placeOf(lot, number);
        if (lot == 0 || (place == NEVER) != (purpose == For.Cover)) return NEVER;
        return depth(lot) + (purpose == For.Enforcement ? place << 4 : 0);
    }
}
