// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Days} from "../../contracts/calendar/Days.sol";
import {IPilotLifecycle} from "../../contracts/pilot/IPilotLifecycle.sol";
import {Pilots, Rule} from "./Pilots.sol";

/// @dev The lifecycle as docs/spec/pilot.md tells it: rules spread out, days counted one by one, items in lists. Says what a step must
/// be refused with, or does it to itself.
abstract contract PilotModel is Pilots {
    struct Row {
        uint8 from;
        string action;
        Rule r;
    }

    struct State {
        uint8 state;
        uint32 flags;
        uint32 noticeFrom;
        uint32 endsOn;
        uint64 stepCount;
        uint64 provenCount;
        uint64 count;
        bytes32 lastLeaf;
    }

    struct Act {
        bytes16 project;
        string action;
        uint64 value;
        uint64 seq;
        uint256 who;
        bool proven;
        bytes32 leaf;
    }

    Row[] internal rows;
    mapping(bytes16 project => State) internal states;
    mapping(bytes16 project => mapping(uint256 kind => uint64[])) internal openItems;
    mapping(bytes16 project => mapping(uint256 kind => mapping(uint64 id => bool))) internal used;

    function rowOf(uint8 from, string memory action) internal view returns (bool found, Rule memory r) {
        for (uint256 i = 0; i < rows.length; ++i) {
            if (rows[i].from == from && keccak256(bytes(rows[i].action)) == keccak256(bytes(action))) {
                return (true, rows[i].r);
            }
        }
    }

    /// @dev Empty when the step is taken; the model has taken it then, too.
    function expect(Act memory act) internal returns (bytes memory refusal) {
        State storage s = states[act.project];
        (bool found, Rule memory r) = rowOf(s.state, act.action);
        if (!found) return abi.encodeWithSelector(IPilotLifecycle.PilotNoRule.selector, s.state, act.action);
        if (act.who != bodyOf(r)) return abi.encodeWithSelector(IPilotLifecycle.PilotNotBody.selector, vm.addr(act.who));
        if (act.seq < s.stepCount) {
            return abi.encodeWithSelector(IPilotLifecycle.PilotStale.selector, act.seq, s.stepCount);
        }
        uint64 limit = s.provenCount + (r.body == LEAD || r.bySender ? 1024 : 2048);
        if (!act.proven && act.seq >= limit) {
            return abi.encodeWithSelector(IPilotLifecycle.PilotAhead.selector, act.seq, limit);
        }
        refusal = _standingRefusal(act.project, s, r);
        if (refusal.length == 0) refusal = _valueRefusal(act, s, r);
        if (refusal.length == 0 && r.gate && !act.proven) {
            refusal = abi.encodeWithSelector(IPilotLifecycle.PilotNeedsProof.selector);
        }
        if (refusal.length == 0) _take(act, s, r);
    }

    /// @dev The key of the body; 0 where nobody holds the role.
    function bodyOf(Rule memory r) internal pure returns (uint256) {
        if (r.body == LEAD) return OPERATOR;
        if (r.body == BY_BUREAU) return r.national ? BUREAU : 0;
        if (r.national) return 0;
        return r.body == BY_GROUP ? GROUP : GATEWAY;
    }

    function _standingRefusal(bytes16 id, State storage s, Rule memory r) private view returns (bytes memory) {
        for (uint256 bit = 0; bit < 2; ++bit) {
            uint32 wrong = bit == 0 ? r.required & ~s.flags : r.forbidden & s.flags;
            if (wrong != 0) {
                return bit == 0
                    ? abi.encodeWithSelector(IPilotLifecycle.PilotFlagsMissing.selector, wrong)
                    : abi.encodeWithSelector(IPilotLifecycle.PilotFlagsForbidden.selector, wrong);
            }
        }
        bool some = r.some == 0;
        for (uint8 kind = 0; kind < 4; ++kind) {
            uint16 n = uint16(openItems[id][kind].length);
            if (r.none & (1 << kind) != 0 && n > 0) {
                return abi.encodeWithSelector(IPilotLifecycle.PilotItemsOpen.selector, kind, n);
            }
            if (r.some & (1 << kind) != 0 && n > 0) some = true;
        }
        if (!some) return abi.encodeWithSelector(IPilotLifecycle.PilotNoItemOpen.selector, r.some);
        return _dayRefusal(s, r);
    }

    function _dayRefusal(State storage s, Rule memory r) private view returns (bytes memory) {
        uint256 today = (block.timestamp + 8 hours) / 1 days;
        if (r.guards & 3 != 0) {
            (bool known, uint256 counted) = (s.noticeFrom != 0, 0);
            for (uint256 day = s.noticeFrom + 1; known && day < today; ++day) {
                known = day >= NEW_YEAR && day < NEW_YEAR + 365;
                if ((day + 3) % 7 < 5) ++counted;
            }
            if (!known) counted = 0;
            if (r.guards & 1 != 0 && (s.noticeFrom == 0 || (known && counted >= r.notice))) {
                return abi.encodeWithSelector(
                    IPilotLifecycle.PilotNoticeNotRunning.selector, s.noticeFrom, r.notice, counted
                );
            }
            if (r.guards & 2 != 0 && !(known && counted >= r.notice)) {
                return abi.encodeWithSelector(
                    IPilotLifecycle.PilotNoticeRunning.selector, s.noticeFrom, r.notice, counted, known
                );
            }
        }
        if (r.guards & 4 != 0 && !(s.endsOn > 0 && today > s.endsOn)) {
            return abi.encodeWithSelector(IPilotLifecycle.PilotNotEnded.selector, s.endsOn, today);
        }
        if (r.guards & 8 != 0 && !(s.endsOn > 0 && today <= s.endsOn)) {
            return abi.encodeWithSelector(IPilotLifecycle.PilotEnded.selector, s.endsOn, today);
        }
        return "";
    }

    function _valueRefusal(Act memory act, State storage s, Rule memory r) private view returns (bytes memory) {
        if (r.effect < 2) {
            return act.value == 0 ? bytes("") : abi.encodeWithSelector(IPilotLifecycle.PilotValue.selector, act.value);
        }
        if (r.effect < 4) return _endRefusal(act.value, s, r);
        if (r.effect > 4 && !_isOpen(act.project, r.a, act.value)) return _item(r.a, act.value);
        if (r.effect == 4 && used[act.project][r.a][act.value]) return _item(r.a, act.value);
        if (r.effect == 6 && (r.a == r.b || used[act.project][r.b][act.value])) return _item(r.b, act.value);
        return "";
    }

    function _endRefusal(uint64 value, State storage s, Rule memory r) private view returns (bytes memory) {
        uint256 start = r.effect == 3 ? s.endsOn : (block.timestamp + 8 hours) / 1 days;
        bool good = start != 0 && value > start && value < 1 << 24;
        if (!good) return abi.encodeWithSelector(IPilotLifecycle.PilotValue.selector, value);
        bool lifted = r.lift != 0 && s.flags & (uint32(1) << (r.lift - 1)) != 0;
        if (r.months == 0 || lifted || value <= Days.addMonths(start, r.months)) return "";
        return abi.encodeWithSelector(IPilotLifecycle.PilotTerm.selector, value, Days.addMonths(start, r.months));
    }

    function _take(Act memory act, State storage s, Rule memory r) private {
        if (r.effect == 1) s.noticeFrom = uint32((block.timestamp + 8 hours) / 1 days);
        if (r.effect == 2 || r.effect == 3) s.endsOn = uint32(act.value);
        if (r.effect > 4) _close(act.project, r.a, act.value);
        if (r.effect == 4 || r.effect == 6) {
            uint8 kind = r.effect == 4 ? r.a : r.b;
            openItems[act.project][kind].push(act.value);
            used[act.project][kind][act.value] = true;
        }
        s.flags &= ~r.cleared;
        s.flags |= r.set;
        if (r.to != 0) s.state = r.to;
        s.stepCount = act.seq + 1;
        if (act.proven && act.seq >= s.provenCount) s.provenCount = act.seq + 1;
        if (s.stepCount >= s.count) (s.count, s.lastLeaf) = (s.stepCount, act.leaf);
    }

    function _close(bytes16 id, uint8 kind, uint64 number) private {
        uint64[] storage list = openItems[id][kind];
        for (uint256 i = 0; i < list.length; ++i) {
            if (list[i] == number) {
                list[i] = list[list.length - 1];
                list.pop();
                return;
            }
        }
    }

    function _isOpen(bytes16 id, uint8 kind, uint64 number) internal view returns (bool) {
        uint64[] storage list = openItems[id][kind];
        for (uint256 i = 0; i < list.length; ++i) if (list[i] == number) return true;
        return false;
    }

    function _item(uint8 kind, uint64 number) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IPilotLifecycle.PilotItem.selector, kind, number);
    }
}
