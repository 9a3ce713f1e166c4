// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Authorisation} from "../identity/IAuthorised.sol";
import {IInstitutionRegistry} from "../identity/IInstitutionRegistry.sol";
import {IRegister} from "./IRegister.sol";

/// @title Investors of one market (投资者账户): pseudonyms, what kind of holder each is, suitability, and whom each stands for
/// @notice An investor has one pseudonym in a market: sixteen random bytes. Who that is, the chain does not know.
interface IInvestorBook is IRegister {
    /// @param suitableUntil last day of a proven suitability (合格投资者), inclusive; 0: none was proven
    /// @param addend how many holders stand behind this one beyond itself (穿透计算)
    struct Investor {
        Kind kind;
        uint24 suitableUntil;
        uint16 addend;
    }

    event InvestorOpened(
        bytes16 indexed investor, Kind kind, uint24 suitableUntil, uint16 addend, bytes32 commitment, bytes32 leaf
    );
    event SuitabilitySet(bytes16 indexed investor, uint24 until, bytes32 commitment, bytes32 leaf);
    event AddendSet(bytes16 indexed investor, uint16 before, uint16 addend, bytes32 commitment, bytes32 leaf);

    error RegisterInvestorExists(bytes16 investor);

    /// @notice Opens an investor's account under its pseudonym. The kind is final.
    function openInvestor(
        bytes16 id,
        Investor calldata details,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external;

    /// @notice Says until when an investor has proven to be suitable; a day that is over takes suitability away.
    function setSuitability(
        bytes16 id,
        uint24 until,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external;

    /// @notice Says how many holders stand behind an investor beyond itself. To raise it is the operator's own act, so that what look-through
    /// finds counts at once; to lower it takes a checker's and the regulator's (`register.regulator`) authorisation.
    /// @dev Positions count the new number from their next change or `recount` on.
    function setAddend(
        bytes16 id,
        uint16 addend,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external;

    /// @notice All zero when there is no such investor.
    function investorOf(bytes16 id) external view returns (Investor memory);
}
