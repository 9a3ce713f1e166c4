// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Authorisation} from "../identity/IAuthorised.sol";
import {IInstitutionRegistry} from "../identity/IInstitutionRegistry.sol";
import {IInvestorBook} from "./IInvestorBook.sol";
import {IRegisterActions} from "./IRegisterActions.sol";
import {IRegisterLiens} from "./IRegisterLiens.sol";

/// @title The register of a market (登记簿): every security, who holds how much of it, and the rules that each change has to keep
/// @notice What the register says of a holder follows from `PositionChanged`: the seqs of a position have no gap, so two neighbours prove that
/// nothing happened between them. Acts on liens and on many positions are in two contracts beside this one, which work on its storage;
/// everybody calls this one.
interface IEquityRegister is IInvestorBook, IRegisterLiens, IRegisterActions {
    /// @notice Shares (股份), equity of an LLC (有限公司股权), convertible bonds (可转债), fund interests (基金份额), warrants (认股权).
    enum Form {
        Share,
        LlcEquity,
        ConvertibleBond,
        FundInterest,
        Warrant
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

    /// @param count holders, each with its addend
    /// @param liens how many liens were opened: the number of the newest
    struct Security {
        State state;
        bytes16 issuer;
        uint80 issued;
        uint32 count;
        uint16 liens;
        Terms terms;
    }

    /// @param encumbered how many of the units are pledged, frozen or locked
    /// @param lastBuy trading-day number of the last purchase, 0: none (docs/spec/register.md)
    /// @param lastSell the same for the last sale
    /// @param seq how many changes the position has seen
    /// @param addend what the holder's addend was when the position was last counted
    /// @param officer whether the lock-up of officers holds (董监高); `lockupOf` has its numbers
    /// @param unconfirmed whether ownership has yet to be confirmed (未确权)
    /// @param lots how many lots the encumbered units are in
    struct Position {
        uint80 units;
        uint80 encumbered;
        uint16 lastBuy;
        uint16 lastSell;
        uint32 seq;
        uint16 addend;
        bool officer;
        bool unconfirmed;
        uint8 lots;
    }

    /// @param base units at the officer's first change of the year
    /// @param sold units parted with in the year, of a quarter of the base
    /// @param year in Shanghai
    /// @param lockedUntil last day on which one who left may part with nothing; 0 while serving
    struct Lockup {
        uint80 base;
        uint80 sold;
        uint16 year;
        uint24 lockedUntil;
    }

    /// @param last the last investor that the action met
    struct Bonus {
        bytes16 last;
        uint32 numerator;
        uint32 denominator;
    }

    event SecurityOpened(
        bytes16 indexed security, bytes16 indexed issuer, uint32 issuerRegion, Terms terms, bytes32 commitment, bytes32 leaf
    );
    event TermsChanged(bytes16 indexed security, Terms terms, bytes32 commitment, bytes32 leaf);
    event StateSet(bytes16 indexed security, State before, State state, bytes32 commitment, bytes32 leaf);
    event Issued(bytes16 indexed security, uint256 units, uint256 issued, bytes32 commitment, bytes32 leaf);
    event Recounted(
        bytes16 indexed security, bytes16 indexed investor, uint256 count, bytes32 commitment, bytes32 leaf
    );

    error RegisterSecurityExists(bytes16 security);
    /// @notice No security of an issuer from elsewhere (REM-12).
    error RegisterOutOfProvince(uint32 issuerRegion);
    /// @notice Units issued and capital differ, so custody cannot begin.
    error RegisterCapital(uint256 issued, uint256 capital);

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

    /// @notice Units that an act could take now: those in no lot, and those in lots whose liens are all over.
    function availableOf(bytes16 security, bytes16 investor) external view returns (uint256 units);

    /// @notice The lots of a position, one word each (`LotsChanged`); liens that are over may still be in them.
    function lotsOf(bytes16 security, bytes16 investor) external view returns (uint256[] memory lots);

    /// @notice All zero when there is no such lien.
    function lienOf(bytes16 security, uint16 number) external view returns (Lien memory);

    /// @notice All zero for one who never was an officer, or whose lock-up was found to be over.
    function lockupOf(bytes16 security, bytes16 investor) external view returns (Lockup memory);

    /// @notice How far a bonus has come; all zero before it began.
    function bonusOf(bytes16 security, bytes16 action) external view returns (Bonus memory);
}
