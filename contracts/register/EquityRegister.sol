// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Days} from "../calendar/Days.sol";
import {ICalendar} from "../calendar/ICalendar.sol";
import {Authorisation} from "../identity/IAuthorised.sol";
import {IInstitutionRegistry} from "../identity/IInstitutionRegistry.sol";
import {IEquityRegister} from "./IEquityRegister.sol";
import {IRegisterActions} from "./IRegisterActions.sol";
import {IRegisterLiens} from "./IRegisterLiens.sol";
import {InvestorBook} from "./InvestorBook.sol";
import {LienWords} from "./LienWords.sol";
import {Lots} from "./Lots.sol";
import {Positions} from "./Positions.sol";
import {RegisterModules} from "./RegisterModules.sol";
import {RegisterMoves} from "./RegisterMoves.sol";
import {RegisterStorage} from "./RegisterStorage.sol";
import {Securities} from "./Securities.sol";

/// @title The register of a market (登记簿)
contract EquityRegister is IEquityRegister, InvestorBook, RegisterModules, RegisterMoves {
    using LienWords for uint256;
    using Lots for uint256;
    using Positions for uint256;
    using Securities for uint256;

    bytes32 private constant OPEN_SECURITY = keccak256(
        "OpenSecurity(bytes16 security,bytes16 issuer,uint32 issuerRegion,uint8 form,uint16 kinds,uint32 cap,"
        "uint32 grandfathered,uint8 interval,bool subscriptionCounts,bytes16 basis,"
        "bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)"
    );
    bytes32 private constant CHANGE_TERMS = keccak256(
        "ChangeTerms(bytes16 security,uint8 form,uint16 kinds,uint32 cap,"
        "uint32 grandfathered,uint8 interval,bool subscriptionCounts,bytes16 basis,"
        "bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)"
    );
    bytes32 private constant ADMIT = keccak256(
        "AdmitSecurity(bytes16 security,uint80 capital,bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)"
    );
    bytes32 private constant SET_STATE = keccak256(
        "SetSecurityState(bytes16 security,uint8 state,bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)"
    );
    bytes32 private constant ISSUE = keccak256(
        "IssueUnits(bytes16 security,bytes16[] investors,uint80[] units,"
        "bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)"
    );
    bytes32 private constant TRANSFER = keccak256(
        "TransferUnits(bytes16 security,bytes16 from,bytes16 to,uint80 units,uint8 reason,"
        "bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)"
    );
    bytes32 private constant RECOUNT = keccak256(
        "RecountPosition(bytes16 security,bytes16 investor,bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)"
    );

    uint256 private constant FIRST_TRADING_DAY = 1;

    /// @param registry_ says who holds which role
    /// @param calendar_ counts trading days
    /// @param region_ the market's region
    /// @param checked_ whether every act needs a checker's authorisation
    /// @param liens_ the code of the acts on liens, for the same market
    /// @param actions_ the code of the acts on many positions, for the same market
    constructor(
        IInstitutionRegistry registry_,
        ICalendar calendar_,
        uint32 region_,
        bool checked_,
        IRegisterLiens liens_,
        IRegisterActions actions_
    ) RegisterStorage(registry_, calendar_, region_, checked_) RegisterModules(liens_, actions_) {
        _clock = Days.ofTime(block.timestamp) | FIRST_TRADING_DAY << NUMBER;
    }

    /// @inheritdoc IEquityRegister
    function openSecurity(
        Opening calldata opening,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external {
        _begin(evidence);
        _agree(OPEN_SECURITY, abi.encode(opening, evidence), auths);
        bytes16 id = opening.security;
        if (id == 0 || opening.issuer == 0) revert RegisterZero();
        if (opening.issuerRegion != region) revert RegisterOutOfProvince(opening.issuerRegion);
        if (_securities[id].word != 0) revert RegisterSecurityExists(id);
        _origins[id].issuer = opening.issuer;
        _setTerms(id, uint256(0).withState(State.Registering), opening.terms);
        emit SecurityOpened(
            id, opening.issuer, opening.issuerRegion, opening.terms, evidence.commitment, evidence.leaf
        );
    }

    /// @inheritdoc IEquityRegister
    function changeTerms(
        bytes16 id,
        Terms calldata terms,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external {
        _begin(evidence);
        _authoriseAll(CHANGE_TERMS, abi.encode(id, terms, evidence), auths);
        _requireRole(CHECKER, auths);
        _requireRole(REGULATOR, auths);
        uint256 word = _securities[id].word;
        State state = word.state();
        if (state == State.None || state == State.Exited) revert RegisterState(id, state);
        _setTerms(id, word, terms);
        emit TermsChanged(id, terms, evidence.commitment, evidence.leaf);
    }

    /// @inheritdoc IEquityRegister
    function admit(
        bytes16 id,
        uint80 capital,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external {
        _begin(evidence);
        _agree(ADMIT, abi.encode(id, capital, evidence), auths);
        uint256 word = _securities[id].word;
        if (word.state() != State.Registering) revert RegisterState(id, word.state());
        if (word.issued() != capital) revert RegisterCapital(word.issued(), capital);
        _securities[id].word = word.withState(State.Custodied);
        emit StateSet(id, State.Registering, State.Custodied, evidence.commitment, evidence.leaf);
    }

    /// @inheritdoc IEquityRegister
    function setState(
        bytes16 id,
        State state,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external {
        _begin(evidence);
        _agree(SET_STATE, abi.encode(id, state, evidence), auths);
        uint256 word = _securities[id].word;
        State before = word.state();
        bool inCustody = before == State.Custodied || before == State.Suspended;
        if (!inCustody || state < State.Custodied || state == before) revert RegisterState(id, before);
        _securities[id].word = word.withState(state);
        emit StateSet(id, before, state, evidence.commitment, evidence.leaf);
    }

    /// @inheritdoc IEquityRegister
    function issue(
        bytes16 id,
        bytes16[] calldata investors,
        uint80[] calldata units,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external {
        _begin(evidence);
        if (auths.length != 0 || checked) _agree(ISSUE, _encodedIssue(id, investors, units, evidence), auths);
        if (investors.length != units.length) revert RegisterLengths();
        (uint256 word, uint256 clock) = _requireIssue(id);
        uint256 total = 0;
        for (uint256 i = 0; i < investors.length; ++i) {
            uint256 amount = units[i];
            word = _credit(id, word, investors[i], amount, clock);
            total += amount;
        }
        word = word.withIssued(word.issued() + total);
        _securities[id].word = word;
        emit Issued(id, total, word.issued(), evidence.commitment, evidence.leaf);
    }

    /// @inheritdoc IEquityRegister
    function transfer(
        Transfer memory act,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external {
        _begin(evidence);
        if (auths.length != 0 || checked) _agree(TRANSFER, abi.encode(act, evidence), auths);
        if (act.reason > Reason.Succession) _requireCourt(act.reason, auths);
        _move(act);
        emit Transferred(act.security, act.units, act.reason, evidence.commitment, evidence.leaf);
    }

    /// @inheritdoc IEquityRegister
    function recount(
        bytes16 id,
        bytes16 who,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external {
        _begin(evidence);
        _agree(RECOUNT, abi.encode(id, who, evidence), auths);
        uint256 word = _securities[id].word;
        if (word.state() == State.None) revert RegisterState(id, State.None);
        Cell storage cell = _positions[id][who];
        uint256 before = cell.word;
        uint256 position = before.grown(0, _known(who) >> ADDEND);
        uint256 count = word.count() - before.weight() + position.weight();
        if (count > word.cap() && count > word.count()) emit CapExceeded(id, count, word.cap());
        _securities[id].word = word.withCount(count);
        cell.word = position;
        emit PositionChanged(id, who, position);
        emit Recounted(id, who, count, evidence.commitment, evidence.leaf);
    }

    /// @inheritdoc IEquityRegister
    function securityOf(bytes16 id) external view returns (Security memory) {
        uint256 word = _securities[id].word;
        Origin memory origin = _origins[id];
        return Security({
            state: word.state(),
            issuer: origin.issuer,
            issued: uint80(word),
            count: uint32(word.count()),
            liens: uint16(word.liens()),
            terms: word.termsOf(origin.basis)
        });
    }

    /// @inheritdoc IEquityRegister
    function positionOf(bytes16 id, bytes16 who) external view returns (Position memory) {
        return _positions[id][who].word.unpack();
    }

    /// @inheritdoc IEquityRegister
    function availableOf(bytes16 id, bytes16 who) external view returns (uint256 units) {
        uint256 position = _positions[id][who].word;
        units = position.free();
        for (uint256 i = 0; i < position.lots(); ++i) {
            uint256 lot = _lots[id][who][i];
            if (_isFree(id, lot)) units += lot.size();
        }
    }

    /// @inheritdoc IEquityRegister
    function lotsOf(bytes16 id, bytes16 who) external view returns (uint256[] memory lots) {
        lots = new uint256[](_positions[id][who].word.lots());
        for (uint256 i = 0; i < lots.length; ++i) lots[i] = _lots[id][who][i];
    }

    /// @inheritdoc IEquityRegister
    function lienOf(bytes16 id, uint16 number) external view returns (Lien memory) {
        LienCell memory lien = _liens[id][number];
        return Lien({
            kind: lien.word.kind(),
            since: uint40(lien.word.since()),
            until: uint24(lien.word.until()),
            units: uint80(lien.word.covers()),
            secured: lien.secured
        });
    }

    /// @inheritdoc IEquityRegister
    function lockupOf(bytes16 id, bytes16 who) external view returns (Lockup memory) {
        uint256 word = _lockups[id][who];
        return Lockup(uint80(word), uint80(word >> 80), uint16(word >> 160), uint24(word >> 176));
    }

    /// @inheritdoc IEquityRegister
    function bonusOf(bytes16 id, bytes16 action) external view returns (Bonus memory) {
        uint256 word = _bonuses[id][action];
        return Bonus(bytes16(uint128(word)), uint32(word >> 128), uint32(word >> 160));
    }

    function _isFree(bytes16 id, uint256 lot) private view returns (bool) {
        uint256 today = Days.ofTime(block.timestamp);
        uint16 number;
        for (uint256 place = 0; (number = lot.numberAt(place)) != 0; ++place) {
            if (!_liens[id][number].word.isOver(today)) return false;
        }
        return true;
    }

    function _setTerms(bytes16 id, uint256 word, Terms calldata terms) private {
        if (terms.cap == 0 || terms.kinds == 0 || terms.basis == 0) revert RegisterZero();
        _origins[id].basis = terms.basis;
        _securities[id].word = word.withTerms(terms);
    }

    /// @dev The security, and today; no day in the first registration.
    function _requireIssue(bytes16 id) private returns (uint256 word, uint256 clock) {
        word = _securities[id].word;
        State state = word.state();
        if (state == State.Registering) return (word, 0);
        if (state != State.Custodied) revert RegisterState(id, state);
        return (word, _now());
    }

    /// @dev Enters new units of one holder; gives the security with its new count. The rules of agreed acts do not hold in the first
    /// registration, where whoever holds is entered. Written for gas like `_move`: a company may have 100,000 holders.
    function _credit(bytes16 id, uint256 word, bytes16 who, uint256 units, uint256 clock) private returns (uint256) {
        if (units == 0) revert RegisterZero();
        uint256 holder = _known(who);
        Cell storage cell = _positions[id][who];
        uint256 before = cell.word;
        if (before.isOfficer()) before = _lockUp(id, who, before, 0);
        uint256 position = before.grown(units, holder >> ADDEND);
        if (clock != 0) {
            _requireFit(word, who, holder, uint24(clock));
            if (word.subscriptionCounts()) {
                if (before.lastSell() != 0) _requireInterval(word, who, before.lastSell(), clock >> NUMBER);
                position = position.bought(clock >> NUMBER);
            }
        }
        unchecked {
            word = word.withCount(word.count() + 1 + position.addend() - before.weight());
        }
        if (before.units() == 0) _requireRoom(word, clock == 0 ? word.firstCap() : word.cap());
        cell.word = position;
        emit PositionChanged(id, who, position);
        return word;
    }

    function _requireRoom(uint256 word, uint256 limit) private pure {
        if (word.count() > limit) revert RegisterCap(word.count(), limit);
    }

    function _encodedIssue(
        bytes16 id,
        bytes16[] calldata investors,
        uint80[] calldata units,
        IInstitutionRegistry.Evidence calldata evidence
    ) private pure returns (bytes memory) {
        return abi.encode(id, keccak256(abi.encodePacked(investors)), keccak256(abi.encodePacked(units)), evidence);
    }
}
