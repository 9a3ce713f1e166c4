// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IEquityRegister} from "../contracts/register/IEquityRegister.sol";
import {IRegister} from "../contracts/register/IRegister.sol";
import {IRegisterLiens} from "../contracts/register/IRegisterLiens.sol";
import {Base} from "./support/Base.sol";
import {RegisterLienActors} from "./support/RegisterLienActors.sol";

contract RegisterLienInvariantsTest is Base {
    bytes16 private constant SHARES = bytes16(uint128(0x5ec));
    uint256 private constant INVESTORS = 3;

    RegisterLienActors private actors;
    IEquityRegister private book;

    function setUp() public {
        actors = new RegisterLienActors();
        book = actors.chain();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(actors);
    }

    /// @dev Nothing fails without a reason. Σ positions = issued units, Σ lots = encumbered units <= units, a lien's units = Σ lots that name
    /// it; no lot twice, none empty.
    function invariantLotsAndLiensAgree() public view {
        assertTrue(bytes(actors.violation()).length == 0, actors.violation());
        uint256[] memory covered = new uint256[](uint256(book.securityOf(SHARES).liens) + 1);
        uint256 units = 0;
        for (uint256 i = 0; i < INVESTORS; ++i) {
            IEquityRegister.Position memory p = book.positionOf(SHARES, actors.idOf(i));
            uint256[] memory lots = book.lotsOf(SHARES, actors.idOf(i));
            assertEq(p.lots, lots.length);
            uint256 encumbered = 0;
            for (uint256 j = 0; j < lots.length; ++j) {
                assertTrue(uint80(lots[j]) != 0, "an empty lot");
                for (uint256 k = 0; k < j; ++k) assertTrue(lots[k] >> 80 != lots[j] >> 80, "two lots of the same liens");
                _addUp(covered, lots[j]);
                encumbered += uint80(lots[j]);
            }
            assertEq(p.encumbered, encumbered);
            assertTrue(encumbered <= p.units, "more is encumbered than there is");
            units += p.units;
        }
        assertEq(book.securityOf(SHARES).issued, units);
        for (uint16 number = 1; number < covered.length; ++number) {
            assertEq(book.lienOf(SHARES, number).units, covered[number]);
        }
    }

    /// @dev Adds a lot's units to those of each of its liens, which stand by rank and so never twice.
    function _addUp(uint256[] memory covered, uint256 lot) private view {
        uint16 before = 0;
        for (uint256 stack = lot >> 80; stack != 0; stack >>= 16) {
            uint16 number = uint16(stack);
            assertTrue(number != 0, "a lot without liens, or with a gap");
            if (before != 0) assertTrue(_keyOf(before) < _keyOf(number), "liens out of rank");
            covered[number] += uint80(lot);
            before = number;
        }
    }

    /// @dev Locks last; by moment, then by number.
    function _keyOf(uint16 number) private view returns (uint256) {
        IRegisterLiens.Lien memory lien = book.lienOf(SHARES, number);
        bool last = lien.kind == IRegister.LienKind.Lock;
        return (last ? 1 << 64 : uint256(lien.since) << 16) | number;
    }

    function testFuzzLotsAndLiensAgree(uint256 seed) public {
        for (uint256 i = 0; i < 12; ++i) _random(uint256(keccak256(abi.encode(seed, i))));
        invariantLotsAndLiensAgree();
    }

    /// @dev An invariant that no act reaches would hold for nothing.
    function testTheActorsDoEverything() public {
        for (uint256 i = 0; i < 400; ++i) _random(uint256(keccak256(abi.encode(i))));
        bytes4[9] memory all = [
            IRegisterLiens.encumber.selector,
            IRegisterLiens.release.selector,
            IRegisterLiens.extend.selector,
            IRegisterLiens.enforce.selector,
            IRegisterLiens.transferPledged.selector,
            IRegisterLiens.transferEstate.selector,
            IEquityRegister.transfer.selector,
            book.bonus.selector,
            book.cancel.selector
        ];
        for (uint256 i = 0; i < all.length; ++i) {
            assertTrue(actors.done(all[i]) > 0, string(abi.encodePacked("act ", bytes1(uint8(0x61 + i)))));
        }
        invariantLotsAndLiensAgree();
    }

    function _random(uint256 seed) private {
        uint256 kind = seed % 20;
        (uint256 a, uint256 b, uint256 c, uint256 d) =
            ((seed >> 16) & 0xffff, (seed >> 32) & 0xffff, (seed >> 48) & 0xffff, (seed >> 64) & 0xffff);
        if (kind < 8) actors.encumber(a, b, c, d, seed >> 80 & 0xffff);
        if (kind == 8 || kind == 9) actors.release(a, b, c);
        if (kind == 10) actors.extend(a, b, c);
        if (kind == 11) actors.enforce(a, b, c, d);
        if (kind == 12) actors.transferPledged(a, b, c, d);
        if (kind == 13) actors.transferEstate(a, b, c, d);
        if (kind == 14) actors.spend(a, b);
        if (kind == 15) actors.bonus(a);
        if (kind == 16) actors.cancel(a, b);
        if (kind == 17) actors.sweep(a);
        if (kind > 17) actors.wait_(a);
    }
}
