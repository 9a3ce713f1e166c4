// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Days} from "../calendar/Days.sol";
import {ICalendar} from "../calendar/ICalendar.sol";
import {Authorisation} from "../identity/IAuthorised.sol";
import {IInstitutionRegistry} from "../identity/IInstitutionRegistry.sol";
import {IInvestorBook} from "./IInvestorBook.sol";
import {IRegisterActions} from "./IRegisterActions.sol";
import {LienWords} from "./LienWords.sol";
import {Lots} from "./Lots.sol";
import {Positions} from "./Positions.sol";
import {RegisterMoves} from "./RegisterMoves.sol";
import {RegisterStorage} from "./RegisterStorage.sol";
import {Securities} from "./Securities.sol";

/// @title The acts on many positions, for the register to delegate to
contract RegisterActions is IRegisterActions, RegisterMoves {
    using LienWords for uint256;
    using Lots for uint256;
    using Lots for uint256[];
    using Positions for uint256;
    using Securities for uint256;

    bytes32 private constant OPEN_INVESTORS = keccak256(
        "OpenInvestors(bytes16[] investors,uint8[] kinds,uint24[] suitableUntil,uint16[] addends,"
        "bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)"
    );
    bytes32 private constant TRANSFER_BATCH = keccak256(
        "TransferBatch(bytes16 security,uint8 reason,bytes16[] from,bytes16[] to,uint80[] units,"
        "bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)"
    );
    bytes32 private constant CONFIRM = keccak256(
        "ConfirmPositions(bytes16 security,bytes16[] investors,bool confirmed,"
        "bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)"
    );
    bytes32 private constant SET_OFFICER = keccak256(
        "SetOfficer(bytes16 security,bytes16 investor,bool serving,uint24 leftOn,"
        "bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)"
    );
    bytes32 private constant BONUS = keccak256(
        "PayBonus(bytes16 security,bytes16 action,uint32 numerator,uint32 denominator,bytes16[] investors,"
        "bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)"
    );
    bytes32 private constant CANCEL = keccak256(
        "CancelUnits(bytes16 security,bytes16[] investors,uint80[] units,"
        "bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)"
    );

    /// @dev How long who left parts with nothing (公司法 160).
    uint256 private constant LEAVE_MONTHS = 6;
    uint256 private constant UNTIL = 176;
    uint256 private constant NUMERATOR = 128;
    uint256 private constant DENOMINATOR = 160;

    constructor(IInstitutionRegistry registry_, ICalendar calendar_, uint32 region_, bool checked_)
        RegisterStorage(registry_, calendar_, region_, checked_)
    {}

    /// @inheritdoc IRegisterActions
    function openInvestors(
        Openings calldata openings,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external {
        _begin(evidence);
        if (auths.length != 0 || checked) _agree(OPEN_INVESTORS, _encodedOpenings(openings, evidence), auths);
        uint256 count = openings.investors.length;
        bool equal = count == openings.kinds.length && count == openings.suitableUntil.length;
        if (!equal || count != openings.addends.length) revert RegisterLengths();
        for (uint256 i = 0; i < count; ++i) {
            bytes16 id = openings.investors[i];
            _openInvestor(id, openings.kinds[i], openings.suitableUntil[i], openings.addends[i]);
            emit IInvestorBook.InvestorOpened(
                id, openings.kinds[i], openings.suitableUntil[i], openings.addends[i], evidence.commitment, evidence.leaf
            );
        }
    }

    /// @inheritdoc IRegisterActions
    function transferBatch(
        Batch calldata acts,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external {
        _begin(evidence);
        _agree(TRANSFER_BATCH, _encoded(acts, evidence), auths);
        if (acts.from.length != acts.to.length || acts.from.length != acts.units.length) revert RegisterLengths();
        if (acts.reason > Reason.Succession) _requireCourt(acts.reason, auths);
        for (uint256 i = 0; i < acts.from.length; ++i) {
            _move(Transfer(acts.security, acts.from[i], acts.to[i], acts.units[i], acts.reason));
            emit Transferred(acts.security, acts.units[i], acts.reason, evidence.commitment, evidence.leaf);
        }
    }

    /// @inheritdoc IRegisterActions
    function confirm(
        bytes16 id,
        bytes16[] calldata investors,
        bool confirmed,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external {
        _begin(evidence);
        _agree(CONFIRM, abi.encode(id, keccak256(abi.encodePacked(investors)), confirmed, evidence), auths);
        State state = _requireLive(id).state();
        if (!confirmed && state != State.Registering) revert RegisterState(id, state);
        for (uint256 i = 0; i < investors.length; ++i) {
            _known(investors[i]);
            uint256 position = _positions[id][investors[i]].word;
            if (position.isUnconfirmed() != confirmed) revert RegisterConfirmed(investors[i], confirmed);
            _setPosition(id, investors[i], position.withUnconfirmed(!confirmed).touched());
        }
        emit Confirmed(id, investors.length, confirmed, evidence.commitment, evidence.leaf);
    }

    /// @inheritdoc IRegisterActions
    function setOfficer(
        bytes16 id,
        bytes16 who,
        bool serving,
        uint24 leftOn,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external {
        _begin(evidence);
        _agree(SET_OFFICER, abi.encode(id, who, serving, leftOn, evidence), auths);
        _requireLive(id);
        _known(who);
        uint256 today = Days.ofTime(block.timestamp);
        (uint256 first, uint256 last) = serving ? (0, 0) : (1, today);
        if (leftOn < first || leftOn > last) revert RegisterTerm(leftOn, first, last);
        uint256 position = _positions[id][who].word;
        if (!serving || position.isOfficer()) _requireRole(CHECKER, auths);
        uint256 until = serving ? 0 : Days.addMonths(leftOn, LEAVE_MONTHS);
        (uint256 year,,) = Days.yearOf(today);
        uint256 lockup = position.isOfficer() ? _lockups[id][who] : _lockupOf(position.units(), year, 0);
        _setLockup(id, who, lockup & (1 << UNTIL) - 1 | until << UNTIL);
        _setPosition(id, who, position.withOfficer(true).touched());
        emit OfficerSet(id, who, serving, uint24(until), evidence.commitment, evidence.leaf);
    }

    /// @inheritdoc IRegisterActions
    function bonus(
        Payout calldata payout,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external {
        _begin(evidence);
        _agree(BONUS, _encodedPayout(payout, evidence), auths);
        bytes16 id = payout.security;
        uint256 word = _requireCustody(id);
        if (payout.action == 0 || payout.numerator == 0 || payout.denominator == 0) revert RegisterZero();
        _go(payout);
        uint256 total = 0;
        for (uint256 i = 0; i < payout.investors.length; ++i) {
            total += _pay(id, payout.investors[i], payout.numerator, payout.denominator);
        }
        word = word.withIssued(word.issued() + total);
        _securities[id].word = word;
        emit BonusPaid(id, payout.action, total, word.issued(), evidence.commitment, evidence.leaf);
    }

    /// @inheritdoc IRegisterActions
    function cancel(
        bytes16 id,
        bytes16[] calldata investors,
        uint80[] calldata units,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external {
        _begin(evidence);
        _authoriseAll(
            CANCEL,
            abi.encode(id, keccak256(abi.encodePacked(investors)), keccak256(abi.encodePacked(units)), evidence),
            auths
        );
        _requireRole(CHECKER, auths);
        if (investors.length != units.length) revert RegisterLengths();
        uint256 word = _requireCustody(id);
        uint256 total = 0;
        for (uint256 i = 0; i < investors.length; ++i) {
            word = word.withCount(word.count() - _strike(id, investors[i], units[i]));
            total += units[i];
        }
        word = word.withIssued(word.issued() - total);
        _securities[id].word = word;
        emit Cancelled(id, total, word.issued(), evidence.commitment, evidence.leaf);
    }

    // ---- bonus

    /// @dev Notes how far the action comes with these investors, who follow each other and those before.
    function _go(Payout calldata payout) private {
        uint256 ratio = uint256(payout.numerator) << NUMERATOR | uint256(payout.denominator) << DENOMINATOR;
        uint256 before = _bonuses[payout.security][payout.action];
        if (before != 0 && before >> NUMERATOR != ratio >> NUMERATOR) {
            revert RegisterRatio(uint32(before >> NUMERATOR), uint32(before >> DENOMINATOR));
        }
        bytes16 last = bytes16(uint128(before));
        for (uint256 i = 0; i < payout.investors.length; ++i) {
            bytes16 who = payout.investors[i];
            if (who <= last) revert RegisterOrder(who, last);
            last = who;
        }
        _bonuses[payout.security][payout.action] = ratio | uint128(last);
    }

    /// @dev Gives a position's new units: for the free ones, and for each lot under its own liens.
    function _pay(bytes16 id, bytes16 who, uint256 numerator, uint256 denominator) private returns (uint256 gained) {
        uint256 position = _positions[id][who].word;
        (uint256[] memory lots, bool changed) = _sweptLots(id, who, position);
        gained = (position.units() - lots.total()) * numerator / denominator;
        for (uint256 i = 0; i < lots.length; ++i) {
            uint256 fruits = lots[i].size() * numerator / denominator;
            if (fruits != 0) _grow(id, lots[i], fruits);
            lots[i] += fruits;
            gained += fruits;
        }
        if (gained == 0 && !changed) return 0;
        if (position.isOfficer()) position = _lockUp(id, who, position, 0);
        if (position.lots() != 0) position = _storeLots(id, who, position, lots);
        _setPosition(id, who, position.grown(gained, position.addend()));
    }

    function _grow(bytes16 id, uint256 lot, uint256 fruits) private {
        uint16 number;
        for (uint256 place = 0; (number = lot.numberAt(place)) != 0; ++place) {
            _setLien(id, number, _liens[id][number].word.more(fruits));
        }
    }

    /// @dev Takes units away for good; gives how many holders fewer the security counts.
    function _strike(bytes16 id, bytes16 who, uint256 units) private returns (uint256 fewer) {
        if (units == 0) revert RegisterZero();
        uint256 position = _positions[id][who].word;
        if (position.isOfficer()) position = _lockUp(id, who, position, 0);
        if (units > position.free()) position = _freed(id, who, position, units);
        fewer = units == position.units() ? position.weight() : 0;
        _setPosition(id, who, position.shrunk(units));
    }

    // ---- typed data

    function _encodedOpenings(Openings calldata openings, IInstitutionRegistry.Evidence calldata evidence)
        private
        pure
        returns (bytes memory)
    {
        return abi.encode(
            keccak256(abi.encodePacked(openings.investors)),
            keccak256(abi.encodePacked(openings.kinds)),
            keccak256(abi.encodePacked(openings.suitableUntil)),
            keccak256(abi.encodePacked(openings.addends)),
            evidence
        );
    }

    function _encoded(Batch calldata acts, IInstitutionRegistry.Evidence calldata evidence) private pure returns (bytes memory) {
        return abi.encode(
            acts.security,
            acts.reason,
            keccak256(abi.encodePacked(acts.from)),
            keccak256(abi.encodePacked(acts.to)),
            keccak256(abi.encodePacked(acts.units)),
            evidence
        );
    }

    function _encodedPayout(Payout calldata payout, IInstitutionRegistry.Evidence calldata evidence)
        private
        pure
        returns (bytes memory)
    {
        return abi.encode(
            payout.security,
            payout.action,
            payout.numerator,
            payout.denominator,
            keccak256(abi.encodePacked(payout.investors)),
            evidence
        );
    }
}
