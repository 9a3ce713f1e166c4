// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Calendar} from "../contracts/calendar/Calendar.sol";
import {Days} from "../contracts/calendar/Days.sol";
import {ICalendar} from "../contracts/calendar/ICalendar.sol";
import {Authorisation} from "../contracts/identity/IAuthorised.sol";
import {IInstitutionRegistry} from "../contracts/identity/IInstitutionRegistry.sol";
import {Pilots} from "./support/Pilots.sol";

contract CalendarTest is Pilots {
    uint16 private constant THIS_YEAR = uint16(YEAR);
    mapping(uint256 day => bool) private _works;

    function setUp() public {
        foundPilots();
    }

    function testTheConstructorNeedsARegistry() public {
        vm.expectRevert(abi.encodeWithSelector(ICalendar.CalendarZero.selector));
        new Calendar(IInstitutionRegistry(address(0xdead)));
        assertEq(address(calendar.registry()), address(registry));
    }

    function testTodayIsADateInShanghai() public {
        assertEq(calendar.today(), TODAY);
        vm.warp(uint256(TODAY) * 1 days + 16 hours - 1);
        assertEq(calendar.today(), TODAY);
        vm.warp(uint256(TODAY) * 1 days + 16 hours);
        assertEq(calendar.today(), TODAY + 1);
    }

    // ---- publication

    function testAYearIsPublishedAsItIsSigned() public {
        (uint256[2] memory working, uint256[2] memory trading) = (weekdays(NEW_YEAR, 365), weekdays(NEW_YEAR, 365));
        trading[0] &= ~uint256(1 << 3);
        Authorisation memory auth = toPublish(REGION, THIS_YEAR, working, trading, SHENZHEN);
        vm.expectEmit(address(calendar));
        emit ICalendar.CalendarPublished(REGION, THIS_YEAR, working, trading, evidence().commitment, evidence().leaf);
        calendar.publishYear(REGION, THIS_YEAR, working, trading, evidence(), auth);
        (uint256[2] memory w, uint256[2] memory t) = calendar.yearOf(REGION, THIS_YEAR);
        assertEq(keccak256(abi.encode(w, t)), keccak256(abi.encode(working, trading)));
        (w, t) = calendar.yearOf(OTHER_REGION, THIS_YEAR);
        assertEq(w[0] | w[1] | t[0] | t[1], 0);
    }

    function testAYearIsPublishedOnce() public {
        publishWeekdays();
        uint256[2] memory days_ = weekdays(NEW_YEAR, 365);
        Authorisation memory auth = toPublish(REGION, THIS_YEAR, days_, days_, SHENZHEN);
        vm.expectRevert(abi.encodeWithSelector(ICalendar.CalendarPublishedBefore.selector, REGION, THIS_YEAR));
        calendar.publishYear(REGION, THIS_YEAR, days_, days_, evidence(), auth);
    }

    function testOnlyTheRegionsAuthorityPublishesAndCloses() public {
        uint256[2] memory days_ = weekdays(NEW_YEAR, 365);
        uint256[4] memory others = [ROOT, GUANGZHOU, OPERATOR, GATEWAY];
        for (uint256 i = 0; i < others.length; ++i) {
            Authorisation memory auth = toPublish(REGION, THIS_YEAR, days_, days_, others[i]);
            vm.expectRevert(abi.encodeWithSelector(ICalendar.CalendarNotCompetent.selector, vm.addr(others[i]), REGION));
            calendar.publishYear(REGION, THIS_YEAR, days_, days_, evidence(), auth);
        }
        publishWeekdays();
        Authorisation memory closing = toClose(REGION, _one(TODAY + 3), true, true, GUANGZHOU);
        vm.expectRevert(abi.encodeWithSelector(ICalendar.CalendarNotCompetent.selector, vm.addr(GUANGZHOU), REGION));
        calendar.closeDays(REGION, _one(TODAY + 3), true, true, evidence(), closing);
    }

    function testEvidenceIsNeeded() public {
        uint256[2] memory days_ = weekdays(NEW_YEAR, 365);
        IInstitutionRegistry.Evidence memory none = IInstitutionRegistry.Evidence(0, evidence().leaf);
        bytes memory fields = abi.encode(
            REGION, THIS_YEAR, keccak256(abi.encode(days_)), keccak256(abi.encode(days_)), none.commitment, none.leaf
        );
        string memory action =
            "PublishCalendarYear(uint32 region,uint16 year,uint256[2] working,uint256[2] trading,bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)";
        Authorisation memory auth = authorise(address(calendar), "regseal Calendar", action, fields, SHENZHEN);
        vm.expectRevert(abi.encodeWithSelector(ICalendar.CalendarZero.selector));
        calendar.publishYear(REGION, THIS_YEAR, days_, days_, none, auth);
    }

    function testAYearHasNoDayBeyondItAndNoTradingOnADayOff() public {
        uint256[2] memory good = [uint256(1), 0];
        _refuseYear(1969, good, good);
        _refuseYear(2027, [uint256(0), 0], [uint256(0), 0]);
        _refuseYear(2027, [uint256(1), 1 << 109], good); // 2027 has 365 days
        _refuseYear(2027, [uint256(1), 1 << 255], good);
        _refuseYear(2027, good, [uint256(2), 0]);
        _refuseYear(2027, good, [uint256(1), 1]);
        publish(2028, [uint256(1), 1 << 109], [uint256(0), 1 << 109]); // and 2028 has 366
        publish(1970, good, good);
        assertTrue(calendar.isWorkingDay(REGION, 0), "the first day of all");
        assertTrue(calendar.isTradingDay(REGION, Days.number(2028, 12, 31)), "the last one of a leap year");
    }

    // ---- closures

    function testAClosedDayIsClosedForBothOrForTradingAlone() public {
        publishWeekdays();
        uint32 monday = TODAY + 3;
        vm.expectEmit(address(calendar));
        emit ICalendar.DaysClosed(REGION, _one(monday), false, true, evidence().commitment, evidence().leaf);
        _close(_one(monday), false, true);
        assertTrue(calendar.isWorkingDay(REGION, monday) && !calendar.isTradingDay(REGION, monday), "trading alone");
        _close(_one(monday), true, false);
        assertTrue(!calendar.isWorkingDay(REGION, monday) && !calendar.isTradingDay(REGION, monday), "both");
        _close(_one(monday), true, true); // again changes nothing
        uint32 later = uint32(NEW_YEAR) + 300; // in the second word
        assertTrue(calendar.isWorkingDay(REGION, later), "works");
        _close(_one(later), true, false);
        assertTrue(!calendar.isWorkingDay(REGION, later) && !calendar.isTradingDay(REGION, later), "no trade on a day off");
        assertTrue(calendar.isWorkingDay(REGION, later + 1), "its neighbour");
    }

    function testOnlyDaysAheadOfAPublishedYearAreClosed() public {
        publishWeekdays();
        for (uint32 day = TODAY - 1; day <= TODAY; ++day) {
            Authorisation memory auth = toClose(REGION, _one(day), true, true, SHENZHEN);
            vm.expectRevert(abi.encodeWithSelector(ICalendar.CalendarPast.selector, day, TODAY));
            calendar.closeDays(REGION, _one(day), true, true, evidence(), auth);
        }
        uint32 next = uint32(NEW_YEAR) + 365;
        Authorisation memory unknown = toClose(REGION, _one(next), true, true, SHENZHEN);
        vm.expectRevert(abi.encodeWithSelector(ICalendar.CalendarUnknown.selector, REGION, uint256(2028)));
        calendar.closeDays(REGION, _one(next), true, true, evidence(), unknown);
    }

    function testAClosureSaysWhatAndWhen() public {
        publishWeekdays();
        Authorisation memory auth = toClose(REGION, _one(TODAY + 3), false, false, SHENZHEN);
        vm.expectRevert(abi.encodeWithSelector(ICalendar.CalendarZero.selector));
        calendar.closeDays(REGION, _one(TODAY + 3), false, false, evidence(), auth);
        auth = toClose(REGION, new uint32[](0), true, true, SHENZHEN);
        vm.expectRevert(abi.encodeWithSelector(ICalendar.CalendarZero.selector));
        calendar.closeDays(REGION, new uint32[](0), true, true, evidence(), auth);
    }

    // ---- counting

    function testAnUnknownYearIsNotKnown() public {
        publishWeekdays();
        _expectCount(NEW_YEAR - 1, NEW_YEAR + 364, true, 261);
        _expectCount(NEW_YEAR - 2, NEW_YEAR + 364, false, 0); // one day of 2026
        _expectCount(NEW_YEAR, NEW_YEAR + 365, false, 0); // one day of 2028
        _expectCount(NEW_YEAR + 10_000, NEW_YEAR, true, 0); // no day at all
        (bool known,) = calendar.workingDaysAfter(OTHER_REGION, TODAY, TODAY + 1);
        assertTrue(!known, "another region's");
        assertTrue(!calendar.isWorkingDay(OTHER_REGION, TODAY), "nor a working day");
    }

    /// @dev National Day 2026 as the State Council set it: off 10-01 to 10-07, at work on Sunday 09-20 and Saturday 10-10.
    function testFiveWorkingDaysAcrossNationalDay() public {
        uint256 first = Days.number(2026, 1, 1);
        uint256[2] memory working = weekdays(first, 365);
        for (uint256 day = Days.number(2026, 10, 1); day <= Days.number(2026, 10, 7); ++day) _clear(working, day - first);
        uint256[2] memory trading = [working[0], working[1]];
        _set(working, Days.number(2026, 9, 20) - first);
        _set(working, Days.number(2026, 10, 10) - first);
        publish(2026, working, trading);
        uint256 opened = Days.number(2026, 9, 29);
        // 09-30, 10-08, 10-09, 10-10 (Saturday), 10-12: the fifth
        (, uint256 n) = calendar.workingDaysAfter(REGION, opened, Days.number(2026, 10, 10));
        assertEq(n, 4);
        (, n) = calendar.workingDaysAfter(REGION, opened, Days.number(2026, 10, 12));
        assertEq(n, 5);
        (, n) = calendar.tradingDaysAfter(REGION, opened, Days.number(2026, 10, 12));
        assertEq(n, 4);
        (, n) = calendar.workingDaysAfter(REGION, Days.number(2026, 9, 18), Days.number(2026, 9, 20));
        assertEq(n, 1);
    }

    /// @dev Against days counted one by one, over any span of up to four years with or without a gap.
    function testFuzzCountsLikeACalendarOnTheWall(uint256 seed, uint256 from, uint256 length, uint8 gap) public {
        uint256 first = Days.number(2023, 1, 1);
        for (uint16 year = 2023; year < 2027; ++year) {
            if (year - 2023 != gap % 8) _publishRandom(year, uint256(keccak256(abi.encode(seed, year))));
        }
        from = first - 1 + bound(from, 0, 1460);
        uint256 to = from + bound(length, 0, first + 1460 - from);
        (bool known, uint256 n) = calendar.workingDaysAfter(REGION, from, to);
        (bool expectedKnown, uint256 expected) = (true, 0);
        for (uint256 day = from + 1; day <= to; ++day) {
            (uint256 year,,) = Days.date(day);
            if (year - 2023 == gap % 8) expectedKnown = false;
            if (_works[day]) ++expected;
        }
        assertTrue(known == expectedKnown, "known");
        assertEq(n, known ? expected : 0);
        assertTrue(calendar.isWorkingDay(REGION, to) == _works[to] || to < first, "day");
        (, uint256 trading) = calendar.tradingDaysAfter(REGION, from, to);
        assertTrue(trading <= n, "trading beyond working");
    }

    /// @dev Closing a day ahead never makes a period shorter.
    function testFuzzAClosureOnlyLengthens(uint256 seed, uint256 from, uint256 to, uint256 closed, bool trading) public {
        publishWeekdays();
        from = bound(from, NEW_YEAR, NEW_YEAR + 364);
        to = bound(to, from, NEW_YEAR + 364);
        uint32 day = uint32(bound(closed, TODAY + 1, NEW_YEAR + 364));
        (, uint256 before) = calendar.workingDaysAfter(REGION, from, to);
        (, uint256 tradingBefore) = calendar.tradingDaysAfter(REGION, from, to);
        _close(_one(day), seed % 2 == 0, trading || seed % 2 != 0);
        (, uint256 n) = calendar.workingDaysAfter(REGION, from, to);
        assertTrue(n <= before && before - n <= 1, "working");
        (, n) = calendar.tradingDaysAfter(REGION, from, to);
        assertTrue(n <= tradingBefore && tradingBefore - n <= 1, "trading");
    }

    // ---- helpers

    function _publishRandom(uint16 year, uint256 seed) private {
        uint256 first = Days.number(year, 1, 1);
        uint256 length = Days.number(year + 1, 1, 1) - first;
        uint256[2] memory working = [seed | 1, uint256(keccak256(abi.encode(seed))) & ((1 << (length - 256)) - 1)];
        for (uint256 i = 0; i < length; ++i) _works[first + i] = working[i >> 8] >> (i & 255) & 1 == 1;
        publish(year, working, [working[0] & seed >> 1, working[1] & seed >> 1]);
    }

    function _refuseYear(uint16 year, uint256[2] memory working, uint256[2] memory trading) private {
        Authorisation memory auth = toPublish(REGION, year, working, trading, SHENZHEN);
        vm.expectRevert(abi.encodeWithSelector(ICalendar.CalendarYear.selector, year));
        calendar.publishYear(REGION, year, working, trading, evidence(), auth);
    }

    function _close(uint32[] memory numbers, bool working, bool trading) private {
        calendar.closeDays(REGION, numbers, working, trading, evidence(), toClose(REGION, numbers, working, trading, SHENZHEN));
    }

    function _expectCount(uint256 from, uint256 to, bool known, uint256 n) private view {
        (bool k, uint256 found) = calendar.workingDaysAfter(REGION, from, to);
        assertTrue(k == known, "known");
        assertEq(found, n);
    }

    function _one(uint32 day) private pure returns (uint32[] memory numbers) {
        numbers = new uint32[](1);
        numbers[0] = day;
    }

    function _set(uint256[2] memory words, uint256 place) private pure {
        words[place >> 8] |= 1 << (place & 255);
    }

    function _clear(uint256[2] memory words, uint256 place) private pure {
        words[place >> 8] &= ~(1 << (place & 255));
    }
}
