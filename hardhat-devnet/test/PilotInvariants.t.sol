// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPilotLifecycle} from "../contracts/pilot/IPilotLifecycle.sol";
import {Base} from "./support/Base.sol";
import {PilotActors} from "./support/PilotActors.sol";

contract PilotInvariantsTest is Base {
    PilotActors private actors;

    function setUp() public {
        actors = new PilotActors(7);
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(actors);
    }

    /// @dev Chain and model agree on every step and on every reason; nobody but the body moves a project, no terminal state is left, no
    /// count falls, no state is reached that the table has not.
    function invariantNothingHappensThatMustNot() public view {
        assertTrue(bytes(actors.violation()).length == 0, actors.violation());
    }

    function invariantTheCountersCountTheOpenItems() public view {
        assertTrue(actors.countersAreRight(), "counters");
    }

    /// @dev Random steps under a random table, against the model.
    function testFuzzChainAndModelAgree(uint256 table, uint256 seed) public {
        PilotActors random = new PilotActors(table);
        for (uint256 i = 0; i < 16; ++i) _random(random, uint256(keccak256(abi.encode(seed, i))));
        assertTrue(bytes(random.violation()).length == 0, random.violation());
        assertTrue(random.countersAreRight(), "counters");
    }

    /// @dev An invariant that no act reaches would hold for nothing.
    function testTheActorsReachEveryRefusal() public {
        for (uint256 table = 0; table < 12; ++table) {
            actors = new PilotActors(table);
            for (uint256 i = 0; i < 80; ++i) _random(actors, uint256(keccak256(abi.encode(table, i))));
            invariantNothingHappensThatMustNot();
            invariantTheCountersCountTheOpenItems();
            _count();
        }
        string[4] memory acts = ["step", "proven", "seal", "terminal"];
        for (uint256 i = 0; i < acts.length; ++i) assertTrue(_seen[acts[i]] > 0, acts[i]);
        bytes4[16] memory all = _refusals();
        for (uint256 i = 0; i < all.length; ++i) {
            assertTrue(_seen[string(abi.encodePacked(all[i]))] > 0, string(abi.encodePacked("refusal ", bytes1(uint8(0x61 + i)))));
        }
    }

    mapping(string what => uint256) private _seen;

    function _count() private {
        string[4] memory acts = ["step", "proven", "seal", "terminal"];
        for (uint256 i = 0; i < acts.length; ++i) _seen[acts[i]] += actors.seen(acts[i]);
        bytes4[16] memory all = _refusals();
        for (uint256 i = 0; i < all.length; ++i) {
            string memory name = string(abi.encodePacked(all[i]));
            _seen[name] += actors.seen(name);
        }
    }

    function _refusals() private pure returns (bytes4[16] memory) {
        return [
            IPilotLifecycle.PilotNoRule.selector,
            IPilotLifecycle.PilotNotBody.selector,
            IPilotLifecycle.PilotStale.selector,
            IPilotLifecycle.PilotAhead.selector,
            IPilotLifecycle.PilotFlagsMissing.selector,
            IPilotLifecycle.PilotFlagsForbidden.selector,
            IPilotLifecycle.PilotItemsOpen.selector,
            IPilotLifecycle.PilotNoItemOpen.selector,
            IPilotLifecycle.PilotNoticeNotRunning.selector,
            IPilotLifecycle.PilotNoticeRunning.selector,
            IPilotLifecycle.PilotNotEnded.selector,
            IPilotLifecycle.PilotEnded.selector,
            IPilotLifecycle.PilotValue.selector,
            IPilotLifecycle.PilotTerm.selector,
            IPilotLifecycle.PilotItem.selector,
            IPilotLifecycle.PilotNeedsProof.selector
        ];
    }

    function _random(PilotActors on, uint256 seed) private {
        uint256 kind = seed % 8;
        (uint256 a, uint256 b, uint256 c, uint256 d) =
            ((seed >> 16) & 0xffff, (seed >> 32) & 0xffff, (seed >> 48) & 0xffffff, (seed >> 80) & 0xffff);
        if (kind < 5) on.act(a, b, c, d, (seed >> 96) & 0xff);
        if (kind == 5) on.prove(a, b, c, d);
        if (kind == 6) on.wait_(a);
        if (kind == 7) on.seal(a, b % 5 == 0 ? b : 0);
    }
}
