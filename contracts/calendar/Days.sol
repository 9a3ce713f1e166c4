// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Days as numbers, and years of them as bitmaps
/// @notice A day is the number of days since 1970-01-01 in the proleptic Gregorian calendar. Bit i of a year's two words is its i-th day,
/// from 0. Months and days of a month count from 1.
library Days {
    /// @notice China has one time zone, eight hours ahead of UTC, and no summer time since 1991.
    uint256 private constant SHANGHAI = 8 hours;

    uint256 private constant LANES_1 = 0x5555555555555555555555555555555555555555555555555555555555555555;
    uint256 private constant LANES_2 = 0x3333333333333333333333333333333333333333333333333333333333333333;
    uint256 private constant LANES_4 = 0x0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f;
    uint256 private constant LANES_8 = 0x00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff;
    uint256 private constant SUM_16 = 0x0001000100010001000100010001000100010001000100010001000100010001;

    /// @notice The date in Shanghai (北京时间) at a Unix time in seconds.
    function ofTime(uint256 time) internal pure returns (uint256 day) {
        return (time + SHANGHAI) / 1 days;
    }

    /// @notice The number of a date. `year` >= 1970.
    /// @dev Years are counted from March, so that the day that a leap year adds is a year's last one: then the months before `month` have
    /// (153 m + 2) / 5 days, and the years before `year` 365 each and a leap day in every 4th but not the 100th but the 400th.
    function number(uint256 year, uint256 month, uint256 dayOfMonth) internal pure returns (uint256 day) {
        uint256 y = month > 2 ? year : year - 1;
        uint256 m = month > 2 ? month - 3 : month + 9;
        return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + dayOfMonth - 719_469;
    }

    /// @notice The date of a day number: the inverse of `number`.
    function date(uint256 day) internal pure returns (uint256 year, uint256 month, uint256 dayOfMonth) {
        uint256 days_ = day + 719_468; // since 0000-03-01
        uint256 inEra = days_ % 146_097; // an era is 400 years
        uint256 yearOfEra = (inEra - inEra / 1460 + inEra / 36_524 - inEra / 146_096) / 365;
        uint256 inYear = inEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
        uint256 m = (5 * inYear + 2) / 153;
        month = m < 10 ? m + 3 : m - 9;
        year = days_ / 146_097 * 400 + yearOfEra + (month > 2 ? 0 : 1);
        dayOfMonth = inYear - (153 * m + 2) / 5 + 1;
    }

    /// @notice The same day of the month `months` later, or that month's last day where it has no such day.
    function addMonths(uint256 day, uint256 months) internal pure returns (uint256) {
        (uint256 year, uint256 month, uint256 dayOfMonth) = date(day);
        month += months - 1;
        (year, month) = (year + month / 12, month % 12 + 1);
        uint256 first = number(year, month, 1);
        uint256 next = month == 12 ? number(year + 1, 1, 1) : number(year, month + 1, 1);
        return dayOfMonth > next - first ? next - 1 : first + dayOfMonth - 1;
    }

    /// @notice The year of a day, its first day, and the next year's first.
    function yearOf(uint256 day) internal pure returns (uint256 year, uint256 first, uint256 next) {
        (year,,) = date(day);
        return (year, number(year, 1, 1), number(year + 1, 1, 1));
    }

    /// @notice How many bits of a year's two words are set from bit `from` to bit `to`, both included; 0 when `from` > `to`.
    function count(uint256[2] memory words, uint256 from, uint256 to) internal pure returns (uint256 n) {
        if (from > to) return 0;
        for (uint256 i = 0; i < 2; ++i) n += popcount(words[i] & ~below(from, i) & below(to + 1, i));
    }

    /// @notice Word `i` of the bitmap whose bits below `length` are set.
    function below(uint256 length, uint256 i) internal pure returns (uint256 mask) {
        uint256 start = i << 8;
        if (length <= start) return 0;
        uint256 bits = length - start;
        return bits > 255 ? type(uint256).max : (1 << bits) - 1;
    }

    /// @notice How many bits are set.
    /// @dev Sums in lanes of 2, 4, 8, 16 bits; the product adds the sixteen lanes up in the highest one.
    function popcount(uint256 word) internal pure returns (uint256) {
        unchecked {
            word -= (word >> 1) & LANES_1;
            word = (word & LANES_2) + ((word >> 2) & LANES_2);
            word = (word + (word >> 4)) & LANES_4;
            word = (word & LANES_8) + ((word >> 8) & LANES_8);
            return (word * SUM_16) >> 240;
        }
    }
}
