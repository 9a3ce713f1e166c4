// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICalendar} from "../calendar/ICalendar.sol";
import {Authorisation} from "../identity/IAuthorised.sol";
import {IInstitutionRegistry} from "../identity/IInstitutionRegistry.sol";
import {IInvestorBook} from "./IInvestorBook.sol";

/// @title The register of a market (登记簿): every security, who holds how much of it, and the rules that each change has to keep
/// @notice An act is refused by the first rule that it breaks, in the order of docs/spec/register.md; nothing is ever cut down to fit.
/// What the register says of a holder follows from `PositionChanged`: the seqs of a position have no gap, so two neighbours prove that
/// nothing happened between them.
interface IEquityRegister is IInvestorBook {
    /// @dev The numbers of this and the next two are part of the typed data.
    enum State {
        None,
        Registering,
        Custodied,
        Suspended,
        Exited
    }

    /// @notice Shares (股份), equity of an LLC (有限公司股权), convertible bonds (可转债), fund interests (基金份额), warrants (认股权).
    enum Form {
        Share,
        LlcEquity,
        ConvertibleBond,
        FundInterest,
        Warrant
    }

    /// @notice Why units go from one holder to another: agreed transfer (协议转让), gift (赠与), inheritance (继承), division of what was common
    /// (分割), merger or end of the holder (法人终止), court (司法过户).
    enum Reason {
        Agreed,
        Gift,
        Inheritance,
        Division,
        Succession,
        Judicial
    }

    /// @param form what the security is
    /// @param kinds bits 1 << kind of the investors who may acquire it by agreement
    /// @param cap most holders that agreed acts may lead to, looked through (REM-04: 200; an LLC 50; a partnership 50)
    /// @param grandfathered holders that the issuer lawfully had when it came into custody: its first registration may reach that number
    /// @param interval trading days between opposite acts of one investor (REM-10: 5); 0: none
    /// @param subscriptionCounts whether a subscription starts the interval as a purchase does
    /// @param basis what the cap rests on, e.g. "REM-04", in ASCII
    struct Terms {
        Form form;
        uint16 kinds;
        uint32 cap;
        uint32 grandfathered;
        uint8 interval;
        bool subscriptionCounts;
        bytes16 basis;
    }

    struct Opening {
        bytes16 security;
        bytes16 issuer;
        uint32 issuerRegion;
        Terms terms;
    }

    struct Transfer {
        bytes16 security;
        bytes16 from;
        bytes16 to;
        uint80 units;
        Reason reason;
    }

    /// @param count holders, each with its addend
    struct Security {
        State state;
        bytes16 issuer;
        uint80 issued;
        uint32 count;
        Terms terms;
    }

    /// @param encumbered how many of the units are pledged, frozen or locked
    /// @param lastBuy trading-day number of the last purchase, 0: none (docs/spec/register.md)
    /// @param lastSell the same for the last sale
    /// @param seq how many changes the position has seen
    /// @param addend what the holder's addend was when the position was last counted
    struct Position {
        uint80 units;
        uint80 encumbered;
        uint16 lastBuy;
        uint16 lastSell;
        uint32 seq;
        uint16 addend;
    }

    event SecurityOpened(
        bytes16 indexed security, bytes16 indexed issuer, uint32 issuerRegion, Terms terms, bytes32 commitment, bytes32 leaf
    );
    event TermsChanged(bytes16 indexed security, Terms terms, bytes32 commitment, bytes32 leaf);
    event StateSet(bytes16 indexed security, State before, State state, bytes32 commitment, bytes32 leaf);
    event Issued(bytes16 indexed security, uint256 units, uint256 issued, bytes32 commitment, bytes32 leaf);
    /// @notice Units went from one holder to another: the two `PositionChanged` before this event, the giver's first.
    event Transferred(bytes16 indexed security, uint256 units, Reason reason, bytes32 commitment, bytes32 leaf);
    event Recounted(
        bytes16 indexed security, bytes16 indexed investor, uint256 count, bytes32 commitment, bytes32 leaf
    );
    /// @notice A position as it is from now on: units | encumbered << 80 | lastBuy << 160 | lastSell << 176 | seq << 192 | addend << 224. The
    /// event of the act follows in the same transaction.
    event PositionChanged(bytes16 indexed security, bytes16 indexed investor, uint256 position);
    /// @notice For the eyes of the regulator: an act that may not be refused raised the count beyond the cap.
    event CapExceeded(bytes16 indexed security, uint256 count, uint256 cap);

    error RegisterSecurityExists(bytes16 security);
    error RegisterState(bytes16 security, State state);
    /// @notice No security of an issuer from elsewhere (REM-12).
    error RegisterOutOfProvince(uint32 issuerRegion);
    error RegisterSelf(bytes16 investor);
    /// @notice The security may not be acquired by investors of this kind.
    error RegisterKind(bytes16 investor, Kind kind, uint256 kinds);
    /// @notice Suitability (REM-06) ended before today, or was never proven.
    error RegisterUnsuitable(bytes16 investor, uint256 until, uint256 today);
    /// @notice So few trading days have passed since the opposite act (REM-10).
    error RegisterInterval(bytes16 investor, uint256 elapsed, uint256 interval);
    /// @notice The calendar does not know the days from the register's last one until today.
    error RegisterCalendar(uint256 fromDay, uint256 today);
    error RegisterUnits(uint256 wanted, uint256 free);
    /// @notice The act would raise the number of holders to `count` (REM-04).
    error RegisterCap(uint256 count, uint256 cap);
    /// @notice Units issued and capital differ, so custody cannot begin.
    error RegisterCapital(uint256 issued, uint256 capital);
    error RegisterLengths();

    /// @notice Opens a security for its first registration.
    function openSecurity(
        Opening calldata opening,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external;

    /// @notice Changes the terms of a security. Needs a checker's and the regulator's authorisation.
    function changeTerms(
        bytes16 security,
        Terms calldata terms,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external;

    /// @notice Ends the first registration: custody begins when the units issued are the registered capital.
    function admit(
        bytes16 security,
        uint80 capital,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external;

    /// @notice Suspends a custodied security, takes it up again, or (finally) lets it exit. The service sees to what an exit asks for besides.
    function setState(
        bytes16 security,
        State state,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external;

    /// @notice Registers new units. During the first registration those who hold already are entered, whoever they are; afterwards this is a
    /// subscription and keeps the rules of an agreed act.
    function issue(
        bytes16 security,
        bytes16[] calldata investors,
        uint80[] calldata units,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external;

    /// @notice Moves free units. A gift keeps the cap; inheritance, division, succession and court keep no rule of agreed acts, and the court's
    /// needs the authorisation of its liaison (`register.court-liaison`).
    function transfer(
        Transfer calldata act,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external;

    /// @notice Counts a position with the addend that its holder has now.
    function recount(
        bytes16 security,
        bytes16 investor,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external;

    /// @notice All zero when there is no such security.
    function securityOf(bytes16 id) external view returns (Security memory);

    function positionOf(bytes16 security, bytes16 investor) external view returns (Position memory);

    /// @notice Counts the trading days.
    function calendar() external view returns (ICalendar);
}
