// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ICalendar} from "../calendar/ICalendar.sol";
import {Authorisation} from "../identity/IAuthorised.sol";
import {Authorised} from "../identity/Authorised.sol";
import {IInstitutionRegistry} from "../identity/IInstitutionRegistry.sol";
import {IInvestorBook} from "./IInvestorBook.sol";
import {IRegister} from "./IRegister.sol";

/// @title What a market's register keeps, and who may act on it
/// @dev The register and its modules inherit this and add no state of their own, so a module that the register delegates to works on the
/// register's storage and under its address. Called by itself a module is an empty register, in which no security can be opened.
abstract contract RegisterStorage is IRegister, Authorised {
    bytes32 internal constant OPERATOR = keccak256("register.operator");
    bytes32 internal constant CHECKER = keccak256("register.checker");
    bytes32 internal constant REGULATOR = keccak256("register.regulator");
    bytes32 internal constant LIAISON = keccak256("register.court-liaison");

    uint256 internal constant SUITABLE = 8;
    uint256 internal constant ADDEND = 32;
    uint256 internal constant NUMBER = 24;

    struct Origin {
        bytes16 issuer;
        bytes16 basis;
    }

    /// @dev In a struct, so that a position's place is computed once for reading and writing.
    struct Cell {
        uint256 word;
    }

    struct LienCell {
        uint256 word;
        address secured;
    }

    /// @inheritdoc IRegister
    IInstitutionRegistry public immutable registry;
    /// @inheritdoc IRegister
    ICalendar public immutable calendar;
    /// @inheritdoc IRegister
    uint32 public immutable region;
    /// @inheritdoc IRegister
    bool public immutable checked;

    /// @dev kind | suitableUntil << 8 | addend << 32
    mapping(bytes16 id => uint256 word) internal _investors;
    mapping(bytes16 security => Cell) internal _securities;
    mapping(bytes16 security => Origin) internal _origins;
    mapping(bytes16 security => mapping(bytes16 investor => Cell)) internal _positions;
    mapping(bytes16 security => mapping(bytes16 investor => mapping(uint256 place => uint256 lot))) internal _lots;
    mapping(bytes16 security => mapping(uint256 number => LienCell)) internal _liens;
    /// @dev base | sold << 80 | year << 160 | lockedUntil << 176
    mapping(bytes16 security => mapping(bytes16 investor => uint256 word)) internal _lockups;
    /// @dev last investor | numerator << 128 | denominator << 160
    mapping(bytes16 security => mapping(bytes16 action => uint256 word)) internal _bonuses;
    /// @dev The newest day on which an agreed act was registered | its trading-day number << 24.
    uint256 internal _clock;

    /// @param registry_ says who holds which role
    /// @param calendar_ counts trading days
    /// @param region_ the market's region
    /// @param checked_ whether every act needs a checker's authorisation
    constructor(IInstitutionRegistry registry_, ICalendar calendar_, uint32 region_, bool checked_)
        EIP712("regseal EquityRegister", "1")
    {
        if (address(registry_).code.length == 0 || address(calendar_).code.length == 0 || region_ == 0) revert RegisterZero();
        (registry, calendar, region, checked) = (registry_, calendar_, region_, checked_);
    }

    /// @dev Uses up the authorisations of an act, a checker's among them where the market asks for one.
    function _agree(bytes32 action, bytes memory fields, Authorisation[] calldata auths) internal {
        _authoriseAll(action, fields, auths);
        if (checked) _requireRole(CHECKER, auths);
    }

    function _authoriseAll(bytes32 action, bytes memory fields, Authorisation[] calldata auths) internal {
        for (uint256 i = 0; i < auths.length; ++i) _authorise(action, fields, auths[i]);
    }

    function _begin(IInstitutionRegistry.Evidence calldata evidence) internal view {
        if (!registry.hasRole(OPERATOR, region, msg.sender)) revert RegisterNotOperator(msg.sender);
        if (evidence.commitment == 0 || evidence.leaf == 0) revert RegisterZero();
    }

    /// @dev The sender never counts: nobody agrees with himself.
    function _requireRole(bytes32 role, Authorisation[] calldata auths) internal view {
        for (uint256 i = 0; i < auths.length; ++i) {
            address signer = auths[i].signer;
            if (signer != msg.sender && registry.hasRole(role, region, signer)) return;
        }
        revert RegisterNeeds(role);
    }

    /// @dev Enters a new investor, whose kind is final.
    function _openInvestor(bytes16 id, Kind kind, uint256 suitableUntil, uint256 addend) internal {
        if (id == 0 || kind == Kind.None) revert RegisterZero();
        if (_investors[id] != 0) revert IInvestorBook.RegisterInvestorExists(id);
        _investors[id] = uint256(kind) | suitableUntil << SUITABLE | addend << ADDEND;
    }

    /// @dev The word of an investor.
    function _known(bytes16 id) internal view returns (uint256 word) {
        word = _investors[id];
        if (word == 0) revert RegisterInvestorUnknown(id);
    }
}
