// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICalendar} from "../calendar/ICalendar.sol";
import {IEvidenceLog} from "../evidence/IEvidenceLog.sol";
import {Authorisation, IAuthorised} from "../identity/IAuthorised.sol";
import {IInstitutionRegistry} from "../identity/IInstitutionRegistry.sol";
import {IRulebookRegistry} from "./IRulebookRegistry.sol";

/// @title The lifecycle of pilot projects (试点项目), by the table of the rulebook under which each was submitted
/// @notice A project moves only by a rule of its rulebook, only under the authorisation of the body that the rule names, and only with
/// evidence. The order in which a step is checked is said in docs/spec/pilot.md.
interface IPilotLifecycle is IAuthorised {
    enum Item {
        New,
        Open,
        Closed
    }

    /// @param lead the lead institution (牵头机构), whose authority opens the project and acts where a rule names no role
    /// @param stream of the project's leaves in the log that the rulebook names
    /// @param seq of the requested leaf in that stream
    struct Opening {
        bytes16 project;
        bytes32 rulebook;
        bytes16 lead;
        bytes16 stream;
        string action;
        uint64 seq;
    }

    /// @param value number of the item, or day on which the pilot ends, where the rule has such an effect; else 0
    struct Step {
        bytes16 project;
        string action;
        uint64 value;
        uint64 seq;
    }

    /// @notice A leaf of a project, and the proof that it stands under the anchored head of `log`: the rulebook's, or a successor of it.
    struct Inclusion {
        bytes32 log;
        bytes leaf;
        uint64 index;
        bytes32[] proof;
    }

    /// @param open how many comments, dangers, grounds for exit and rectifications are open
    /// @param noticeFrom day on which the public notice began; 0 for none yet
    /// @param endsOn last day of the pilot; 0 for none yet
    /// @param count one more than the seq of the newest leaf that the chain knows, and `lastLeaf` its hash
    /// @param stepCount one more than the seq of the newest step's leaf
    /// @param provenCount one more than the seq of the newest leaf that was proven, by a step that came with its proof or by `seal`
    struct Project {
        bytes32 rulebook;
        bytes16 lead;
        bytes16 stream;
        uint32 region;
        uint8 state;
        uint32 flags;
        uint16[4] open;
        uint32 noticeFrom;
        uint32 endsOn;
        uint64 count;
        bytes32 lastLeaf;
        uint64 stepCount;
        uint64 provenCount;
    }

    event PilotOpened(bytes16 indexed project, bytes32 indexed rulebook, bytes16 indexed lead, bytes16 stream);
    event PilotMoved(
        bytes16 indexed project,
        uint8 from,
        uint8 to,
        string action,
        uint64 value,
        uint64 seq,
        address signer,
        bytes32 commitment,
        bytes32 leaf
    );
    event PilotSealed(bytes16 indexed project, uint64 count, bytes32 lastLeaf);

    error PilotUnknown(bytes16 project);
    error PilotExists(bytes16 project);
    error PilotNoRule(uint8 state, string action);
    error PilotNotBody(address signer);
    error PilotZero();
    error PilotStale(uint64 seq, uint64 count);
    /// @notice Too far beyond the newest proven leaf: such a step comes with the proof of its own.
    error PilotAhead(uint64 seq, uint64 limit);
    error PilotFlagsMissing(uint32 flags);
    error PilotFlagsForbidden(uint32 flags);
    error PilotItemsOpen(uint8 kind, uint16 count);
    /// @notice Of none of these kinds (bits) an item is open.
    error PilotNoItemOpen(uint8 kinds);
    error PilotNoticeNotRunning(uint32 from, uint16 noticeDays, uint256 counted);
    error PilotNoticeRunning(uint32 from, uint16 noticeDays, uint256 counted, bool known);
    error PilotNotEnded(uint32 endsOn, uint256 today);
    error PilotEnded(uint32 endsOn, uint256 today);
    error PilotValue(uint64 value);
    error PilotTerm(uint64 value, uint256 limit);
    error PilotItem(uint8 kind, uint64 id);
    error PilotNeedsProof();
    error PilotLeaf();
    /// @notice Neither the log that the rulebook names nor one that succeeded it.
    error PilotLog(bytes32 log);

    /// @notice Opens a project under an active rulebook, by its rule for `action` in state 0. Signed by the lead's authority.
    function open(
        Opening calldata opening,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation calldata auth
    ) external;

    /// @notice Takes a step whose rule is no gate. Signed by the body that the rule names; where the rule lets the sender act, the sender
    /// must hold the role, and `auth` is not looked at. Its seq is the signer's word, and lies less than 2,048 beyond the newest proven leaf,
    /// less than 1,024 for the lead and for senders: so nobody can end a project by a number that no stream reaches.
    function step(Step calldata next, IInstitutionRegistry.Evidence calldata evidence, Authorisation calldata auth) external;

    /// @notice Takes a step whose requested leaf is proven to stand under an anchored head; gates are passed in no other way, any other step
    /// may be. Its seq may lie as far ahead as the log is long.
    function gate(
        Step calldata next,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation calldata auth,
        Inclusion calldata inclusion
    ) external;

    /// @notice Moves (count, lastLeaf) forward to a later leaf of the project's stream, of any kind. By anyone, and to no one's harm: it makes
    /// no step stale, and lets steps come further ahead.
    function seal(bytes16 id, Inclusion calldata inclusion) external;

    /// @notice Says who is who.
    function registry() external view returns (IInstitutionRegistry);

    /// @notice Counts the days of notices.
    function calendar() external view returns (ICalendar);

    /// @notice Has the tables.
    function rulebooks() external view returns (IRulebookRegistry);

    /// @notice Has the anchored heads.
    function evidenceLog() external view returns (IEvidenceLog);

    /// @notice All zero for an unknown project.
    function project(bytes16 id) external view returns (Project memory);

    /// @notice What became of an item of a project.
    function itemState(bytes16 id, uint8 kind, uint64 number) external view returns (Item);
}
