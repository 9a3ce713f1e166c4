// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title A transition of a rulebook, packed into one word (docs/spec/pilot.md)
library Rules {
    uint256 internal constant START_NOTICE = 1;
    uint256 internal constant SET_END = 2;
    uint256 internal constant EXTEND = 3;
    uint256 internal constant OPEN_ITEM = 4;
    uint256 internal constant CLOSE_ITEM = 5;
    uint256 internal constant TURN_ITEM = 6;

    uint256 internal constant NOTICE_RUNNING = 1;
    uint256 internal constant NOTICE_ELAPSED = 2;
    uint256 internal constant END_REACHED = 4;
    uint256 internal constant BEFORE_END = 8;

    /// @dev How far beyond the newest proven leaf a step may claim its own to stand, when a body signs it: the lead and whoever acts as
    /// sender get half, so that neither can take the numbers up before the bodies.
    uint64 internal constant REACH = 2048;

    uint256 private constant NATIONAL = 1 << 16;
    uint256 private constant BY_SENDER = 1 << 17;
    uint256 private constant GATE = 1 << 18;
    uint256 private constant EXISTS = 1 << 255;
    /// @dev Bits that mean nothing: 19-23, 84-87 and 92-95 (guards and kinds have four each), 236-254.
    uint256 private constant RESERVED = 0x1f << 19 | 0xf << 84 | 0xf << 92 | 0x7ffff << 236;

    uint256 private constant KINDS = 4;
    uint256 private constant FLAGS = 32;

    /// @notice Whether a rule can stand in a table that names `bodies` roles, at state `from`.
    function isWellFormed(uint256 rule, uint8 from, uint256 bodies) internal pure returns (bool) {
        if (rule & EXISTS == 0 || rule & RESERVED != 0 || body(rule) > bodies) return false;
        if (effect(rule) > TURN_ITEM || kindA(rule) >= KINDS || kindB(rule) >= KINDS || lift(rule) > FLAGS) return false;
        if (guards(rule) & (NOTICE_RUNNING | NOTICE_ELAPSED) != 0 && noticeDays(rule) == 0) return false;
        bool lead = body(rule) == 0;
        if (lead && rule & (NATIONAL | BY_SENDER) != 0) return false;
        // A project is opened into a state by its lead, and has no stream yet in which a leaf could be proven.
        return from != 0 || (lead && to(rule) != 0 && !isGate(rule));
    }

    /// @notice The state that follows; 0 when the project stays where it is.
    function to(uint256 rule) internal pure returns (uint8) {
        return uint8(rule);
    }

    /// @notice Who may act: 0 the lead institution, else one more than the index of a role among the bodies.
    function body(uint256 rule) internal pure returns (uint256) {
        return (rule >> 8) & 0xff;
    }

    /// @notice Whether the role is one of region 0 and not of the project's region.
    function isNational(uint256 rule) internal pure returns (bool) {
        return rule & NATIONAL != 0;
    }

    /// @notice Whether the sender of the transaction acts, without a signature.
    function isBySender(uint256 rule) internal pure returns (bool) {
        return rule & BY_SENDER != 0;
    }

    /// @notice Whether the evidence must be proven under an anchored head.
    function isGate(uint256 rule) internal pure returns (bool) {
        return rule & GATE != 0;
    }

    /// @notice How many numbers beyond the newest proven leaf a step by this rule may claim without a proof.
    function reach(uint256 rule) internal pure returns (uint64) {
        return body(rule) == 0 || isBySender(rule) ? REACH / 2 : REACH;
    }

    function effect(uint256 rule) internal pure returns (uint256) {
        return (rule >> 24) & 0xff;
    }

    /// @notice The kind of the item that is opened or closed.
    function kindA(uint256 rule) internal pure returns (uint256) {
        return (rule >> 32) & 0xff;
    }

    /// @notice The kind into which TURN_ITEM turns an item.
    function kindB(uint256 rule) internal pure returns (uint256) {
        return (rule >> 40) & 0xff;
    }

    /// @notice Working days of the notice.
    function noticeDays(uint256 rule) internal pure returns (uint16) {
        return uint16(rule >> 48);
    }

    /// @notice How far ahead an end may be set, or beyond the old one; 0 when there is no limit.
    function months(uint256 rule) internal pure returns (uint256) {
        return (rule >> 64) & 0xffff;
    }

    function guards(uint256 rule) internal pure returns (uint256) {
        return (rule >> 80) & 0xff;
    }

    /// @notice Kinds (bits) of which no item may be open.
    function noneOpen(uint256 rule) internal pure returns (uint256) {
        return (rule >> 88) & 0xff;
    }

    function flagsRequired(uint256 rule) internal pure returns (uint32) {
        return uint32(rule >> 96);
    }

    function flagsForbidden(uint256 rule) internal pure returns (uint32) {
        return uint32(rule >> 128);
    }

    function flagsSet(uint256 rule) internal pure returns (uint32) {
        return uint32(rule >> 160);
    }

    function flagsCleared(uint256 rule) internal pure returns (uint32) {
        return uint32(rule >> 192);
    }

    /// @notice One more than the number of the flag that lifts the limit in months; 0 for none.
    function lift(uint256 rule) internal pure returns (uint256) {
        return (rule >> 224) & 0xff;
    }

    /// @notice Kinds (bits) of which at least one item must be open.
    function someOpen(uint256 rule) internal pure returns (uint256) {
        return (rule >> 232) & 0xff;
    }
}
