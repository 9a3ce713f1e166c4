// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Authorisation} from "../identity/IAuthorised.sol";
import {IInstitutionRegistry} from "../identity/IInstitutionRegistry.sol";
import {IRegister} from "./IRegister.sol";

/// @title Acts on many positions at once, and on what a position is
interface IRegisterActions is IRegister {
    /// @notice Transfers of one security for one reason: the lists are of equal length.
    struct Batch {
        bytes16 security;
        Reason reason;
        bytes16[] from;
        bytes16[] to;
        uint80[] units;
    }

    /// @notice Investors to be opened together: the lists are of equal length.
    struct Openings {
        bytes16[] investors;
        Kind[] kinds;
        uint24[] suitableUntil;
        uint16[] addends;
    }

    /// @param action sixteen random bytes, the same in each call of one bonus
    /// @param investors in ascending order, within a call and from call to call
    struct Payout {
        bytes16 security;
        bytes16 action;
        uint32 numerator;
        uint32 denominator;
        bytes16[] investors;
    }

    /// @notice So many positions are confirmed now, or are not: the `PositionChanged` before.
    event Confirmed(bytes16 indexed security, uint256 holders, bool confirmed, bytes32 commitment, bytes32 leaf);
    /// @param until last day on which one who has left may part with nothing; 0 while serving
    event OfficerSet(
        bytes16 indexed security, bytes16 indexed investor, bool serving, uint24 until, bytes32 commitment, bytes32 leaf
    );
    event BonusPaid(
        bytes16 indexed security, bytes16 indexed action, uint256 units, uint256 issued, bytes32 commitment, bytes32 leaf
    );
    event Cancelled(bytes16 indexed security, uint256 units, uint256 issued, bytes32 commitment, bytes32 leaf);

    /// @notice The position is what it is to become.
    error RegisterConfirmed(bytes16 investor, bool confirmed);
    /// @notice An action goes through the holders in the order of their pseudonyms, so that it meets each once; this one is not after `last`.
    error RegisterOrder(bytes16 investor, bytes16 last);
    /// @notice The action began with another ratio.
    error RegisterRatio(uint32 numerator, uint32 denominator);

    /// @notice Opens many investors' accounts, all or none, each as `openInvestor` does: a register that begins has its holders already.
    function openInvestors(
        Openings calldata openings,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external;

    /// @notice Moves units of one security, all or none, each transfer as `transfer` does. One signature authorises them all.
    function transferBatch(
        Batch calldata acts,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external;

    /// @notice Says that ownership of positions is confirmed (确权), or, during the first registration only, that it is not yet.
    function confirm(
        bytes16 security,
        bytes16[] calldata investors,
        bool confirmed,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external;

    /// @notice Says that a holder is a director, supervisor or senior manager (董监高) of the issuer, or that it left on a day. An officer parts
    /// with a quarter of its units a year at most, one who left with none for six months (公司法 160); the first needs nobody, the second a
    /// checker.
    /// @param leftOn the day of leaving; 0 while serving
    function setOfficer(
        bytes16 security,
        bytes16 investor,
        bool serving,
        uint24 leftOn,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external;

    /// @notice Gives each holder `numerator` units for `denominator` that it has (送股、转增), fractions dropped, for its free units and for each of its
    /// lots, whose liens cover the new units too (民法典 430). An action may take several calls; it meets each position once.
    function bonus(
        Payout calldata payout,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external;

    /// @notice Cancels free units (减资、注销). Needs a checker's authorisation in every market.
    function cancel(
        bytes16 security,
        bytes16[] calldata investors,
        uint80[] calldata units,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external;
}
