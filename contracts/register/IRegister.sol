// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICalendar} from "../calendar/ICalendar.sol";
import {IAuthorised} from "../identity/IAuthorised.sol";
import {IInstitutionRegistry} from "../identity/IInstitutionRegistry.sol";

/// @title What every part of a market's register (登记簿) has in common: its words, who decides, and what its acts may be refused with
/// @notice The sender of every act is the market's operator (role `register.operator`). Whoever else must agree signs the same typed data
/// (docs/spec/register.md): its `auths` come along, in any order. Where the market is `checked`, each act needs a checker's
/// (`register.checker`), who is not the sender. An act is refused by the first rule that it breaks, in the order of that document; nothing
/// is ever cut down to fit.
interface IRegister is IAuthorised {
    /// @dev The numbers of this and the next enums are part of the typed data. A security permits kinds by the bits 1 << kind.
    enum Kind {
        None,
        Person,
        Company,
        Partnership,
        FinancialInstitution,
        Product,
        FiledFund,
        EmployeePlan
    }

    enum State {
        None,
        Registering,
        Custodied,
        Suspended,
        Exited
    }

    /// @notice Why units go from one holder to another: agreed transfer (协议转让), gift (赠与), inheritance (继承), division of what was common
    /// (分割), merger or end of the holder (法人终止), court (司法过户), a pledge that is enforced (实现质权; only `enforce` gives this reason).
    enum Reason {
        Agreed,
        Gift,
        Inheritance,
        Division,
        Succession,
        Judicial,
        Enforcement
    }

    /// @notice Pledge (质押), judicial freeze (司法冻结, 轮候冻结), lock (限售、自愿锁定、操作冻结).
    enum LienKind {
        None,
        Pledge,
        Freeze,
        Lock
    }

    struct Transfer {
        bytes16 security;
        bytes16 from;
        bytes16 to;
        uint80 units;
        Reason reason;
    }

    /// @notice A position as it is from now on: one word (docs/spec/register.md). The event of the act follows in the same transaction.
    event PositionChanged(bytes16 indexed security, bytes16 indexed investor, uint256 position);
    /// @notice Units went from one holder to another: the two `PositionChanged` before this event, the giver's first.
    event Transferred(bytes16 indexed security, uint256 units, Reason reason, bytes32 commitment, bytes32 leaf);
    /// @notice All lots of a position as they are from now on, one word each: units | the numbers of their liens by rank, 16 bits each, from
    /// bit 80. The position's next `PositionChanged` follows in the same transaction.
    event LotsChanged(bytes16 indexed security, bytes16 indexed investor, uint256[] lots);
    /// @notice A lien as it is from now on: kind | since << 8 | until << 48 | units << 72.
    event LienChanged(bytes16 indexed security, uint16 indexed number, uint256 lien);
    /// @notice The term of a lien is over, so it left a lot of so many units.
    event LienLapsed(bytes16 indexed security, bytes16 indexed investor, uint16 indexed number, uint256 units);
    /// @notice What an officer may sell, from now on: base | sold << 80 | year << 160 | lockedUntil << 176; 0: nothing is limited any more.
    event LockupChanged(bytes16 indexed security, bytes16 indexed investor, uint256 lockup);
    /// @notice For the eyes of the regulator: an act that may not be refused raised the count beyond the cap.
    event CapExceeded(bytes16 indexed security, uint256 count, uint256 cap);

    error RegisterNotOperator(address sender);
    /// @notice The act needs an authorisation of somebody who holds `role` and is not the sender.
    error RegisterNeeds(bytes32 role);
    /// @notice The act needs the authorisation of the pledgee (质权人同意).
    error RegisterConsent(address secured);
    error RegisterZero();
    error RegisterLengths();
    error RegisterInvestorUnknown(bytes16 investor);
    error RegisterState(bytes16 security, State state);
    error RegisterReason(Reason reason);
    error RegisterSelf(bytes16 investor);
    /// @notice The security may not be acquired by investors of this kind.
    error RegisterKind(bytes16 investor, Kind kind, uint256 kinds);
    /// @notice Suitability (REM-06) ended before today, or was never proven.
    error RegisterUnsuitable(bytes16 investor, uint256 until, uint256 today);
    /// @notice So few trading days have passed since the opposite act (REM-10).
    error RegisterInterval(bytes16 investor, uint256 elapsed, uint256 interval);
    /// @notice The calendar does not know the days from the register's last one until today.
    error RegisterCalendar(uint256 fromDay, uint256 today);
    /// @notice Ownership of the position has not been confirmed (未确权).
    error RegisterUnconfirmed(bytes16 investor);
    /// @notice An officer (董监高) may part with so many units only (REM-22).
    error RegisterLockup(bytes16 investor, uint256 wanted, uint256 left);
    /// @notice So many units are free for the act: in no lot, or under the lien as the act needs it.
    error RegisterUnits(uint256 wanted, uint256 free);
    /// @notice The act would raise the number of holders to `count` (REM-04).
    error RegisterCap(uint256 count, uint256 cap);
    /// @notice A day is not within the first and the last one that the act admits.
    error RegisterTerm(uint256 day, uint256 first, uint256 last);
    /// @notice A position has at most 63 lots, a lot at most eleven liens.
    error RegisterLots();
    /// @notice There is no such lien, or it has ended on these units.
    error RegisterLien(uint16 number);
    /// @notice This cannot be done with a lien of this kind.
    error RegisterLienKind(uint16 number, LienKind kind);

    /// @notice Says who holds which role.
    function registry() external view returns (IInstitutionRegistry);

    /// @notice Counts the trading days.
    function calendar() external view returns (ICalendar);

    /// @notice The market's region (GB/T 2260).
    function region() external view returns (uint32);

    /// @notice Whether every act of the operator needs a checker's authorisation (双人复核).
    function checked() external view returns (bool);
}
