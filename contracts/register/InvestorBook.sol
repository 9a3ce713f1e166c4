// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Authorisation} from "../identity/IAuthorised.sol";
import {IInstitutionRegistry} from "../identity/IInstitutionRegistry.sol";
import {IInvestorBook} from "./IInvestorBook.sol";
import {RegisterStorage} from "./RegisterStorage.sol";

/// @title Investors of one market (投资者账户)
/// @dev Part of the register rather than a contract of its own: a call to another one would cost each transfer 3,300 gas.
abstract contract InvestorBook is IInvestorBook, RegisterStorage {
    bytes32 private constant OPEN_INVESTOR = keccak256(
        "OpenInvestor(bytes16 investor,uint8 kind,uint24 suitableUntil,uint16 addend,"
        "bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)"
    );
    bytes32 private constant SET_SUITABILITY = keccak256(
        "SetSuitability(bytes16 investor,uint24 until,bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)"
    );
    bytes32 private constant SET_ADDEND = keccak256(
        "SetAddend(bytes16 investor,uint16 addend,bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)"
    );

    /// @inheritdoc IInvestorBook
    function openInvestor(
        bytes16 id,
        Investor calldata details,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external {
        _begin(evidence);
        _agree(OPEN_INVESTOR, abi.encode(id, details, evidence), auths);
        _openInvestor(id, details.kind, details.suitableUntil, details.addend);
        emit InvestorOpened(
            id, details.kind, details.suitableUntil, details.addend, evidence.commitment, evidence.leaf
        );
    }

    /// @inheritdoc IInvestorBook
    function setSuitability(
        bytes16 id,
        uint24 until,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external {
        _begin(evidence);
        _agree(SET_SUITABILITY, abi.encode(id, until, evidence), auths);
        _investors[id] = _known(id) & ~(uint256(type(uint24).max) << SUITABLE) | uint256(until) << SUITABLE;
        emit SuitabilitySet(id, until, evidence.commitment, evidence.leaf);
    }

    /// @inheritdoc IInvestorBook
    function setAddend(
        bytes16 id,
        uint16 addend,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external {
        _begin(evidence);
        _authoriseAll(SET_ADDEND, abi.encode(id, addend, evidence), auths);
        uint256 word = _known(id);
        uint16 before = uint16(word >> ADDEND);
        if (addend < before) {
            _requireRole(CHECKER, auths);
            _requireRole(REGULATOR, auths);
        }
        _investors[id] = uint32(word) | uint256(addend) << ADDEND;
        emit AddendSet(id, before, addend, evidence.commitment, evidence.leaf);
    }

    /// @inheritdoc IInvestorBook
    function investorOf(bytes16 id) external view returns (Investor memory) {
        uint256 word = _investors[id];
        return Investor(Kind(uint8(word)), uint24(word >> SUITABLE), uint16(word >> ADDEND));
    }
}
