// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IEquityRegister} from "./IEquityRegister.sol";
import {IRegister} from "./IRegister.sol";

/// @title All of a security that its acts look at, in one word (docs/spec/register.md)
library Securities {
    error SecurityOverflow();

    uint256 private constant CAP = 80;
    uint256 private constant GRANDFATHERED = 112;
    uint256 private constant COUNT = 144;
    uint256 private constant KINDS = 176;
    uint256 private constant INTERVAL = 192;
    uint256 private constant STATE = 200;
    uint256 private constant FORM = 208;
    uint256 private constant SUBSCRIPTION_COUNTS = 216;
    uint256 private constant LIENS = 217;
    /// @dev All but the terms: the issued units, the count, the state and the number of liens.
    uint256 private constant NOT_TERMS = uint256(type(uint80).max) | uint256(type(uint32).max) << COUNT
        | uint256(type(uint8).max) << STATE | uint256(type(uint16).max) << LIENS;

    function issued(uint256 word) internal pure returns (uint256) {
        return uint80(word);
    }

    function cap(uint256 word) internal pure returns (uint256) {
        return uint32(word >> CAP);
    }

    /// @notice Holders that the first registration may reach.
    function firstCap(uint256 word) internal pure returns (uint256) {
        uint256 before = uint32(word >> GRANDFATHERED);
        return before > cap(word) ? before : cap(word);
    }

    function count(uint256 word) internal pure returns (uint256) {
        return uint32(word >> COUNT);
    }

    function kinds(uint256 word) internal pure returns (uint256) {
        return uint16(word >> KINDS);
    }

    function interval(uint256 word) internal pure returns (uint256) {
        return uint8(word >> INTERVAL);
    }

    function state(uint256 word) internal pure returns (IRegister.State) {
        return IRegister.State(uint8(word >> STATE));
    }

    function isCustodied(uint256 word) internal pure returns (bool) {
        return uint8(word >> STATE) == uint8(IRegister.State.Custodied);
    }

    function subscriptionCounts(uint256 word) internal pure returns (bool) {
        return word >> SUBSCRIPTION_COUNTS & 1 == 1;
    }

    function withIssued(uint256 word, uint256 value) internal pure returns (uint256) {
        if (value > type(uint80).max) revert SecurityOverflow();
        return word & ~uint256(type(uint80).max) | value;
    }

    function withCount(uint256 word, uint256 value) internal pure returns (uint256) {
        if (value > type(uint32).max) revert SecurityOverflow();
        return word & ~(uint256(type(uint32).max) << COUNT) | value << COUNT;
    }

    /// @notice How many liens were opened.
    function liens(uint256 word) internal pure returns (uint256) {
        return uint16(word >> LIENS);
    }

    /// @notice The security with one more lien.
    function withLien(uint256 word) internal pure returns (uint256) {
        if (liens(word) == type(uint16).max) revert SecurityOverflow();
        return word + (1 << LIENS);
    }

    function withState(uint256 word, IRegister.State value) internal pure returns (uint256) {
        return word & ~(uint256(type(uint8).max) << STATE) | uint256(value) << STATE;
    }

    function withTerms(uint256 word, IEquityRegister.Terms calldata terms) internal pure returns (uint256) {
        return word & NOT_TERMS | uint256(terms.cap) << CAP | uint256(terms.grandfathered) << GRANDFATHERED
            | uint256(terms.kinds) << KINDS | uint256(terms.interval) << INTERVAL | uint256(terms.form) << FORM
            | (terms.subscriptionCounts ? 1 << SUBSCRIPTION_COUNTS : 0);
    }

    function termsOf(uint256 word, bytes16 basis) internal pure returns (IEquityRegister.Terms memory) {
        return IEquityRegister.Terms({
            form: IEquityRegister.Form(uint8(word >> FORM)),
            kinds: uint16(kinds(word)),
            cap: uint32(cap(word)),
            grandfathered: uint32(word >> GRANDFATHERED),
            interval: uint8(interval(word)),
            subscriptionCounts: subscriptionCounts(word),
            basis: basis
        });
    }
}
