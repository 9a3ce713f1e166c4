// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IEquityRegister} from "../contracts/register/IEquityRegister.sol";
import {IRegister} from "../contracts/register/IRegister.sol";
import {Base} from "./support/Base.sol";
import {RegisterActors} from "./support/RegisterActors.sol";

contract RegisterInvariantsTest is Base {
    bytes16 private constant SHARES = bytes16(uint128(0x5ec));
    RegisterActors private actors;

    function setUp() public {
        actors = new RegisterActors();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(actors);
    }

    function invariantChainAndModelAgreeOnEveryVerdict() public view {
        assertTrue(bytes(actors.violation()).length == 0, actors.violation());
    }

    /// @dev Σ positions = issued units; the count is that of the holders and of those who stand behind them; no change goes untold.
    function invariantThePositionsAreTheSecurity() public view {
        IEquityRegister book = actors.chain();
        (uint256 units, uint256 count) = (0, 0);
        for (uint256 i = 0; i < 5; ++i) {
            IEquityRegister.Position memory p = book.positionOf(SHARES, actors.idOf(i));
            (uint256 held,,,,,, uint256 changes) = actors.holders(i);
            assertEq(p.units, held);
            assertEq(p.seq, changes);
            assertEq(p.encumbered, 0);
            units += p.units;
            if (p.units != 0) count += 1 + p.addend;
        }
        IEquityRegister.Security memory s = book.securityOf(SHARES);
        assertEq(s.issued, units);
        assertEq(s.issued, actors.issued());
        assertEq(s.count, count);
        assertEq(s.count, actors.count());
    }

    function testFuzzChainAndModelAgree(uint256 seed) public {
        for (uint256 i = 0; i < 24; ++i) _random(uint256(keccak256(abi.encode(seed, i))));
        invariantChainAndModelAgreeOnEveryVerdict();
        invariantThePositionsAreTheSecurity();
    }

    /// @dev An invariant that no act reaches would hold for nothing.
    function testTheActorsReachEveryRefusal() public {
        for (uint256 i = 0; i < 600; ++i) _random(uint256(keccak256(abi.encode(i))));
        bytes4[8] memory all = [
            bytes4(0),
            IRegister.RegisterNeeds.selector,
            IRegister.RegisterZero.selector,
            IRegister.RegisterSelf.selector,
            IRegister.RegisterUnsuitable.selector,
            IRegister.RegisterInterval.selector,
            IRegister.RegisterUnits.selector,
            IRegister.RegisterCap.selector
        ];
        for (uint256 i = 0; i < all.length; ++i) {
            assertTrue(actors.seen(all[i]) > 0, string(abi.encodePacked("refusal ", bytes1(uint8(0x61 + i)))));
        }
        invariantChainAndModelAgreeOnEveryVerdict();
        invariantThePositionsAreTheSecurity();
    }

    function _random(uint256 seed) private {
        uint256 kind = seed % 16;
        (uint256 a, uint256 b, uint256 c, uint256 d) =
            ((seed >> 16) & 0xffff, (seed >> 32) & 0xffff, (seed >> 48) & 0xffff, (seed >> 64) & 0xffff);
        if (kind < 9) actors.transfer(a, b, c, d);
        if (kind == 9 || kind == 10) actors.subscribe(a, b);
        if (kind == 11) actors.raise(a, b);
        if (kind == 12) actors.recount(a);
        if (kind == 13) actors.suit(a, b);
        if (kind > 13) actors.wait_(a);
    }
}
