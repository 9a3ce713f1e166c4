// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Items of a project (comments, dangers, …): which are open, which were closed, and how many are open of each of four kinds
/// @notice An item is a kind and a number and is opened once. Eight bits say what became of a number in the four kinds, so a word holds 32
/// numbers: those that follow each other, as a service gives them, share a slot.
library Items {
    uint256 internal constant NEW = 0;
    uint256 internal constant OPEN = 1;
    uint256 internal constant CLOSED = 2;

    uint256 private constant STATE = 3;
    uint256 private constant KINDS = 4;

    /// @notice NEW, OPEN or CLOSED.
    function stateOf(mapping(uint64 group => uint256 word) storage items, uint256 kind, uint64 id)
        internal
        view
        returns (uint256)
    {
        return items[id >> 5] >> _place(kind, id) & STATE;
    }

    /// @notice Opens an item. False, and nothing done, unless it is new.
    function open(mapping(uint64 group => uint256 word) storage items, uint256 kind, uint64 id) internal returns (bool) {
        return _move(items, _place(kind, id), id, NEW, OPEN);
    }

    /// @notice Closes an item. False, and nothing done, unless it is open.
    function close(mapping(uint64 group => uint256 word) storage items, uint256 kind, uint64 id) internal returns (bool) {
        return _move(items, _place(kind, id), id, OPEN, CLOSED);
    }

    /// @notice How many items of a kind are open, by the packed counters.
    function count(uint64 counters, uint256 kind) internal pure returns (uint16) {
        return uint16(counters >> (kind << 4));
    }

    /// @notice The counters with one more (or less) open item of a kind. Panics beyond 65,535 open ones.
    function more(uint64 counters, uint256 kind) internal pure returns (uint64) {
        return _with(counters, kind, count(counters, kind) + 1);
    }

    /// @notice See `more`.
    function less(uint64 counters, uint256 kind) internal pure returns (uint64) {
        return _with(counters, kind, count(counters, kind) - 1);
    }

    /// @notice Whether items of one of these kinds (bits) are open, and the lowest such kind.
    function anyOpen(uint64 counters, uint256 kinds) internal pure returns (bool found, uint8 kind) {
        for (; kind < KINDS; ++kind) {
            if (kinds >> kind & 1 == 1 && count(counters, kind) != 0) return (true, kind);
        }
    }

    function _move(mapping(uint64 group => uint256 word) storage items, uint256 place, uint64 id, uint256 from, uint256 to)
        private
        returns (bool)
    {
        uint256 word = items[id >> 5];
        if (word >> place & STATE != from) return false;
        items[id >> 5] = word ^ (from ^ to) << place;
        return true;
    }

    function _with(uint64 counters, uint256 kind, uint16 number) private pure returns (uint64) {
        uint256 place = kind << 4;
        return uint64(counters & ~(0xffff << place) | uint256(number) << place);
    }

    function _place(uint256 kind, uint64 id) private pure returns (uint256) {
        return ((id & 31) << 3) | (kind << 1);
    }
}
