// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// @dev Everybody holds every role, and the calendar knows every day and none that trades.
contract Anybody {
    function hasRole(bytes32, uint32, address) external pure returns (bool) {
        return true;
    }

    function tradingDaysAfter(uint32, uint256, uint256) external pure returns (bool, uint256) {
        return (true, 0);
    }
}

/// @dev Signs everything, so that no proof is about elliptic curves.
contract Willing is IERC1271 {
    function isValidSignature(bytes32, bytes calldata) external pure returns (bytes4) {
        return IERC1271.isValidSignature.selector;
    }
}

interface Etcher {
    function etch(address target, bytes calldata code) external;
}

/// @dev A hash function that answers as the SHA-256 precompile does.
contract AnyHash {
    fallback(bytes calldata input) external returns (bytes memory) {
        return abi.encode(keccak256(input));
    }
}
