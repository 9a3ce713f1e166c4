// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Days} from "../contracts/calendar/Days.sol";
import {Base} from "../test/support/Base.sol";

/// @dev A day is looked up where it is, and counted when it lies between two days and not else.
contract DaysSymbolic is Base {
    function check_bitsBelowAreThoseBelow(uint16 length, uint8 bit) public pure {
        for (uint256 i = 0; i < 2; ++i) assert((Days.below(length, i) >> bit & 1 == 1) == ((i << 8 | bit) < length));
    }

    function check_oneOpenDayCountsWhereItIs(uint16 day, uint16 from, uint16 to) public pure {
        vm.assume(day < 366 && from < 366 && to < 366);
        uint256[2] memory words;
        if (day < 256) words[0] = 1 << uint256(day);
        else words[1] = 1 << uint256(day - 256);
        assert(Days.count(words, from, to) == (from <= day && day <= to ? 1 : 0));
    }

    function check_noDayCountsInNone(uint256 first, uint256 second, uint16 from, uint16 to) public pure {
        vm.assume(from > to);
        assert(Days.count([first, second], from, to) == 0);
    }
}
