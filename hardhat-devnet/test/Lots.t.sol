// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IRegister} from "../contracts/register/IRegister.sol";
import {LienWords} from "../contracts/register/LienWords.sol";
import {Lots} from "../contracts/register/Lots.sol";
import {Base} from "./support/Base.sol";

/// @dev The words, against what one would say of a list.
contract LotsTest is Base {
    using LienWords for uint256;
    using Lots for uint256;
    using Lots for uint256[];

    function testFuzzALienGoesInWhereItBelongsAndOutAgain(uint80 units, uint16[11] memory numbers, uint256 seed) public pure {
        uint256 n = bound(seed, 0, 10);
        uint256 lot = _lot(units, numbers, n);
        assertEq(lot.depth(), n);
        uint256 place = bound(seed >> 8, 0, n);
        uint256 more = lot.inserted(place, 0xfff);
        assertEq(more.size(), units);
        assertEq(more.depth(), n + 1);
        assertEq(more.placeOf(0xfff), place);
        for (uint256 i = 0; i < n; ++i) assertEq(more.numberAt(i < place ? i : i + 1), lot.numberAt(i));
        assertEq(more.without(place), lot);
    }

    function testFuzzElevenAreAll(uint80 units, uint16[11] memory numbers) public {
        uint256 lot = _lot(units, numbers, 11);
        assertEq(lot.depth(), 11);
        assertEq(lot.without(10).depth(), 10);
        vm.expectRevert(abi.encodeWithSelector(IRegister.RegisterLots.selector));
        this.insert(lot);
    }

    function insert(uint256 lot) external pure returns (uint256) {
        return lot.inserted(0, 1);
    }

    function testFuzzCompactingLosesNoUnits(uint80[8] memory units, uint8[8] memory stacks) public pure {
        uint256[] memory lots = new uint256[](8);
        uint256[4] memory sums;
        for (uint256 i = 0; i < 8; ++i) {
            (uint256 size, uint256 stack) = (units[i] >> 3, stacks[i] % 4);
            lots[i] = Lots.pack(size, stack);
            sums[stack] += size;
        }
        uint256[] memory kept = lots.compacted();
        for (uint256 stack = 1; stack < 4; ++stack) {
            uint256 i = kept.find(stack);
            assertEq(i == kept.length ? 0 : kept[i].size(), sums[stack]);
        }
        assertEq(kept.total(), sums[1] + sums[2] + sums[3]);
        assertEq(kept.find(0), kept.length);
    }

    function testFuzzTakenAndPutBackIsTheSame(uint80 first, uint80 second, uint80 taken) public pure {
        uint256[] memory lots = new uint256[](4);
        (lots[0], lots[1]) = (Lots.pack(bound(first, 1, 1 << 79), 1), Lots.pack(bound(second, 1, 1 << 79), 2));
        uint256 before = lots.total();
        uint256 lot = lots.take(0, bound(taken, 1, lots[0].size()));
        assertEq(lots.total() + lot.size(), before);
        lots.put(0, lot);
        assertEq(lots.total(), before);
        assertEq(lots.compacted().length, 2);
        assertTrue(lots[0].stack() == 1 && lots[1].stack() == 2, "places");
    }

    function testWhatIsTakenNext() public pure {
        uint256[] memory lots = new uint256[](6);
        (lots[0], lots[1]) = (Lots.pack(1, 1), Lots.pack(1, 1 | 2 << 16));
        (lots[2], lots[3]) = (Lots.pack(1, 2), Lots.pack(1, 3 | 2 << 16));
        lots[4] = Lots.pack(1, 2 | 3 << 16);
        assertEq(lots.next(9, Lots.For.Cover), 2);
        assertEq(lots.next(2, Lots.For.Cover), 0);
        assertEq(lots.next(2, Lots.For.Release), 2);
        assertEq(lots.next(3, Lots.For.Release), 4);
        assertEq(lots.next(2, Lots.For.Enforcement), 2);
        assertEq(lots.next(3, Lots.For.Enforcement), 3);
        lots[2] = 0;
        assertEq(lots.next(2, Lots.For.Enforcement), 4);
        assertEq(lots.next(9, Lots.For.Release), Lots.NEVER);
        assertEq(new uint256[](2).next(1, Lots.For.Cover), Lots.NEVER);
    }

    function testFuzzALienIsOverAfterItsLastDay(uint24 until, uint24 today) public pure {
        uint256 word = LienWords.pack(IRegister.LienKind.Freeze, 1, until, 1);
        assertTrue(word.isOver(today) == (until != 0 && today > until), "over");
    }

    /// @dev For any two of different moments exactly one is before the other; nobody is before himself.
    function testFuzzRanksAreAnOrder(uint40 first, uint40 second) public pure {
        uint256 a = LienWords.pack(IRegister.LienKind.Pledge, first, 0, 1);
        uint256 b = LienWords.pack(IRegister.LienKind.Freeze, second, 1, 1);
        uint256 c = LienWords.pack(IRegister.LienKind.Lock, first, 1, 1);
        assertTrue(a.isBefore(b) == (first < second) && b.isBefore(a) == (second < first), "moments");
        assertTrue(a.isBefore(c) && b.isBefore(c) && !c.isBefore(a) && !c.isBefore(c) && !a.isBefore(a), "locks");
    }

    function _lot(uint80 units, uint16[11] memory numbers, uint256 n) private pure returns (uint256 lot) {
        lot = units;
        for (uint256 i = 0; i < n; ++i) lot |= (uint256(numbers[i]) % 0xffe + 0x1000) << (80 + 16 * i);
    }
}
