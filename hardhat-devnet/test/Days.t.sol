// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Days} from "../contracts/calendar/Days.sol";
import {Base} from "./support/Base.sol";

/// @dev The reference counts one by one: years and months as everybody knows them.
contract DaysTest is Base {

    function testKnownDays() public pure {
        assertEq(Days.number(1970, 1, 1), 0);
        assertEq(Days.number(2000, 2, 29), 11_016);
        assertEq(Days.number(2000, 3, 1), 11_017);
        assertEq(Days.number(2027, 1, 15), 20_833);
        assertEq(Days.number(2100, 3, 1), 47_541);
    }

    function testDaysChangeAtMidnightInShanghai() public pure {
        assertEq(Days.ofTime(0), 0);
        assertEq(Days.ofTime(16 hours - 1), 0);
        assertEq(Days.ofTime(16 hours), 1);
        assertEq(Days.ofTime(1_800_000_000), 20_833);
    }

    /// @dev Day by day through the years that are or are not leap years.
    function testEveryDayAroundTheCenturies() public pure {
        uint256 day = 0;
        for (uint256 year = 1970; year < 2002; ++year) day = _yearOfDays(year, day);
        day = Days.number(2096, 1, 1);
        for (uint256 year = 2096; year < 2102; ++year) day = _yearOfDays(year, day);
        day = Days.number(2396, 1, 1);
        for (uint256 year = 2396; year < 2402; ++year) day = _yearOfDays(year, day);
    }

    function testFuzzDatesAreNumbersAndBack(uint256 day) public pure {
        day = bound(day, 0, 3_000_000);
        (uint256 year, uint256 month, uint256 dayOfMonth) = Days.date(day);
        assertEq(Days.number(year, month, dayOfMonth), day);
        assertTrue(month >= 1 && month <= 12 && dayOfMonth >= 1 && dayOfMonth <= _lengthOf(year, month), "no date");
        (uint256 found, uint256 first, uint256 next) = Days.yearOf(day);
        assertEq(found, year);
        assertTrue(first <= day && day < next && next - first == (_isLeap(year) ? 366 : 365), "year");
    }

    function testFuzzMonthsLaterIsTheSameDayOrTheLast(uint256 day, uint256 months) public pure {
        day = bound(day, 0, 200_000);
        months = bound(months, 1, 600);
        (uint256 year, uint256 month, uint256 dayOfMonth) = Days.date(day);
        for (uint256 i = 0; i < months; ++i) (year, month) = month == 12 ? (year + 1, 1) : (year, month + 1);
        uint256 last = _lengthOf(year, month);
        uint256 expected = Days.number(year, month, dayOfMonth < last ? dayOfMonth : last);
        assertEq(Days.addMonths(day, months), expected);
    }

    function testMonthsLaterAtTheEndsOfMonths() public pure {
        assertEq(Days.addMonths(Days.number(2027, 1, 31), 1), Days.number(2027, 2, 28));
        assertEq(Days.addMonths(Days.number(2027, 1, 31), 13), Days.number(2028, 2, 29));
        assertEq(Days.addMonths(Days.number(2028, 2, 29), 12), Days.number(2029, 2, 28));
        assertEq(Days.addMonths(Days.number(2026, 12, 31), 12), Days.number(2027, 12, 31));
        assertEq(Days.addMonths(Days.number(2026, 11, 30), 1), Days.number(2026, 12, 30));
    }

    function testFuzzCountsBitsOneByOne(uint256 low, uint256 high, uint256 from, uint256 to) public pure {
        (from, to) = (bound(from, 0, 511), bound(to, 0, 511));
        uint256[2] memory words = [low, high];
        uint256 expected = 0;
        for (uint256 i = from; i <= to; ++i) expected += words[i >> 8] >> (i & 255) & 1;
        assertEq(Days.count(words, from, to), expected);
    }

    function testCountsFullWords() public pure {
        uint256[2] memory all = [type(uint256).max, type(uint256).max];
        assertEq(Days.popcount(type(uint256).max), 256);
        assertEq(Days.popcount(0), 0);
        assertEq(Days.count(all, 0, 511), 512);
        assertEq(Days.count(all, 255, 256), 2);
        assertEq(Days.count(all, 256, 255), 0);
    }

    function _yearOfDays(uint256 year, uint256 day) private pure returns (uint256) {
        for (uint256 month = 1; month <= 12; ++month) {
            for (uint256 dayOfMonth = 1; dayOfMonth <= _lengthOf(year, month); ++dayOfMonth) {
                (uint256 y, uint256 m, uint256 d) = Days.date(day);
                assertTrue(y == year && m == month && d == dayOfMonth, "date");
                assertEq(Days.number(year, month, dayOfMonth), day++);
            }
        }
        return day;
    }

    function _lengthOf(uint256 year, uint256 month) private pure returns (uint256) {
        if (month == 2) return _isLeap(year) ? 29 : 28;
        return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
    }

    function _isLeap(uint256 year) private pure returns (bool) {
        return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    }
}
