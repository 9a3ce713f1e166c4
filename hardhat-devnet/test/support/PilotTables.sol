// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Authorisation} from "../../contracts/identity/IAuthorised.sol";
import {IPilotLifecycle} from "../../contracts/pilot/IPilotLifecycle.sol";
import {IRulebookRegistry} from "../../contracts/pilot/IRulebookRegistry.sol";
import {Pilots, Rule} from "./Pilots.sol";

/// @dev Each test makes the table it needs: "submit" from 0 to 1, and one or more actions in state 1.
abstract contract PilotTables is Pilots {
    IRulebookRegistry.Entry[] internal table;
    bytes32 internal book;

    function foundTable() internal {
        foundPilots();
        Rule memory r = rule();
        r.to = 1;
        table.push(entry(0, "submit", r));
    }

    function add(string memory action, Rule memory r) internal {
        table.push(entry(1, action, r));
    }

    function begin() internal {
        book = activate(table);
        openPilot(book);
    }

    function refuse(string memory action, uint64 value, uint256 signer, bytes memory reason) internal {
        IPilotLifecycle.Step memory next = nextStep(action, value);
        Authorisation memory auth = toStep(next, evidence(), signer);
        vm.expectRevert(reason);
        lifecycle.step(next, evidence(), auth);
    }

    function refuseOpening(IPilotLifecycle.Opening memory o, uint256 signer, bytes memory reason) internal {
        Authorisation memory auth = toOpenPilot(o, evidence(), signer);
        vm.expectRevert(reason);
        lifecycle.open(o, evidence(), auth);
    }
}
