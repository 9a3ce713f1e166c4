// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Authorisation} from "../identity/IAuthorised.sol";
import {Authorised} from "../identity/Authorised.sol";
import {IInstitutionRegistry} from "../identity/IInstitutionRegistry.sol";
import {Days} from "./Days.sol";
import {ICalendar} from "./ICalendar.sol";

/// @title Working days (工作日) and trading days (交易日) of a region
contract Calendar is ICalendar, Authorised {
    bytes32 private constant PUBLISH = keccak256(
        "PublishCalendarYear(uint32 region,uint16 year,uint256[2] working,uint256[2] trading,"
        "bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)"
    );
    bytes32 private constant CLOSE = keccak256(
        "CloseCalendarDays(uint32 region,uint32[] numbers,bool working,bool trading,"
        "bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)"
    );
    /// @dev Beside the days in a year's second word: the year was published.
    uint256 private constant PUBLISHED = 1 << 255;
    uint256 private constant FIRST_YEAR = 1970;

    struct Year {
        uint256[2] working;
        uint256[2] trading;
    }

    /// @inheritdoc ICalendar
    IInstitutionRegistry public immutable registry;

    mapping(uint32 region => mapping(uint256 year => Year)) private _years;

    /// @param registry_ says who is a region's authority
    constructor(IInstitutionRegistry registry_) EIP712("regseal Calendar", "1") {
        if (address(registry_).code.length == 0) revert CalendarZero();
        registry = registry_;
    }

    /// @inheritdoc ICalendar
    function publishYear(
        uint32 region,
        uint16 year,
        uint256[2] calldata working,
        uint256[2] calldata trading,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation calldata auth
    ) external {
        _authorise(
            PUBLISH,
            abi.encode(
                region, year, keccak256(abi.encodePacked(working)), keccak256(abi.encodePacked(trading)), evidence
            ),
            auth
        );
        _requireCompetent(region, auth.signer, evidence);
        Year storage entry = _years[region][year];
        if (entry.working[1] & PUBLISHED != 0) revert CalendarPublishedBefore(region, year);
        if (!_isYear(year, working, trading)) revert CalendarYear(year);
        for (uint256 i = 0; i < 2; ++i) (entry.working[i], entry.trading[i]) = (working[i], trading[i]);
        entry.working[1] |= PUBLISHED;
        entry.trading[1] |= PUBLISHED;
        emit CalendarPublished(region, year, working, trading, evidence.commitment, evidence.leaf);
    }

    /// @inheritdoc ICalendar
    function closeDays(
        uint32 region,
        uint32[] calldata numbers,
        bool working,
        bool trading,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation calldata auth
    ) external {
        _authorise(
            CLOSE, abi.encode(region, keccak256(abi.encodePacked(numbers)), working, trading, evidence), auth
        );
        _requireCompetent(region, auth.signer, evidence);
        if (numbers.length == 0 || !(working || trading)) revert CalendarZero();
        for (uint256 i = 0; i < numbers.length; ++i) _close(region, numbers[i], working);
        emit DaysClosed(region, numbers, working, trading, evidence.commitment, evidence.leaf);
    }

    /// @inheritdoc ICalendar
    function today() public view returns (uint256 day) {
        return Days.ofTime(block.timestamp);
    }

    /// @inheritdoc ICalendar
    function workingDaysAfter(uint32 region, uint256 fromDay, uint256 toDay) external view returns (bool known, uint256 n) {
        return _daysAfter(region, fromDay, toDay, false);
    }

    /// @inheritdoc ICalendar
    function tradingDaysAfter(uint32 region, uint256 fromDay, uint256 toDay) external view returns (bool known, uint256 n) {
        return _daysAfter(region, fromDay, toDay, true);
    }

    /// @inheritdoc ICalendar
    function isWorkingDay(uint32 region, uint256 day) external view returns (bool) {
        (uint256 year, uint256 first,) = Days.yearOf(day);
        return _isSet(_years[region][year].working, day - first);
    }

    /// @inheritdoc ICalendar
    function isTradingDay(uint32 region, uint256 day) external view returns (bool) {
        (uint256 year, uint256 first,) = Days.yearOf(day);
        return _isSet(_years[region][year].trading, day - first);
    }

    /// @inheritdoc ICalendar
    function yearOf(uint32 region, uint16 year) external view returns (uint256[2] memory working, uint256[2] memory trading) {
        Year memory entry = _years[region][year];
        (working, trading) = (entry.working, entry.trading);
        working[1] &= ~PUBLISHED;
        trading[1] &= ~PUBLISHED;
    }

    function _close(uint32 region, uint32 day, bool working) private {
        if (day <= today()) revert CalendarPast(day, today());
        (uint256 year, uint256 first,) = Days.yearOf(day);
        Year storage entry = _years[region][year];
        if (entry.working[1] & PUBLISHED == 0) revert CalendarUnknown(region, year);
        uint256 place = day - first;
        uint256 others = ~(1 << (place & 0xff));
        if (working) entry.working[place >> 8] &= others;
        entry.trading[place >> 8] &= others;
    }

    function _daysAfter(uint32 region, uint256 fromDay, uint256 toDay, bool trading)
        private
        view
        returns (bool known, uint256 n)
    {
        for (uint256 day = fromDay + 1; day <= toDay;) {
            (uint256 year, uint256 first, uint256 next) = Days.yearOf(day);
            uint256[2] memory words = trading ? _years[region][year].trading : _years[region][year].working;
            if (words[1] & PUBLISHED == 0) return (false, 0);
            n += Days.count(words, day - first, (toDay < next ? toDay : next - 1) - first);
            day = next;
        }
        return (true, n);
    }

    function _isSet(uint256[2] storage words, uint256 place) private view returns (bool) {
        return words[place >> 8] >> (place & 0xff) & 1 == 1;
    }

    function _isYear(uint256 year, uint256[2] calldata working, uint256[2] calldata trading) private pure returns (bool) {
        if (year < FIRST_YEAR || (working[0] | working[1]) == 0) return false;
        uint256 length = Days.number(year + 1, 1, 1) - Days.number(year, 1, 1);
        return (trading[0] & ~working[0]) | (trading[1] & ~working[1]) | (working[1] & ~Days.below(length, 1)) == 0;
    }

    function _requireCompetent(uint32 region, address signer, IInstitutionRegistry.Evidence calldata evidence) private view {
        if (signer != registry.regionalAuthority(region)) revert CalendarNotCompetent(signer, region);
        if (evidence.commitment == 0 || evidence.leaf == 0) revert CalendarZero();
    }
}
