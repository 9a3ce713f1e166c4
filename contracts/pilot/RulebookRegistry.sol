// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Authorisation} from "../identity/IAuthorised.sol";
import {Authorised} from "../identity/Authorised.sol";
import {IInstitutionRegistry} from "../identity/IInstitutionRegistry.sol";
import {IRulebookRegistry} from "./IRulebookRegistry.sol";
import {Rules} from "./Rules.sol";

/// @title Rulebooks (规则手册)
contract RulebookRegistry is IRulebookRegistry, Authorised {
    bytes32 private constant ACTIVATE = keccak256(
        "ActivateRulebook(bytes32 rulebook,uint32 region,string version,bytes32 log,bytes32 document,"
        "bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)"
    );
    bytes32 private constant RETIRE =
        keccak256("RetireRulebook(bytes32 rulebook,bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)");
    uint256 private constant MAX_BODIES = 255;

    /// @inheritdoc IRulebookRegistry
    IInstitutionRegistry public immutable registry;

    mapping(bytes32 rulebook => Summary) private _summaries;
    mapping(bytes32 rulebook => mapping(uint256 number => bytes32 role)) private _bodies;
    mapping(bytes32 rulebook => mapping(uint8 from => mapping(bytes32 action => uint256 rule))) private _rules;

    /// @param registry_ says who is a region's authority
    constructor(IInstitutionRegistry registry_) EIP712("regseal RulebookRegistry", "1") {
        if (address(registry_).code.length == 0) revert RulebookZero();
        registry = registry_;
    }

    /// @inheritdoc IRulebookRegistry
    function activate(
        Rulebook calldata book,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation calldata auth
    ) external {
        bytes32 id = idOf(book);
        _authorise(
            ACTIVATE,
            abi.encode(id, book.region, keccak256(bytes(book.version)), book.log, book.document, evidence),
            auth
        );
        _requireCompetent(book.region, auth.signer, evidence);
        if (_summaries[id].status != Status.None) revert RulebookExists(id);
        if (book.log == 0 || book.document == 0 || bytes(book.version).length == 0 || book.table.length == 0) {
            revert RulebookZero();
        }
        _summaries[id] = Summary(Status.Active, book.region, book.log, book.document);
        _keepBodies(id, book.bodies);
        _keepTable(id, book.table, book.bodies.length);
        emit RulebookActivated(
            id, book.region, book.version, book.log, book.document, evidence.commitment, evidence.leaf
        );
    }

    /// @inheritdoc IRulebookRegistry
    function retire(bytes32 rulebook, IInstitutionRegistry.Evidence calldata evidence, Authorisation calldata auth) external {
        _authorise(RETIRE, abi.encode(rulebook, evidence), auth);
        Summary storage summary = _summaries[rulebook];
        if (summary.status == Status.None) revert RulebookUnknown(rulebook);
        _requireCompetent(summary.region, auth.signer, evidence);
        if (summary.status == Status.Retired) revert RulebookIsRetired(rulebook);
        summary.status = Status.Retired;
        emit RulebookRetired(rulebook, evidence.commitment, evidence.leaf);
    }

    /// @inheritdoc IRulebookRegistry
    function summaryOf(bytes32 rulebook) external view returns (Summary memory) {
        return _summaries[rulebook];
    }

    /// @inheritdoc IRulebookRegistry
    function ruleOf(bytes32 rulebook, uint8 from, bytes32 action) external view returns (uint256 rule, bytes32 role) {
        rule = _rules[rulebook][from][action];
        uint256 body = Rules.body(rule);
        if (body != 0) role = _bodies[rulebook][body];
    }

    /// @inheritdoc IRulebookRegistry
    function idOf(Rulebook calldata book) public pure returns (bytes32) {
        return keccak256(abi.encode(book.region, book.log, book.version, book.document, book.bodies, book.table));
    }

    function _keepBodies(bytes32 id, bytes32[] calldata bodies) private {
        if (bodies.length > MAX_BODIES) revert RulebookBodies(bodies.length);
        for (uint256 i = 0; i < bodies.length; ++i) {
            if (bodies[i] == 0) revert RulebookZero();
            _bodies[id][i + 1] = bodies[i];
        }
    }

    function _keepTable(bytes32 id, Entry[] calldata table, uint256 bodies) private {
        for (uint256 i = 0; i < table.length; ++i) {
            Entry calldata entry = table[i];
            if (!Rules.isWellFormed(entry.rule, entry.from, bodies)) revert RulebookRule(i);
            if (_rules[id][entry.from][entry.action] != 0) revert RulebookRule(i);
            _rules[id][entry.from][entry.action] = entry.rule;
        }
    }

    function _requireCompetent(uint32 region, address signer, IInstitutionRegistry.Evidence calldata evidence) private view {
        if (signer != registry.regionalAuthority(region)) revert RulebookNotCompetent(signer, region);
        if (evidence.commitment == 0 || evidence.leaf == 0) revert RulebookZero();
    }
}
