// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IEquityRegister} from "../contracts/register/IEquityRegister.sol";
import {IRegister} from "../contracts/register/IRegister.sol";
import {LienWords} from "../contracts/register/LienWords.sol";
import {Positions} from "../contracts/register/Positions.sol";
import {Securities} from "../contracts/register/Securities.sol";
import {Base} from "../test/support/Base.sol";

/// @dev Every member of a word can be read back, and writing one leaves the others as they were: for all words there are.
contract WordsSymbolic is Base {
    using LienWords for uint256;
    using Positions for uint256;
    using Securities for uint256;

    uint256 private constant USED = (1 << 248) - 1;

    function check_aPositionIsItsMembers(uint256 word) public pure {
        assert(_packed(word.unpack()) == word & USED);
        assert(word.units() == word.unpack().units && word.lots() == word.unpack().lots);
        assert(word.addend() == word.unpack().addend && word.lastBuy() == word.unpack().lastBuy);
    }

    function check_oneMemberOfAPositionChanges(uint256 word, uint16 day, uint80 encumbered, uint8 lots, bool flag) public pure {
        vm.assume(lots <= Positions.MOST_LOTS);
        IEquityRegister.Position memory expected = word.unpack();
        (expected.lastBuy, expected.officer) = (day, flag);
        assert(_packed(expected) == word.bought(day).withOfficer(flag) & USED);
        expected = word.unpack();
        (expected.lastSell, expected.unconfirmed) = (day, flag);
        assert(_packed(expected) == word.sold(day).withUnconfirmed(flag) & USED);
        expected = word.unpack();
        (expected.encumbered, expected.lots) = (encumbered, lots);
        assert(_packed(expected) == word.withLots(encumbered, lots) & USED);
    }

    function check_unitsThatMoveAreNeitherMadeNorLost(uint256 left, uint256 right, uint80 units, uint16 addend) public pure {
        IEquityRegister.Position memory giver = left.unpack();
        IEquityRegister.Position memory taker = right.unpack();
        vm.assume(giver.encumbered <= giver.units && units <= left.free());
        vm.assume(uint256(giver.units) + taker.units <= type(uint80).max);
        vm.assume(giver.seq < type(uint32).max && taker.seq < type(uint32).max);
        (giver.units, giver.seq) = (giver.units - units, giver.seq + 1);
        (taker.units, taker.seq, taker.addend) = (taker.units + units, taker.seq + 1, addend);
        assert(_packed(giver) == left.shrunk(units) & USED && giver.encumbered <= giver.units);
        assert(_packed(taker) == right.grown(units, addend) & USED);
    }

    function check_aSecurityIsItsMembers(uint256 word, IEquityRegister.Terms calldata terms) public pure {
        uint256 changed = word.withTerms(terms);
        IEquityRegister.Terms memory read = changed.termsOf(terms.basis);
        assert(read.form == terms.form && read.kinds == terms.kinds && read.cap == terms.cap && read.basis == terms.basis);
        assert(read.grandfathered == terms.grandfathered && read.interval == terms.interval);
        assert(read.subscriptionCounts == terms.subscriptionCounts);
        assert(changed.issued() == word.issued() && changed.count() == word.count() && changed.liens() == word.liens());
        assert(uint8(changed >> 200) == uint8(word >> 200));
    }

    function check_oneMemberOfASecurityChanges(uint256 word, uint80 issued, uint32 count, uint8 state) public pure {
        vm.assume(state <= uint8(IRegister.State.Exited) && word.liens() < type(uint16).max);
        uint256 changed = word.withIssued(issued).withCount(count).withState(IRegister.State(state)).withLien();
        assert(changed.issued() == issued && changed.count() == count && uint8(changed.state()) == state);
        assert(changed.liens() == word.liens() + 1);
        uint256 others = ~(uint256(type(uint80).max) | uint256(type(uint32).max) << 144 | uint256(0xff) << 200 | uint256(0xffff) << 217);
        assert(changed & others == word & others);
    }

    function check_aLienIsItsMembers(uint8 kind, uint40 since, uint24 until, uint80 units, uint80 less, uint24 day) public pure {
        vm.assume(kind <= uint8(IRegister.LienKind.Lock) && less <= units);
        uint256 word = LienWords.pack(IRegister.LienKind(kind), since, until, units);
        assert(uint8(word.kind()) == kind && word.since() == since && word.until() == until && word.covers() == units);
        assert(word.less(less).covers() == units - less && word.less(less).more(less) == word);
        assert(word.less(less).since() == since && word.withUntil(day) == LienWords.pack(word.kind(), since, day, units));
        assert(word.isOver(day) == (until != 0 && until < day));
    }

    /// @dev Liens can be sorted: nobody is before himself, nor before whoever is before him, and before is handed on.
    function check_ranksAreAnOrder(uint256 a, uint256 b, uint256 c) public pure {
        vm.assume(uint8(a) <= 3 && uint8(b) <= 3 && uint8(c) <= 3);
        assert(!a.isBefore(a));
        assert(!(a.isBefore(b) && b.isBefore(a)));
        assert(!(a.isBefore(b) && b.isBefore(c)) || a.isBefore(c));
    }

    function _packed(IEquityRegister.Position memory p) private pure returns (uint256) {
        return p.units | uint256(p.encumbered) << 80 | uint256(p.lastBuy) << 160 | uint256(p.lastSell) << 176
            | uint256(p.seq) << 192 | uint256(p.addend) << 224 | (p.officer ? 1 << 240 : 0) | (p.unconfirmed ? 1 << 241 : 0)
            | uint256(p.lots) << 242;
    }
}
