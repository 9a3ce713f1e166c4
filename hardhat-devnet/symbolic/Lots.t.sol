// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Lots} from "../contracts/register/Lots.sol";
import {Base} from "../test/support/Base.sol";

/// @dev What is done with lots neither makes nor loses units, nor liens.
contract LotsSymbolic is Base {
    using Lots for uint256;
    using Lots for uint256[];

    function check_aLienGoesInAndOutAgain(uint256 lot, uint8 place, uint16 number) public pure {
        vm.assume(number != 0 && lot.numberAt(10) == 0);
        vm.assume(place <= 10);
        uint256 more = lot.inserted(place, number);
        assert(more.size() == lot.size() && more.numberAt(place) == number);
        assert(more.without(place) == lot);
        for (uint256 i = 0; i < 10; ++i) assert(more.numberAt(i < place ? i : i + 1) == lot.numberAt(i));
    }

    function check_aLotIsSplitWithoutRest(uint256 lot, uint80 taken) public pure {
        vm.assume(taken <= lot.size());
        uint256[] memory lots = new uint256[](3);
        lots[0] = lot;
        uint256 part = lots.take(0, taken);
        assert(part.size() == taken && part.stack() == lot.stack());
        assert(taken == lot.size() ? lots[0] == 0 : lots[0].stack() == lot.stack());
        assert(lots.total() + part.size() == lot.size());
        lots.put(0, part);
        assert(lots.total() == lot.size());
    }

    function check_compactingKeepsUnitsOfEachStack(uint256[3] calldata given, uint176 stack) public pure {
        uint256[] memory lots = new uint256[](3);
        (uint256 sum, uint256 all) = (0, 0);
        for (uint256 i = 0; i < 3; ++i) {
            vm.assume(given[i].size() <= type(uint80).max / 3);
            lots[i] = given[i];
            if (given[i].stack() == stack) sum += given[i].size();
            if (given[i].stack() != 0) all += given[i].size();
        }
        uint256[] memory kept = lots.compacted();
        uint256 place = kept.find(stack);
        if (stack != 0) assert((place == kept.length ? 0 : kept[place].size()) == sum);
        assert(kept.total() == all);
        for (uint256 i = 0; i < kept.length; ++i) {
            assert(kept[i].size() != 0 && kept[i].stack() != 0);
            for (uint256 j = 0; j < i; ++j) assert(kept[i].stack() != kept[j].stack());
        }
    }

    /// @dev What is taken next has the lien, or has it not where it is to come; where nothing is found there is none.
    function check_nextIsOneThatServes(uint256[2] calldata given, uint16 number, uint8 purpose) public pure {
        vm.assume(number != 0 && purpose <= uint8(Lots.For.Enforcement));
        uint256[] memory lots = new uint256[](2);
        for (uint256 i = 0; i < 2; ++i) {
            lots[i] = given[i];
            for (uint256 j = 0; j < 11; ++j) vm.assume((given[i].numberAt(j) != 0) == (j < 2));
        }
        bool absent = Lots.For(purpose) == Lots.For.Cover;
        uint256 best = lots.next(number, Lots.For(purpose));
        if (best != Lots.NEVER) assert((lots[best].placeOf(number) == Lots.NEVER) == absent);
        for (uint256 i = 0; i < 2; ++i) {
            bool serves = (lots[i].placeOf(number) == Lots.NEVER) == absent;
            assert(!serves || best != Lots.NEVER);
            if (serves && Lots.For(purpose) == Lots.For.Enforcement) assert(lots[best].placeOf(number) <= lots[i].placeOf(number));
        }
    }
}
