// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Days} from "../calendar/Days.sol";
import {ICalendar} from "../calendar/ICalendar.sol";
import {Authorisation} from "../identity/IAuthorised.sol";
import {IInstitutionRegistry} from "../identity/IInstitutionRegistry.sol";
import {IEquityRegister} from "./IEquityRegister.sol";
import {InvestorBook} from "./InvestorBook.sol";
import {Positions} from "./Positions.sol";
import {Securities} from "./Securities.sol";

/// @title The register of a market (登记簿)
contract EquityRegister is IEquityRegister, InvestorBook {
    using Positions for uint256;
    using Securities for uint256;

    bytes32 private constant LIAISON = keccak256("register.court-liaison");

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

    uint256 private constant NUMBER = 24;
    uint256 private constant FIRST_TRADING_DAY = 1;

    struct Origin {
        bytes16 issuer;
        bytes16 basis;
    }

    /// @dev In a struct, so that a position's place is computed once for reading and writing.
    struct Cell {
        uint256 word;
    }

    /// @inheritdoc IEquityRegister
    ICalendar public immutable calendar;

    mapping(bytes16 security => Cell) private _securities;
    mapping(bytes16 security => Origin) private _origins;
    mapping(bytes16 security => mapping(bytes16 investor => Cell)) private _positions;
    /// @dev The newest day on which an agreed act was registered | its trading-day number << 24.
    uint256 private _clock;

    /// @param registry_ says who holds which role
    /// @param calendar_ counts trading days
    /// @param region_ the market's region
    /// @param checked_ whether every act needs a checker's authorisation
    constructor(IInstitutionRegistry registry_, ICalendar calendar_, uint32 region_, bool checked_)
        EIP712("regseal EquityRegister", "1")
        InvestorBook(registry_, region_, checked_)
    {
        if (address(calendar_).code.length == 0) revert RegisterZero();
        calendar = calendar_;
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
        _agree(
            ISSUE,
            abi.encode(id, keccak256(abi.encodePacked(investors)), keccak256(abi.encodePacked(units)), evidence),
            auths
        );
        if (investors.length != units.length) revert RegisterLengths();
        uint256 word = _securities[id].word;
        State state = word.state();
        if (state != State.Registering && state != State.Custodied) revert RegisterState(id, state);
        uint256 total = 0;
        uint256 clock = state == State.Registering ? 0 : _now();
        for (uint256 i = 0; i < investors.length; ++i) {
            word = _credit(id, word, investors[i], units[i], clock);
            total += units[i];
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
        if (act.reason == Reason.Judicial) _requireRole(LIAISON, auths);
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
        if (count > word.cap()) _overCap(id, word, count, false);
        _securities[id].word = word.withCount(count);
        cell.word = position;
        emit PositionChanged(id, who, position);
        emit Recounted(id, who, count, evidence.commitment, evidence.leaf);
    }

    /// @inheritdoc IEquityRegister
    function securityOf(bytes16 id) external view returns (Security memory) {
        uint256 word = _securities[id].word;
        Origin memory origin = _origins[id];
        return Security(word.state(), origin.issuer, uint80(word), uint32(word.count()), word.termsOf(origin.basis));
    }

    /// @inheritdoc IEquityRegister
    function positionOf(bytes16 id, bytes16 who) external view returns (Position memory) {
        return _positions[id][who].word.unpack();
    }

    function _setTerms(bytes16 id, uint256 word, Terms calldata terms) private {
        if (terms.cap == 0 || terms.kinds == 0 || terms.basis == 0) revert RegisterZero();
        _origins[id].basis = terms.basis;
        _securities[id].word = word.withTerms(terms);
    }

    /// @dev Enters new units of one holder; gives the security with its new count. The rules of agreed acts do not hold in the first
    /// registration, where whoever holds is entered.
    function _credit(bytes16 id, uint256 word, bytes16 who, uint256 units, uint256 clock) private returns (uint256) {
        if (units == 0) revert RegisterZero();
        uint256 holder = _known(who);
        Cell storage cell = _positions[id][who];
        uint256 before = cell.word;
        uint256 position = before.grown(units, holder >> ADDEND);
        uint256 limit = word.firstCap();
        if (clock != 0) {
            limit = word.cap();
            _requireFit(word, who, holder, uint24(clock));
            if (word.subscriptionCounts()) {
                if (before.lastSell() != 0) _requireInterval(word, who, before.lastSell(), clock >> NUMBER);
                position = position.bought(clock >> NUMBER);
            }
        }
        uint256 count = word.count() - before.weight() + position.weight();
        if (before.units() == 0 && count > limit) revert RegisterCap(count, limit);
        cell.word = position;
        emit PositionChanged(id, who, position);
        return word.withCount(count);
    }

    /// @dev Order of the checks: docs/spec/register.md. Written for gas: each word is read once, and what cannot overflow is not checked.
    function _move(Transfer memory act) private {
        bytes16 id = act.security;
        Cell storage security = _securities[id];
        uint256 word = security.word;
        if (!word.isCustodied()) _requireMovable(id, word.state(), act.reason);
        if (act.units == 0) revert RegisterZero();
        if (act.from == act.to) revert RegisterSelf(act.from);
        uint256 holder = _known(act.to);
        Cell storage giver = _positions[id][act.from];
        Cell storage taker = _positions[id][act.to];
        (uint256 left, uint256 right) = (giver.word, taker.word);
        if (act.reason == Reason.Agreed) {
            uint256 clock = _now();
            _requireFit(word, act.to, holder, uint24(clock));
            clock >>= NUMBER;
            if (left.lastBuy() != 0) _requireInterval(word, act.from, left.lastBuy(), clock);
            if (right.lastSell() != 0) _requireInterval(word, act.to, right.lastSell(), clock);
            (left, right) = (left.sold(clock), right.bought(clock));
        }
        if (act.units > left.free()) revert RegisterUnits(act.units, left.free());
        holder >>= ADDEND;
        if (right.units() == 0 || act.units == left.units() || right.addend() != holder) {
            unchecked {
                uint256 gone = right.weight() + (act.units == left.units() ? left.weight() : 0);
                uint256 count = word.count() + 1 + holder - gone;
                if (count > word.cap()) _overCap(id, word, count, right.units() == 0 && act.reason <= Reason.Gift);
                security.word = word.withCount(count);
            }
        }
        (left, right) = (left.shrunk(act.units), right.grown(act.units, holder));
        (giver.word, taker.word) = (left, right);
        emit PositionChanged(id, act.from, left);
        emit PositionChanged(id, act.to, right);
    }

    /// @dev Acts by which somebody enters by agreement may not lead beyond the cap; others may, and are told.
    function _overCap(bytes16 id, uint256 word, uint256 count, bool byAgreement) private {
        if (count <= word.count()) return;
        if (byAgreement) revert RegisterCap(count, word.cap());
        emit CapExceeded(id, count, word.cap());
    }

    /// @dev Today | the number of the newest trading day << 24. Counted once a day: days that are over never open or close any more.
    function _now() private returns (uint256 clock) {
        uint256 today = Days.ofTime(block.timestamp);
        clock = _clock;
        if (uint24(clock) != today) {
            (bool known, uint256 passed) = calendar.tradingDaysAfter(region, uint24(clock), today);
            if (!known) revert RegisterCalendar(uint24(clock), today);
            clock = today | ((clock >> NUMBER) + passed) << NUMBER;
            _clock = clock;
        }
    }

    /// @dev Heirs and courts are not kept waiting by a suspension.
    function _requireMovable(bytes16 id, State state, Reason reason) private pure {
        if (state != State.Suspended || reason <= Reason.Gift) revert RegisterState(id, state);
    }

    function _requireFit(uint256 word, bytes16 who, uint256 holder, uint256 today) private pure {
        if (word.kinds() >> uint8(holder) & 1 == 0) revert RegisterKind(who, Kind(uint8(holder)), word.kinds());
        if (uint24(holder >> SUITABLE) < today) revert RegisterUnsuitable(who, uint24(holder >> SUITABLE), today);
    }

    function _requireInterval(uint256 word, bytes16 who, uint256 opposite, uint256 number) private pure {
        unchecked {
            uint256 elapsed = number - opposite;
            if (elapsed < word.interval()) revert RegisterInterval(who, elapsed, word.interval());
        }
    }
}
