// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Authorised} from "../../contracts/identity/Authorised.sol";
import {Authorisation} from "../../contracts/identity/IAuthorised.sol";

/// @dev One act with and without an authorisation: their difference is what an authorisation costs.
contract AuthorisedHarness is Authorised {
    bytes32 public constant ACT = keccak256("Act(bytes32 value,uint256 nonce,uint64 deadline)");

    event Acted(bytes32 value);

    constructor() EIP712("regseal AuthorisedHarness", "1") {}

    function act(bytes32 value) external {
        emit Acted(value);
    }

    function actFor(bytes32 value, Authorisation calldata auth) external {
        _authorise(ACT, abi.encode(value), auth);
        emit Acted(value);
    }
}
