// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Authorisation, IAuthorised} from "../identity/IAuthorised.sol";
import {IInstitutionRegistry} from "../identity/IInstitutionRegistry.sol";

/// @title Anchors of append-only Merkle logs (证据日志锚定)
/// @notice Stores (size, root) per log and accepts a larger head only with the RFC 9162 consistency proof, verified here: not even the
/// log's own keys can replace history. A log is known by keccak256 of its origin, which is opened once and never again.
interface IEvidenceLog is IAuthorised {
    enum State {
        None,
        Open,
        Frozen
    }

    /// @param keyIndex how many times the keys were rotated
    struct Log {
        bytes16 owner;
        State state;
        uint64 size;
        uint32 keyIndex;
        address anchor;
        bytes32 root;
        bytes32 predecessor;
        bytes32 successor;
    }

    /// @notice From `fromSize` on, heads are signed by the key `keyId` (SHA-256 of the Ed25519 public key) and anchored by `anchor`.
    struct KeyRange {
        uint64 fromSize;
        address anchor;
        bytes32 keyId;
    }

    /// @notice See IInstitutionRegistry.Evidence.
    struct Command {
        bytes32 commitment;
        bytes32 leaf;
    }

    event LogOpened(
        bytes32 indexed log, bytes16 indexed owner, string origin, address anchor, bytes32 keyId, bytes32 commitment, bytes32 leaf
    );
    event HeadAnchored(bytes32 indexed log, uint64 size, bytes32 root, uint64 previousSize);
    event LogRotated(bytes32 indexed log, uint64 fromSize, address anchor, bytes32 keyId, bytes32 commitment, bytes32 leaf);
    event LogFrozen(bytes32 indexed log, uint64 size, bytes32 root, bytes32 commitment, bytes32 leaf);
    event SuccessorOpened(bytes32 indexed log, bytes32 indexed successor, uint64 size, bytes32 root);

    error LogUnknown(bytes32 log);
    error LogExists(bytes32 log);
    error LogIsFrozen(bytes32 log);
    error LogNotFrozen(bytes32 log);
    error LogHasSuccessor(bytes32 log);
    error LogNotAnchor(bytes32 log, address sender);
    error LogNotOwner(bytes32 log, address signer);
    error LogOrigin();
    error LogZero();
    error LogNotLarger(uint64 size, uint64 newSize);
    error LogInconsistent(bytes32 log);
    error LogLeaf();
    error LogNotIncluded(bytes32 log);

    /// @notice Opens a log of an active institution at size 0. Signed by the institution's authority.
    function open(
        string calldata origin,
        bytes16 owner,
        address anchor,
        bytes32 keyId,
        Command calldata command,
        Authorisation calldata auth
    ) external;

    /// @notice Accepts the head (`size`, `root`). Only the log's anchor address; `proof` is the RFC 9162 consistency proof from the
    /// stored head, of exact length, empty when the stored size is 0.
    function append(bytes32 log, uint64 size, bytes32 root, bytes32[] calldata proof) external;

    /// @notice For all heads larger than the stored one, other keys: `fromSize` is the stored size + 1, since the stored head was signed
    /// by the old key and stays good. Signed by the active owner's authority; a frozen log stays as it is.
    function rotate(bytes32 log, address anchor, bytes32 keyId, Command calldata command, Authorisation calldata auth) external;

    /// @notice Stops a log for good: the answer to a stolen anchor key. Signed by the owner's authority, whatever the owner's status, or
    /// by the authority of the owner's region. A suspended or exited owner can open and rotate nothing, but its anchor key still appends,
    /// so somebody must always be able to stop that; freezing adds nothing to a log and so needs no good standing.
    function freeze(bytes32 log, Command calldata command, Authorisation calldata auth) external;

    /// @notice Opens the one successor of a frozen log under a new origin, linked both ways. It starts empty; `SuccessorOpened`
    /// repeats the final head of the old one. Signed by the active owner's authority.
    function openSuccessor(
        bytes32 log,
        string calldata origin,
        address anchor,
        bytes32 keyId,
        Command calldata command,
        Authorisation calldata auth
    ) external;

    /// @notice Reverts unless the 104 bytes of `leaf` stand at `index` under the stored head; returns the leaf hash. For other contracts'
    /// gates, which check type, phase, stream and seq themselves. Frozen logs answer too.
    function verifyInclusion(bytes32 log, bytes calldata leaf, uint64 index, bytes32[] calldata proof)
        external
        view
        returns (bytes32 leafHash);

    /// @notice Says who owns which authority.
    function registry() external view returns (IInstitutionRegistry);

    /// @notice All zero for an unknown log.
    function logOf(bytes32 log) external view returns (Log memory);

    /// @notice All zero beyond the log's `keyIndex`. Two rotations without a head between them leave an empty range behind.
    function keyRange(bytes32 log, uint32 keyIndex) external view returns (KeyRange memory);

    /// @notice keccak256 of the origin.
    function logId(string calldata origin) external pure returns (bytes32);
}
