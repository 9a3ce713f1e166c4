// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Days} from "../calendar/Days.sol";
import {ICalendar} from "../calendar/ICalendar.sol";
import {Authorisation} from "../identity/IAuthorised.sol";
import {IInstitutionRegistry} from "../identity/IInstitutionRegistry.sol";
import {IRegisterLiens} from "./IRegisterLiens.sol";
import {LienWords} from "./LienWords.sol";
import {Lots} from "./Lots.sol";
import {Positions} from "./Positions.sol";
import {RegisterMoves} from "./RegisterMoves.sol";
import {RegisterStorage} from "./RegisterStorage.sol";
import {Securities} from "./Securities.sol";

/// @title The acts on liens, for the register to delegate to
contract RegisterLiens is IRegisterLiens, RegisterMoves {
    using LienWords for uint256;
    using Lots for uint256;
    using Lots for uint256[];
    using Positions for uint256;
    using Securities for uint256;

    bytes32 private constant OPEN_LIEN = keccak256(
        "OpenLien(bytes16 security,bytes16 investor,uint8 lien,uint80 units,uint40 since,uint24 until,address secured,"
        "bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)"
    );
    bytes32 private constant RELEASE_LIEN = keccak256(
        "ReleaseLien(bytes16 security,bytes16 investor,uint16 number,uint80 units,"
        "bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)"
    );
    bytes32 private constant REVOKE_PLEDGE = keccak256(
        "RevokePledge(bytes16 security,bytes16 investor,uint16 number,uint80 units,"
        "bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)"
    );
    bytes32 private constant EXTEND_LIEN = keccak256(
        "ExtendLien(bytes16 security,uint16 number,uint24 until,"
        "bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)"
    );
    bytes32 private constant ENFORCE_LIEN = keccak256(
        "EnforceLien(bytes16 security,uint16 number,bytes16 from,bytes16 to,uint80 units,"
        "bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)"
    );
    bytes32 private constant TRANSFER_PLEDGED = keccak256(
        "TransferPledged(bytes16 security,bytes16 from,bytes16 to,uint80 units,uint8 reason,uint16 number,"
        "bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)"
    );
    bytes32 private constant TRANSFER_ESTATE = keccak256(
        "TransferEstate(bytes16 security,bytes16 from,bytes16 to,uint80 units,uint8 reason,uint176 lot,"
        "bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)"
    );

    /// @dev Longest term of a freeze, and of each renewal (民诉法解释 485).
    uint256 private constant TERM_MONTHS = 36;

    constructor(IInstitutionRegistry registry_, ICalendar calendar_, uint32 region_, bool checked_)
        RegisterStorage(registry_, calendar_, region_, checked_)
    {}

    /// @inheritdoc IRegisterLiens
    function encumber(
        LienOpening memory opening,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external {
        _begin(evidence);
        if (auths.length != 0 || checked) _agree(OPEN_LIEN, abi.encode(opening, evidence), auths);
        uint256 security = _requireLive(opening.security);
        uint256 since = _requireOpening(opening, security.state() == State.Registering);
        security = security.withLien();
        _securities[opening.security].word = security;
        if (_bind(opening, uint16(security.liens()), since)) _requireRole(LIAISON, auths);
        emit LienOpened(
            opening.security,
            opening.investor,
            uint16(security.liens()),
            opening.lien,
            opening.units,
            uint40(since),
            opening.until,
            opening.secured,
            evidence.commitment,
            evidence.leaf
        );
    }

    /// @inheritdoc IRegisterLiens
    function release(
        LienRelease calldata act,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external {
        _begin(evidence);
        _agree(RELEASE_LIEN, abi.encode(act, evidence), auths);
        _requireLive(act.security);
        _requireConsent(act.security, act.number, auths);
        _release(act);
        emit Released(act.security, act.investor, act.number, act.units, evidence.commitment, evidence.leaf);
    }

    /// @inheritdoc IRegisterLiens
    function revokePledge(
        LienRelease calldata act,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external {
        _begin(evidence);
        _authoriseAll(REVOKE_PLEDGE, abi.encode(act, evidence), auths);
        _requireRole(CHECKER, auths);
        _requireRole(REGULATOR, auths);
        _requireLive(act.security);
        _requirePledge(act.security, act.number);
        _release(act);
        emit PledgeRevoked(act.security, act.investor, act.number, act.units, evidence.commitment, evidence.leaf);
    }

    /// @inheritdoc IRegisterLiens
    function extend(
        bytes16 id,
        uint16 number,
        uint24 until,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external {
        _begin(evidence);
        _agree(EXTEND_LIEN, abi.encode(id, number, until, evidence), auths);
        _requireLive(id);
        uint256 today = Days.ofTime(block.timestamp);
        uint256 lien = _liens[id][number].word;
        if (lien.covers() == 0 || lien.isOver(today)) revert RegisterLien(number);
        LienKind kind = lien.kind();
        uint256 before = lien.until();
        if (kind == LienKind.Pledge) revert RegisterLienKind(number, kind);
        if (kind == LienKind.Freeze) _requireDay(until, today, Days.addMonths(before, TERM_MONTHS));
        else if (until != 0) _requireDay(until, today, type(uint24).max);
        if (until != 0 && (before == 0 || until < before)) _requireConsent(id, number, auths);
        _setLien(id, number, lien.withUntil(until));
        emit LienExtended(id, number, uint24(before), until, evidence.commitment, evidence.leaf);
    }

    /// @inheritdoc IRegisterLiens
    function enforce(
        Enforcement calldata act,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external {
        _begin(evidence);
        _agree(ENFORCE_LIEN, abi.encode(act, evidence), auths);
        LienKind kind = _requireConsent(act.security, act.number, auths);
        if (kind == LienKind.Lock) revert RegisterLienKind(act.number, kind);
        Reason reason = kind == LienKind.Pledge ? Reason.Enforcement : Reason.Judicial;
        if (_sell(act, kind == LienKind.Pledge)) _requireRole(LIAISON, auths);
        _move(Transfer(act.security, act.from, act.to, act.units, reason));
        emit Enforced(act.security, act.number, act.units, reason, evidence.commitment, evidence.leaf);
    }

    /// @inheritdoc IRegisterLiens
    function transferPledged(
        Transfer calldata act,
        uint16 number,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external {
        _begin(evidence);
        _agree(TRANSFER_PLEDGED, abi.encode(act, number, evidence), auths);
        if (act.reason > Reason.Gift) revert RegisterReason(act.reason);
        _requirePledge(act.security, number);
        _requireConsent(act.security, number, auths);
        (uint256 position, uint256[] memory lots) = _covered(act.security, act.from, number);
        uint256 i = lots.find(number);
        uint256 alone = i == lots.length ? 0 : lots[i].size();
        if (alone == 0 || act.units > alone) revert RegisterUnits(act.units, alone);
        _unbind(act.security, lots.take(i, act.units));
        _positions[act.security][act.from].word = _storeLots(act.security, act.from, position, lots);
        _move(act);
        emit PledgedTransferred(act.security, number, act.units, act.reason, evidence.commitment, evidence.leaf);
    }

    /// @inheritdoc IRegisterLiens
    function transferEstate(
        Transfer calldata act,
        uint176 lot,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external {
        _begin(evidence);
        _agree(TRANSFER_ESTATE, abi.encode(act, lot, evidence), auths);
        if (act.reason <= Reason.Gift || act.reason > Reason.Succession) revert RegisterReason(act.reason);
        _inherit(act, lot);
        _move(act);
        emit EstateTransferred(act.security, lot, act.units, act.reason, evidence.commitment, evidence.leaf);
    }

    /// @inheritdoc IRegisterLiens
    function sweep(bytes16 id, bytes16 who) external {
        uint256 position = _positions[id][who].word;
        (uint256[] memory lots, bool changed) = _sweptLots(id, who, position);
        if (changed) _setPosition(id, who, _storeLots(id, who, position, lots).touched());
    }

    // ---- opening

    /// @dev Gives the moment since which the lien is good. The first registration takes liens over that were registered elsewhere before.
    function _requireOpening(LienOpening memory opening, bool first) private view returns (uint256 since) {
        if (opening.units == 0 || opening.lien == LienKind.None) revert RegisterZero();
        bool pledge = opening.lien == LienKind.Pledge;
        bool freeze = opening.lien == LienKind.Freeze;
        if (pledge != (opening.secured != address(0))) revert RegisterSecured(opening.secured);
        (uint256 earliest, uint256 latest) = (freeze ? 1 : 0, freeze || first ? block.timestamp : 0);
        if (opening.since < earliest || opening.since > latest) revert RegisterSince(opening.since, earliest, latest);
        since = opening.since == 0 ? block.timestamp : opening.since;
        uint256 today = Days.ofTime(block.timestamp);
        if (freeze) _requireDay(opening.until, today, Days.addMonths(first ? today : Days.ofTime(since), TERM_MONTHS));
        else if (opening.until != 0) _requireDay(opening.until, today, pledge ? 0 : type(uint24).max);
        bool unconfirmed = _positions[opening.security][opening.investor].word.isUnconfirmed();
        if (pledge && unconfirmed && !first) revert RegisterUnconfirmed(opening.investor);
    }

    /// @dev Puts units under a new lien; gives whether it came before a pledge or freeze that was there.
    function _bind(LienOpening memory opening, uint16 number, uint256 since) private returns (bool ahead) {
        (bytes16 id, bytes16 who, uint256 units) = (opening.security, opening.investor, opening.units);
        uint256 position = _positions[id][who].word;
        (uint256[] memory lots,) = _sweptLots(id, who, position);
        uint256 free = position.units() - lots.total();
        uint256 available = opening.lien == LienKind.Pledge ? free : position.units();
        if (units > available) revert RegisterUnits(units, available);
        uint256 word = LienWords.pack(opening.lien, since, opening.until, units);
        if (units <= free) {
            lots.append(Lots.pack(units, number));
        } else {
            if (free != 0) lots.append(Lots.pack(free, number));
            ahead = _cover(id, lots, number, word, units - free);
        }
        _liens[id][number] = LienCell(word, opening.secured);
        _setPosition(id, who, _storeLots(id, who, position, lots).touched());
    }

    function _cover(bytes16 id, uint256[] memory lots, uint16 number, uint256 word, uint256 left)
        private
        view
        returns (bool ahead)
    {
        while (left != 0) {
            uint256 i = lots.next(number, Lots.For.Cover);
            uint256 lot = lots.take(i, Math.min(left, lots[i].size()));
            (uint256 place, bool before) = _rankOf(id, lot, word);
            lots.put(i, lot.inserted(place, number));
            ahead = ahead || before;
            left -= lot.size();
        }
    }

    /// @dev The place of a new lien in a lot, and whether a pledge or freeze is behind it there.
    function _rankOf(bytes16 id, uint256 lot, uint256 word) private view returns (uint256 place, bool ahead) {
        uint16 other;
        for (; (other = lot.numberAt(place)) != 0; ++place) {
            uint256 there = _liens[id][other].word;
            if (word.isBefore(there)) return (place, !there.isLock());
        }
    }

    // ---- ending

    /// @dev A position and its lots without what is over; the lien must cover some of its units.
    function _covered(bytes16 id, bytes16 who, uint16 number) private returns (uint256 position, uint256[] memory lots) {
        position = _positions[id][who].word;
        (lots,) = _sweptLots(id, who, position);
        if (lots.covered(number) == 0) revert RegisterLien(number);
    }

    function _release(LienRelease calldata act) private {
        (bytes16 id, uint16 number, uint256 left) = (act.security, act.number, act.units);
        if (left == 0) revert RegisterZero();
        (uint256 position, uint256[] memory lots) = _covered(id, act.investor, number);
        if (left > lots.covered(number)) revert RegisterUnits(left, lots.covered(number));
        _setLien(id, number, _liens[id][number].word.less(left));
        while (left != 0) {
            uint256 i = lots.next(number, Lots.For.Release);
            uint256 lot = lots.take(i, Math.min(left, lots[i].size()));
            lots.put(i, lot.without(lot.placeOf(number)));
            left -= lot.size();
        }
        _setPosition(id, act.investor, _storeLots(id, act.investor, position, lots).touched());
    }

    /// @dev Ends all liens on units that are about to be sold; gives whether a court had frozen some of them.
    function _sell(Enforcement calldata act, bool pledge) private returns (bool frozen) {
        bytes16 id = act.security;
        (uint256 position, uint256[] memory lots) = _covered(id, act.from, act.number);
        uint256[] memory aside = pledge ? _setAside(id, lots, act.number) : new uint256[](lots.length);
        uint256 left = act.units;
        if (left > lots.covered(act.number)) revert RegisterUnits(left, lots.covered(act.number));
        while (left != 0) {
            uint256 i = lots.next(act.number, Lots.For.Enforcement);
            uint256 lot = lots.take(i, Math.min(left, lots[i].size()));
            frozen = _unbind(id, lot) || frozen;
            left -= lot.size();
        }
        for (uint256 i = 0; i < lots.length; ++i) if (aside[i] != 0) lots[i] = aside[i];
        _positions[id][act.from].word = _storeLots(id, act.from, position, lots);
    }

    /// @dev Takes lots away from the list in which the pledge does not rank first, or on which a lock lies (公司法 160).
    function _setAside(bytes16 id, uint256[] memory lots, uint16 number) private view returns (uint256[] memory aside) {
        aside = new uint256[](lots.length);
        for (uint256 i = 0; i < lots.length; ++i) {
            uint256 lot = lots[i];
            bool first = lot.numberAt(0) == number;
            if (first && !_liens[id][lot.numberAt(lot.depth() - 1)].word.isLock()) continue;
            (aside[i], lots[i]) = (lot, 0);
        }
    }

    /// @dev Ends all liens on units that were taken from their lot.
    function _unbind(bytes16 id, uint256 lot) private returns (bool frozen) {
        uint16 number;
        for (uint256 place = 0; (number = lot.numberAt(place)) != 0; ++place) {
            uint256 lien = _liens[id][number].word;
            frozen = frozen || lien.kind() == LienKind.Freeze;
            _setLien(id, number, lien.less(lot.size()));
        }
    }

    /// @dev Moves a lot's units between the lots of two positions; the units themselves are for `_move`.
    function _inherit(Transfer calldata act, uint176 stack) private {
        uint256 position = _positions[act.security][act.from].word;
        (uint256[] memory lots,) = _sweptLots(act.security, act.from, position);
        uint256 i = lots.find(stack);
        if (stack == 0 || i == lots.length) revert RegisterLot(stack);
        if (act.units > lots[i].size()) revert RegisterUnits(act.units, lots[i].size());
        uint256 lot = lots.take(i, act.units);
        _positions[act.security][act.from].word = _storeLots(act.security, act.from, position, lots);
        position = _positions[act.security][act.to].word;
        (lots,) = _sweptLots(act.security, act.to, position);
        lots.append(lot);
        _positions[act.security][act.to].word = _storeLots(act.security, act.to, position, lots);
    }

    // ---- who must agree

    /// @dev The pledgee, the court's liaison, or a checker.
    function _requireConsent(bytes16 id, uint16 number, Authorisation[] calldata auths) private view returns (LienKind kind) {
        kind = _liens[id][number].word.kind();
        if (kind == LienKind.None) revert RegisterLien(number);
        if (kind == LienKind.Pledge) _requireSigner(_liens[id][number].secured, auths);
        else _requireRole(kind == LienKind.Freeze ? LIAISON : CHECKER, auths);
    }

    function _requireSigner(address secured, Authorisation[] calldata auths) private pure {
        for (uint256 i = 0; i < auths.length; ++i) if (auths[i].signer == secured) return;
        revert RegisterConsent(secured);
    }

    function _requirePledge(bytes16 id, uint16 number) private view {
        LienKind kind = _liens[id][number].word.kind();
        if (kind == LienKind.None) revert RegisterLien(number);
        if (kind != LienKind.Pledge) revert RegisterLienKind(number, kind);
    }

    function _requireDay(uint256 day, uint256 first, uint256 last) private pure {
        if (day < first || day > last) revert RegisterTerm(day, first, last);
    }
}
