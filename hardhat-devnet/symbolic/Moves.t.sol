// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Days} from "../contracts/calendar/Days.sol";
import {ICalendar} from "../contracts/calendar/ICalendar.sol";
import {IInstitutionRegistry} from "../contracts/identity/IInstitutionRegistry.sol";
import {Positions} from "../contracts/register/Positions.sol";
import {RegisterMoves} from "../contracts/register/RegisterMoves.sol";
import {RegisterStorage} from "../contracts/register/RegisterStorage.sol";
import {Securities} from "../contracts/register/Securities.sol";
import {Base} from "../test/support/Base.sol";
import {Anybody} from "./Stubs.sol";

/// @dev A transfer that is not refused keeps every rule, whatever the security, the positions, the taker and the day are.
contract MovesSymbolic is RegisterMoves, Base {
    using Positions for uint256;
    using Securities for uint256;

    /// @dev Not constant: the compiler would compute the places of their words, which halmos then takes for others.
    bytes16 private immutable _shares = bytes16(uint128(1));
    bytes16 private immutable _giver = bytes16(uint128(2));
    bytes16 private immutable _taker = bytes16(uint128(3));
    uint256 private constant NOW = 1_800_000_000;

    constructor()
        RegisterStorage(IInstitutionRegistry(address(new Anybody())), ICalendar(address(new Anybody())), 440300, false)
    {}

    struct Before {
        uint256 word;
        uint256 left;
        uint256 right;
        uint256 holder;
    }

    function check_unitsAreKept(Before calldata was, uint80 units, uint8 reason, uint16 number) public {
        (uint256 word, uint256 left, uint256 right) = _moved(was, units, reason, number);
        assert(left.units() + right.units() == was.left.units() + was.right.units());
        assert(left.units() == was.left.units() - units && _encumbered(left) <= left.units());
        assert(_encumbered(left) == _encumbered(was.left) && _encumbered(right) == _encumbered(was.right));
    }

    function check_theCountFollows(Before calldata was, uint80 units, uint8 reason, uint16 number) public {
        (uint256 word, uint256 left, uint256 right) = _moved(was, units, reason, number);
        assert(word.count() + was.left.weight() + was.right.weight() == was.word.count() + left.weight() + right.weight());
        assert(right.addend() == uint16(was.holder >> ADDEND));
        assert(word.withCount(0) == was.word.withCount(0));
    }

    function check_capAndStateHold(Before calldata was, uint80 units, uint8 reason, uint16 number) public {
        (uint256 word,,) = _moved(was, units, reason, number);
        bool byWill = reason <= uint8(Reason.Gift) || reason == uint8(Reason.Enforcement);
        bool more = word.count() > was.word.count();
        assert(!(byWill && was.right.units() == 0 && more) || word.count() <= word.cap());
        State state = was.word.state();
        assert(state == State.Custodied || (state == State.Suspended && !byWill));
        assert(reason > uint8(Reason.Gift) || !was.left.isUnconfirmed());
    }

    function check_agreedActsKeepTheirRules(Before calldata was, uint80 units, uint16 number, bool enforced) public {
        uint8 reason = uint8(enforced ? Reason.Enforcement : Reason.Agreed);
        (, uint256 left, uint256 right) = _moved(was, units, reason, number);
        uint256 interval = was.word.interval();
        assert(was.word.kinds() >> uint8(was.holder) & 1 == 1);
        assert(uint24(was.holder >> SUITABLE) >= Days.ofTime(NOW));
        assert(was.right.lastSell() == 0 || was.right.lastSell() + interval <= number);
        assert(enforced || was.left.lastBuy() == 0 || was.left.lastBuy() + interval <= number);
        assert(right.lastBuy() == number && right.lastSell() == was.right.lastSell());
        assert(left.lastSell() == (enforced ? was.left.lastSell() : number) && left.lastBuy() == was.left.lastBuy());
    }

    /// @dev 25 % of what an officer had when the year began, and nothing for who left, whatever was sold before.
    function check_anOfficerKeepsThreeQuarters(uint256 position, uint256 lockup, uint80 parted) public {
        vm.warp(NOW);
        vm.assume(position.isOfficer() && parted != 0);
        _lockups[_shares][_giver] = lockup;
        uint256 afterwards = _lockUp(_shares, _giver, position, parted);
        uint256 noted = _lockups[_shares][_giver];
        (uint256 year,,) = Days.yearOf(Days.ofTime(NOW));
        uint256 until = lockup >> 176;
        if (!afterwards.isOfficer()) {
            assert(until != 0 && until < Days.ofTime(NOW));
            return;
        }
        bool same = uint16(lockup >> 160) == year;
        assert(until == 0 && uint16(noted >> 160) == year);
        assert(uint80(noted) == (same ? uint80(lockup) : position.units()));
        assert(uint80(noted >> 80) == (same ? uint80(lockup >> 80) : 0) + uint256(parted));
        assert(uint256(uint80(noted >> 80)) * 4 <= uint80(noted));
    }

    /// @dev Positions without lots and officers, which have checks of their own; trading days that are over; room in each member.
    function _moved(Before calldata was, uint80 units, uint8 reason, uint16 number)
        private
        returns (uint256 word, uint256 left, uint256 right)
    {
        vm.warp(NOW);
        (word, left, right) = (was.word, was.left, was.right);
        vm.assume(reason <= uint8(Reason.Enforcement));
        vm.assume(left.lots() == 0 && right.lots() == 0 && !left.isOfficer() && !right.isOfficer());
        vm.assume(_encumbered(left) <= left.units() && left.units() + right.units() <= type(uint80).max);
        vm.assume(uint32(left >> 192) < type(uint32).max && uint32(right >> 192) < type(uint32).max);
        vm.assume(left.lastBuy() <= number && left.lastSell() <= number && right.lastBuy() <= number);
        vm.assume(right.lastSell() <= number && word.count() < type(uint32).max - type(uint16).max);
        vm.assume(word.count() >= left.weight() + right.weight() && uint8(word >> 200) <= uint8(State.Exited));
        vm.assume(was.holder >> 48 == 0 && uint8(was.holder) <= uint8(Kind.EmployeePlan));
        _clock = Days.ofTime(NOW) | uint256(number) << NUMBER;
        _securities[_shares].word = word;
        _positions[_shares][_giver].word = left;
        _positions[_shares][_taker].word = right;
        _investors[_taker] = was.holder;
        _move(Transfer(_shares, _giver, _taker, units, Reason(reason)));
        word = _securities[_shares].word;
        (left, right) = (_positions[_shares][_giver].word, _positions[_shares][_taker].word);
    }

    function _encumbered(uint256 position) private pure returns (uint256) {
        return uint80(position >> 80);
    }
}
