// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Authorisation, IAuthorised} from "../identity/IAuthorised.sol";
import {IInstitutionRegistry} from "../identity/IInstitutionRegistry.sol";

/// @title Working days (工作日) and trading days (交易日) of a region
/// @notice A day is the number of days since 1970-01-01 and changes at midnight in Shanghai. A year is published once, by the region's
/// authority, and from then on days can only be closed, and only such as are still ahead: a period that runs can become longer, never
/// shorter. A year that is not published is not known, and nothing that counts days in it has elapsed.
interface ICalendar is IAuthorised {
    event CalendarPublished(
        uint32 indexed region,
        uint16 indexed year,
        uint256[2] working,
        uint256[2] trading,
        bytes32 commitment,
        bytes32 leaf
    );
    event DaysClosed(uint32 indexed region, uint32[] numbers, bool working, bool trading, bytes32 commitment, bytes32 leaf);

    error CalendarNotCompetent(address signer, uint32 region);
    error CalendarZero();
    error CalendarPublishedBefore(uint32 region, uint16 year);
    /// @notice A day beyond the year, a trading day that is no working day, a year without days, or one before 1970.
    error CalendarYear(uint16 year);
    error CalendarUnknown(uint32 region, uint256 year);
    /// @notice The day is today or over.
    error CalendarPast(uint32 day, uint256 today);

    /// @notice Publishes a year of a region. Bit i of the two words is the i-th day of the year, from 0; make-up days (调休上班日) are working
    /// days and no trading days. Signed by the authority of the region.
    function publishYear(
        uint32 region,
        uint16 year,
        uint256[2] calldata working,
        uint256[2] calldata trading,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation calldata auth
    ) external;

    /// @notice Closes days after today, of years that are published: as trading days, or as working days and with that as trading days.
    /// A day that is closed stays closed. Signed by the authority of the region.
    function closeDays(
        uint32 region,
        uint32[] calldata numbers,
        bool working,
        bool trading,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation calldata auth
    ) external;

    /// @notice Says who is a region's authority.
    function registry() external view returns (IInstitutionRegistry);

    /// @notice Today's number, in Shanghai.
    function today() external view returns (uint256 day);

    /// @notice How many working days `n` there are after day `fromDay` up to and with day `toDay`; not `known` when a year of these days is
    /// not published. None, and known, when `toDay` is not later.
    /// @dev A period of n working days from a day (which does not count) is over on day t when this says n for (day, t - 1].
    function workingDaysAfter(uint32 region, uint256 fromDay, uint256 toDay) external view returns (bool known, uint256 n);

    /// @notice The same for trading days.
    function tradingDaysAfter(uint32 region, uint256 fromDay, uint256 toDay) external view returns (bool known, uint256 n);

    /// @notice False too when the year is not known.
    function isWorkingDay(uint32 region, uint256 day) external view returns (bool);

    /// @notice False too when the year is not known.
    function isTradingDay(uint32 region, uint256 day) external view returns (bool);

    /// @notice A year as it is now, closures included; zero when it is not known.
    function yearOf(uint32 region, uint16 year) external view returns (uint256[2] memory working, uint256[2] memory trading);
}
