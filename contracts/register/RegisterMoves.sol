// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Days} from "../calendar/Days.sol";
import {Authorisation} from "../identity/IAuthorised.sol";
import {LienWords} from "./LienWords.sol";
import {Lots} from "./Lots.sol";
import {Positions} from "./Positions.sol";
import {RegisterStorage} from "./RegisterStorage.sol";
import {Securities} from "./Securities.sol";

/// @title What the register and its modules do with positions
abstract contract RegisterMoves is RegisterStorage {
    using LienWords for uint256;
    using Lots for uint256;
    using Lots for uint256[];
    using Positions for uint256;
    using Securities for uint256;

    uint256 private constant QUARTER = 4;
    uint256 private constant SOLD = 80;
    uint256 private constant YEAR = 160;
    uint256 private constant LOCKED_UNTIL = 176;

    /// @dev Order of the checks: docs/spec/register.md. Who buys what a pledge is enforced on keeps the rules of an agreed act. Written for
    /// gas: each word is read once, and what cannot overflow is not checked.
    function _move(Transfer memory act) internal {
        bytes16 id = act.security;
        Cell storage security = _securities[id];
        uint256 word = security.word;
        if (!word.isCustodied()) _requireMovable(id, word.state(), act.reason);
        if (act.units == 0) revert RegisterZero();
        if (act.from == act.to) revert RegisterSelf(act.from);
        uint256 holder = _known(act.to);
        mapping(bytes16 investor => Cell) storage positions = _positions[id];
        Cell storage giver = positions[act.from];
        Cell storage taker = positions[act.to];
        (uint256 left, uint256 right) = (giver.word, taker.word);
        bool agreed = act.reason == Reason.Agreed;
        if (agreed || act.reason == Reason.Enforcement) {
            uint256 clock = _now();
            _requireFit(word, act.to, holder, uint24(clock));
            clock >>= NUMBER;
            if (agreed) {
                if (left.lastBuy() != 0) _requireInterval(word, act.from, left.lastBuy(), clock);
                left = left.sold(clock);
            }
            if (right.lastSell() != 0) _requireInterval(word, act.to, right.lastSell(), clock);
            right = right.bought(clock);
        }
        if ((left | right).isRestricted()) (left, right) = _restrict(act, left, right);
        uint256 units = act.units;
        if (units > left.free()) left = _freed(id, act.from, left, units);
        holder >>= ADDEND;
        if (right.units() == 0 || units == left.units() || right.addend() != holder) {
            unchecked {
                uint256 gone = right.weight() + (units == left.units() ? left.weight() : 0);
                uint256 count = word.count() + 1 + holder - gone;
                if (count > word.cap()) _overCap(act, word, count, right.units() == 0);
                security.word = word.withCount(count);
            }
        }
        (left, right) = (left.shrunk(units), right.grown(units, holder));
        (giver.word, taker.word) = (left, right);
        emit PositionChanged(id, act.from, left);
        emit PositionChanged(id, act.to, right);
    }

    function _restrict(Transfer memory act, uint256 left, uint256 right) private returns (uint256, uint256) {
        if (act.reason <= Reason.Gift && left.isUnconfirmed()) revert RegisterUnconfirmed(act.from);
        if (left.isOfficer()) left = _lockUp(act.security, act.from, left, _isVoluntary(act.reason) ? act.units : 0);
        if (right.isOfficer()) right = _lockUp(act.security, act.to, right, 0);
        return (left, right);
    }

    /// @dev A court acts through its liaison, and a pledge is enforced elsewhere.
    function _requireCourt(Reason reason, Authorisation[] calldata auths) internal view {
        if (reason != Reason.Judicial) revert RegisterReason(reason);
        _requireRole(LIAISON, auths);
    }

    /// @dev Acts by which somebody enters by agreement may not lead beyond the cap; others may, and are told.
    function _overCap(Transfer memory act, uint256 word, uint256 count, bool enters) private {
        if (count <= word.count()) return;
        if (enters && _isVoluntary(act.reason)) revert RegisterCap(count, word.cap());
        emit CapExceeded(act.security, count, word.cap());
    }

    // ---- officers

    /// @dev Before an officer's position changes: a new year begins with what it has then, and what it parts with of its own will is held
    /// against a quarter of that. Gives the position, which is an officer's no more when the time after leaving is over.
    function _lockUp(bytes16 id, bytes16 who, uint256 position, uint256 parted) internal returns (uint256) {
        uint256 today = Days.ofTime(block.timestamp);
        uint256 lockup = _lockups[id][who];
        uint256 until = lockup >> LOCKED_UNTIL;
        if (until != 0 && until < today) {
            _setLockup(id, who, 0);
            return position.withOfficer(false);
        }
        (uint256 year,,) = Days.yearOf(today);
        uint256 rolled = uint16(lockup >> YEAR) == year ? lockup : _lockupOf(position.units(), year, until);
        uint256 gone = uint80(rolled >> SOLD);
        uint256 left = until == 0 ? uint80(rolled) / QUARTER - gone : 0;
        if (parted > left) revert RegisterLockup(who, parted, left);
        rolled += parted << SOLD;
        if (rolled != lockup) _setLockup(id, who, rolled);
        return position;
    }

    function _setLockup(bytes16 id, bytes16 who, uint256 lockup) internal {
        _lockups[id][who] = lockup;
        emit LockupChanged(id, who, lockup);
    }

    function _lockupOf(uint256 base, uint256 year, uint256 until) internal pure returns (uint256) {
        return base | year << YEAR | until << LOCKED_UNTIL;
    }

    // ---- lots

    /// @dev The position with so many free units, after its lots were swept where that is needed.
    function _freed(bytes16 id, bytes16 who, uint256 position, uint256 wanted) internal returns (uint256) {
        if (position.lots() != 0) {
            (uint256[] memory lots, bool changed) = _sweptLots(id, who, position);
            if (changed) position = _storeLots(id, who, position, lots);
        }
        if (wanted > position.free()) revert RegisterUnits(wanted, position.free());
        return position;
    }

    /// @dev The lots of a position without the liens that are over, with two empty places behind, and whether there were such liens.
    function _sweptLots(bytes16 id, bytes16 who, uint256 position) internal returns (uint256[] memory lots, bool changed) {
        uint256 n = position.lots();
        lots = new uint256[](n + 2);
        uint256 today = Days.ofTime(block.timestamp);
        for (uint256 i = 0; i < n; ++i) {
            uint256 lot = _lots[id][who][i];
            lots[i] = _sweptLot(id, who, lot, today);
            if (lots[i] != lot) changed = true;
        }
    }

    function _sweptLot(bytes16 id, bytes16 who, uint256 lot, uint256 today) private returns (uint256) {
        uint16 number;
        for (uint256 place = 0; (number = lot.numberAt(place)) != 0;) {
            uint256 lien = _liens[id][number].word;
            if (lien.isOver(today)) {
                lot = lot.without(place);
                _setLien(id, number, lien.less(lot.size()));
                emit LienLapsed(id, who, number, lot.size());
            } else {
                ++place;
            }
        }
        return lot.stack() == 0 ? 0 : lot;
    }

    /// @dev Gives the position with the sum and number of its lots, for the caller to store.
    function _storeLots(bytes16 id, bytes16 who, uint256 position, uint256[] memory lots) internal returns (uint256) {
        lots = lots.compacted();
        if (lots.length > Positions.MOST_LOTS) revert RegisterLots();
        mapping(uint256 place => uint256 lot) storage cells = _lots[id][who];
        for (uint256 i = 0; i < lots.length; ++i) cells[i] = lots[i];
        for (uint256 i = lots.length; i < position.lots(); ++i) cells[i] = 0;
        emit LotsChanged(id, who, lots);
        return position.withLots(lots.total(), lots.length);
    }

    function _setLien(bytes16 id, uint16 number, uint256 lien) internal {
        _liens[id][number].word = lien;
        emit LienChanged(id, number, lien);
    }

    function _setPosition(bytes16 id, bytes16 who, uint256 position) internal {
        _positions[id][who].word = position;
        emit PositionChanged(id, who, position);
    }

    // ---- rules

    /// @dev Today | the number of the newest trading day << 24. Counted once a day: days that are over never open or close any more.
    function _now() internal returns (uint256 clock) {
        uint256 today = Days.ofTime(block.timestamp);
        clock = _clock;
        if (uint24(clock) != today) {
            (bool known, uint256 passed) = calendar.tradingDaysAfter(region, uint24(clock), today);
            if (!known) revert RegisterCalendar(uint24(clock), today);
            clock = today | ((clock >> NUMBER) + passed) << NUMBER;
            _clock = clock;
        }
    }

    /// @dev In custody or before it.
    function _requireLive(bytes16 id) internal view returns (uint256 word) {
        word = _securities[id].word;
        State state = word.state();
        if (state == State.None || state == State.Exited) revert RegisterState(id, state);
    }

    /// @dev In custody, suspended or not.
    function _requireCustody(bytes16 id) internal view returns (uint256 word) {
        word = _requireLive(id);
        if (word.state() == State.Registering) revert RegisterState(id, State.Registering);
    }

    function _requireFit(uint256 word, bytes16 who, uint256 holder, uint256 today) internal pure {
        if (word.kinds() >> uint8(holder) & 1 == 0) revert RegisterKind(who, Kind(uint8(holder)), word.kinds());
        if (uint24(holder >> SUITABLE) < today) revert RegisterUnsuitable(who, uint24(holder >> SUITABLE), today);
    }

    function _requireInterval(uint256 word, bytes16 who, uint256 opposite, uint256 number) internal pure {
        unchecked {
            uint256 elapsed = number - opposite;
            if (elapsed < word.interval()) revert RegisterInterval(who, elapsed, word.interval());
        }
    }

    /// @dev Heirs and courts are not kept waiting by a suspension.
    function _requireMovable(bytes16 id, State state, Reason reason) private pure {
        if (state != State.Suspended || _isVoluntary(reason)) revert RegisterState(id, state);
    }

    /// @dev Whoever pledges units agrees to their sale.
    function _isVoluntary(Reason reason) private pure returns (bool) {
        return reason <= Reason.Gift || reason == Reason.Enforcement;
    }
}
