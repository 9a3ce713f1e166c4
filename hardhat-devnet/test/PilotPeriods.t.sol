// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Days} from "../contracts/calendar/Days.sol";
import {IPilotLifecycle} from "../contracts/pilot/IPilotLifecycle.sol";
import {Rule} from "./support/Pilots.sol";
import {PilotTables} from "./support/PilotTables.sol";

/// @dev Public notices and terms of pilots, as their projects meet them.
contract PilotPeriodsTest is PilotTables {
    function setUp() public {
        foundTable();
    }

    // ---- the notice

    function testANoticeRunsForItsWorkingDays() public {
        _noticeTable(2);
        publishWeekdays();
        begin();
        refuse("comment", 0, OPERATOR, _notRunning(0, 0));
        refuse("close", 0, OPERATOR, _running(0, 0, false));
        step("notice", 0, OPERATOR); // on a Friday
        assertEq(standing().noticeFrom, TODAY);
        step("comment", 0, OPERATOR);
        refuse("close", 0, OPERATOR, _running(TODAY, 0, true));
        atDay(TODAY + 4); // Tuesday: Monday is over
        refuse("close", 0, OPERATOR, _running(TODAY, 1, true));
        step("comment", 0, OPERATOR);
        vm.warp(block.timestamp + 1 days - 1); // Tuesday's last second
        refuse("close", 0, OPERATOR, _running(TODAY, 1, true));
        step("comment", 0, OPERATOR);
        vm.warp(block.timestamp + 1);
        refuse("comment", 0, OPERATOR, _notRunning(TODAY, 2));
        step("close", 0, OPERATOR);
    }

    function testANoticeBeginsAnew() public {
        _noticeTable(1);
        publishWeekdays();
        begin();
        step("notice", 0, OPERATOR);
        atDay(TODAY + 10);
        step("notice", 0, OPERATOR);
        refuse("close", 0, OPERATOR, _running(TODAY + 10, 0, true));
    }

    function testWithoutACalendarNothingElapses() public {
        _noticeTable(1);
        begin();
        step("notice", 0, OPERATOR);
        atDay(TODAY + 300);
        refuse("close", 0, OPERATOR, _running(TODAY, 0, false));
        step("comment", 0, OPERATOR);
        publishWeekdays();
        refuse("comment", 0, OPERATOR, _notRunning(TODAY, 213));
        step("close", 0, OPERATOR);
        atDay(NEW_YEAR + 366); // 1 January 2028 is needed and not known
        refuse("close", 0, OPERATOR, _running(TODAY, 0, false));
    }

    function testADayClosedAheadLengthensTheNotice() public {
        _noticeTable(1);
        publishWeekdays();
        begin();
        step("notice", 0, OPERATOR);
        uint32[] memory monday = new uint32[](1);
        monday[0] = TODAY + 3;
        calendar.closeDays(REGION, monday, true, false, evidence(), toClose(REGION, monday, true, false, SHENZHEN));
        atDay(TODAY + 4);
        refuse("close", 0, OPERATOR, _running(TODAY, 0, true));
        atDay(TODAY + 5);
        step("close", 0, OPERATOR);
    }

    // ---- the end

    function testAnEndIsSetWithinItsLimit() public {
        _endTable();
        begin();
        uint64[3] memory wrong = [uint64(0), TODAY - 1, TODAY];
        for (uint256 i = 0; i < wrong.length; ++i) refuse("launch", wrong[i], OPERATOR, _badValue(wrong[i]));
        refuse("free", uint64(1) << 24, OPERATOR, _badValue(uint64(1) << 24));
        uint64 limit = uint64(Days.number(2028, 1, 15));
        refuse("launch", limit + 1, OPERATOR, _beyond(limit + 1, limit));
        step("launch", limit, OPERATOR);
        assertEq(standing().endsOn, limit);
        step("free", (uint64(1) << 24) - 1, OPERATOR); // no limit
        assertEq(standing().endsOn, (1 << 24) - 1);
    }

    function testAnEndIsExtendedFromTheOldOne() public {
        _endTable();
        begin();
        refuse("extend", TODAY + 30, OPERATOR, _badValue(TODAY + 30)); // there is none
        step("launch", TODAY + 10, OPERATOR);
        refuse("extend", TODAY + 10, OPERATOR, _badValue(TODAY + 10));
        uint64 limit = uint64(Days.addMonths(TODAY + 10, 12));
        refuse("extend", limit + 1, OPERATOR, _beyond(limit + 1, limit));
        step("except", 0, OPERATOR);
        step("extend", limit + 1, OPERATOR);
        assertEq(standing().endsOn, limit + 1);
        refuse("extend", limit + 2, OPERATOR, abi.encodeWithSelector(IPilotLifecycle.PilotFlagsForbidden.selector, uint32(1)));
    }

    function testTheEndIsReachedTheDayAfter() public {
        _endTable();
        begin();
        refuse("finish", 0, OPERATOR, _notEnded(0));
        refuse("report", 0, OPERATOR, _ended(0));
        step("launch", TODAY + 2, OPERATOR);
        step("report", 0, OPERATOR);
        refuse("finish", 0, OPERATOR, _notEnded(TODAY + 2));
        atDay(TODAY + 2);
        step("report", 0, OPERATOR);
        refuse("finish", 0, OPERATOR, _notEnded(TODAY + 2));
        atDay(TODAY + 3);
        refuse("report", 0, OPERATOR, _ended(TODAY + 2));
        step("finish", 0, OPERATOR);
    }

    // ---- helpers

    function _noticeTable(uint16 noticeDays) private {
        Rule memory r = rule();
        r.effect = 1;
        add("notice", r);
        (r.effect, r.notice, r.guards) = (0, noticeDays, 1);
        add("comment", r);
        r.guards = 2;
        add("close", r);
    }

    function _endTable() private {
        Rule memory r = rule();
        (r.effect, r.months) = (2, 12);
        add("launch", r);
        r.months = 0;
        add("free", r);
        (r.effect, r.months, r.lift, r.forbidden, r.set) = (3, 12, 2, 1, 1);
        add("extend", r);
        r = rule();
        r.set = 2;
        add("except", r);
        r = rule();
        r.guards = 4;
        add("finish", r);
        r.guards = 8;
        add("report", r);
    }

    function _badValue(uint64 value) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IPilotLifecycle.PilotValue.selector, value);
    }

    function _beyond(uint64 value, uint256 limit) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IPilotLifecycle.PilotTerm.selector, value, limit);
    }

    function _notRunning(uint32 from, uint256 counted) private view returns (bytes memory) {
        return abi.encodeWithSelector(IPilotLifecycle.PilotNoticeNotRunning.selector, from, _days(), counted);
    }

    function _running(uint32 from, uint256 counted, bool known) private view returns (bytes memory) {
        return abi.encodeWithSelector(IPilotLifecycle.PilotNoticeRunning.selector, from, _days(), counted, known);
    }

    function _days() private view returns (uint16) {
        return uint16(table[2].rule >> 48);
    }

    function _notEnded(uint32 endsOn) private view returns (bytes memory) {
        return abi.encodeWithSelector(IPilotLifecycle.PilotNotEnded.selector, endsOn, calendar.today());
    }

    function _ended(uint32 endsOn) private view returns (bytes memory) {
        return abi.encodeWithSelector(IPilotLifecycle.PilotEnded.selector, endsOn, calendar.today());
    }
}
