// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Authorisation, IAuthorised} from "../identity/IAuthorised.sol";
import {IInstitutionRegistry} from "../identity/IInstitutionRegistry.sol";

/// @title Rulebooks (规则手册): tables of a region's transitions, pinned by hash
/// @notice A rulebook never changes; another version is another rulebook. Which bits of a rule mean what is said in docs/spec/pilot.md.
interface IRulebookRegistry is IAuthorised {
    enum Status {
        None,
        Active,
        Retired
    }

    /// @notice A transition: in state `from` (0: no project yet) the action whose name has this keccak256 goes by this packed rule.
    struct Entry {
        uint8 from;
        bytes32 action;
        uint256 rule;
    }

    /// @param log the evidence log of the region's pilots, as EvidenceLog knows it
    /// @param document SHA-256 of the canonical JSON of the rulebook and its settings
    /// @param bodies keccak256 of the names of the roles that rules refer to
    struct Rulebook {
        uint32 region;
        bytes32 log;
        string version;
        bytes32 document;
        bytes32[] bodies;
        Entry[] table;
    }

    /// @notice What is kept of a rulebook beside its table.
    struct Summary {
        Status status;
        uint32 region;
        bytes32 log;
        bytes32 document;
    }

    event RulebookActivated(
        bytes32 indexed rulebook,
        uint32 indexed region,
        string version,
        bytes32 log,
        bytes32 document,
        bytes32 commitment,
        bytes32 leaf
    );
    event RulebookRetired(bytes32 indexed rulebook, bytes32 commitment, bytes32 leaf);

    error RulebookNotCompetent(address signer, uint32 region);
    error RulebookZero();
    error RulebookExists(bytes32 rulebook);
    error RulebookUnknown(bytes32 rulebook);
    error RulebookIsRetired(bytes32 rulebook);
    /// @notice More bodies than a rule can name.
    error RulebookBodies(uint256 count);
    /// @notice The entry at this place of the table is no rule, or there was one before for the same state and action.
    error RulebookRule(uint256 index);

    /// @notice Makes a rulebook the law of new projects that name it. Signed by the authority of its region.
    function activate(
        Rulebook calldata book,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation calldata auth
    ) external;

    /// @notice No new projects under this rulebook; those that there are stay under it. Signed by the authority of its region.
    function retire(bytes32 rulebook, IInstitutionRegistry.Evidence calldata evidence, Authorisation calldata auth) external;

    /// @notice Says who is a region's authority.
    function registry() external view returns (IInstitutionRegistry);

    /// @notice All zero for an unknown rulebook.
    function summaryOf(bytes32 rulebook) external view returns (Summary memory);

    /// @notice The packed rule for an action (by the keccak256 of its name) in a state, zero when there is none, and the role that it
    /// names, zero when the lead institution acts.
    function ruleOf(bytes32 rulebook, uint8 from, bytes32 action) external view returns (uint256 rule, bytes32 role);

    /// @notice keccak256(abi.encode(region, log, version, document, bodies, table)).
    function idOf(Rulebook calldata book) external pure returns (bytes32);
}
