// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Authorisation} from "../identity/IAuthorised.sol";
import {Authorised} from "../identity/Authorised.sol";
import {IInstitutionRegistry} from "../identity/IInstitutionRegistry.sol";
import {IEvidenceLog} from "./IEvidenceLog.sol";
import {Leaf} from "./Leaf.sol";
import {MerkleProofs} from "./MerkleProofs.sol";
import {Origin} from "./Origin.sol";

/// @title Anchors of append-only Merkle logs (证据日志锚定)
contract EvidenceLog is IEvidenceLog, Authorised {
    bytes32 private constant OPEN = keccak256(
        "OpenLog(string origin,bytes16 owner,address anchor,bytes32 keyId,"
        "bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)"
    );
    bytes32 private constant ROTATE = keccak256(
        "RotateLog(bytes32 log,address anchor,bytes32 keyId,"
        "bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)"
    );
    bytes32 private constant FREEZE =
        keccak256("FreezeLog(bytes32 log,bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)");
    bytes32 private constant OPEN_SUCCESSOR = keccak256(
        "OpenSuccessor(bytes32 log,string origin,address anchor,bytes32 keyId,"
        "bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)"
    );

    /// @dev What `append` needs stands in the first two slots; the rest is for other acts.
    struct Entry {
        address anchor;
        uint64 size;
        State state;
        bytes32 root;
        bytes16 owner;
        uint32 keyIndex;
        bytes32 predecessor;
        bytes32 successor;
    }

    /// @inheritdoc IEvidenceLog
    IInstitutionRegistry public immutable registry;

    mapping(bytes32 log => Entry) private _logs;
    mapping(bytes32 log => mapping(uint32 keyIndex => KeyRange)) private _ranges;

    /// @param registry_ says whose authority may open, rotate and freeze
    constructor(IInstitutionRegistry registry_) EIP712("regseal EvidenceLog", "1") {
        if (address(registry_).code.length == 0) revert LogZero();
        registry = registry_;
    }

    /// @inheritdoc IEvidenceLog
    function open(
        string calldata origin,
        bytes16 owner,
        address anchor,
        bytes32 keyId,
        Command calldata command,
        Authorisation calldata auth
    ) external {
        bytes32 log = logId(origin);
        _authorise(OPEN, abi.encode(log, owner, anchor, keyId, command), auth);
        _requireActiveOwner(log, owner, auth.signer);
        _open(origin, owner, anchor, keyId, command);
    }

    /// @inheritdoc IEvidenceLog
    function append(bytes32 log, uint64 size, bytes32 root, bytes32[] calldata proof) external {
        Entry storage entry = _logs[log];
        uint64 previousSize = entry.size;
        _requireOpen(log, entry.state);
        if (msg.sender != entry.anchor) revert LogNotAnchor(log, msg.sender);
        if (size <= previousSize) revert LogNotLarger(previousSize, size);
        if (root == 0) revert LogZero();
        if (!MerkleProofs.isConsistent(previousSize, entry.root, size, root, proof)) revert LogInconsistent(log);
        entry.size = size;
        entry.root = root;
        emit HeadAnchored(log, size, root, previousSize);
    }

    /// @inheritdoc IEvidenceLog
    function rotate(bytes32 log, address anchor, bytes32 keyId, Command calldata command, Authorisation calldata auth)
        external
    {
        _authorise(ROTATE, abi.encode(log, anchor, keyId, command), auth);
        Entry storage entry = _logs[log];
        _requireOpen(log, entry.state);
        _requireActiveOwner(log, entry.owner, auth.signer);
        _requireSet(anchor, keyId, command);
        uint64 fromSize = entry.size + 1;
        entry.anchor = anchor;
        _ranges[log][++entry.keyIndex] = KeyRange(fromSize, anchor, keyId);
        emit LogRotated(log, fromSize, anchor, keyId, command.commitment, command.leaf);
    }

    /// @inheritdoc IEvidenceLog
    function freeze(bytes32 log, Command calldata command, Authorisation calldata auth) external {
        _authorise(FREEZE, abi.encode(log, command), auth);
        Entry storage entry = _logs[log];
        _requireOpen(log, entry.state);
        IInstitutionRegistry.Institution memory owner = registry.institution(entry.owner);
        if (auth.signer != owner.authority && auth.signer != registry.regionalAuthority(owner.region)) {
            revert LogNotOwner(log, auth.signer);
        }
        if (command.commitment == 0 || command.leaf == 0) revert LogZero();
        entry.state = State.Frozen;
        emit LogFrozen(log, entry.size, entry.root, command.commitment, command.leaf);
    }

    /// @inheritdoc IEvidenceLog
    function openSuccessor(
        bytes32 log,
        string calldata origin,
        address anchor,
        bytes32 keyId,
        Command calldata command,
        Authorisation calldata auth
    ) external {
        bytes32 successor = logId(origin);
        _authorise(OPEN_SUCCESSOR, abi.encode(log, successor, anchor, keyId, command), auth);
        Entry storage entry = _logs[log];
        if (entry.state == State.None) revert LogUnknown(log);
        if (entry.state == State.Open) revert LogNotFrozen(log);
        if (entry.successor != 0) revert LogHasSuccessor(log);
        _requireActiveOwner(log, entry.owner, auth.signer);
        _open(origin, entry.owner, anchor, keyId, command);
        entry.successor = successor;
        _logs[successor].predecessor = log;
        emit SuccessorOpened(log, successor, entry.size, entry.root);
    }

    /// @inheritdoc IEvidenceLog
    function verifyInclusion(bytes32 log, bytes calldata leaf, uint64 index, bytes32[] calldata proof)
        external
        view
        returns (bytes32 leafHash)
    {
        Entry storage entry = _logs[log];
        if (entry.state == State.None) revert LogUnknown(log);
        if (!Leaf.isWellFormed(leaf)) revert LogLeaf();
        leafHash = Leaf.hash(leaf);
        if (!MerkleProofs.isIncluded(leafHash, index, entry.size, entry.root, proof)) revert LogNotIncluded(log);
    }

    /// @inheritdoc IEvidenceLog
    function logOf(bytes32 log) external view returns (Log memory) {
        Entry memory entry = _logs[log];
        return Log({
            owner: entry.owner,
            state: entry.state,
            size: entry.size,
            keyIndex: entry.keyIndex,
            anchor: entry.anchor,
            root: entry.root,
            predecessor: entry.predecessor,
            successor: entry.successor
        });
    }

    /// @inheritdoc IEvidenceLog
    function keyRange(bytes32 log, uint32 keyIndex) external view returns (KeyRange memory) {
        return _ranges[log][keyIndex];
    }

    /// @inheritdoc IEvidenceLog
    function logId(string calldata origin) public pure returns (bytes32) {
        return keccak256(bytes(origin));
    }

    function _open(string calldata origin, bytes16 owner, address anchor, bytes32 keyId, Command calldata command) private {
        bytes32 log = logId(origin);
        if (!Origin.isValid(bytes(origin))) revert LogOrigin();
        _requireSet(anchor, keyId, command);
        Entry storage entry = _logs[log];
        if (entry.state != State.None) revert LogExists(log);
        entry.anchor = anchor;
        entry.state = State.Open;
        entry.owner = owner;
        _ranges[log][0] = KeyRange(0, anchor, keyId);
        emit LogOpened(log, owner, origin, anchor, keyId, command.commitment, command.leaf);
    }

    /// @dev A signer that passed `_authorise` is never zero, as the authority of an inactive institution is.
    function _requireActiveOwner(bytes32 log, bytes16 owner, address signer) private view {
        if (signer != registry.activeAuthority(owner)) revert LogNotOwner(log, signer);
    }

    function _requireOpen(bytes32 log, State state) private pure {
        if (state == State.None) revert LogUnknown(log);
        if (state == State.Frozen) revert LogIsFrozen(log);
    }

    function _requireSet(address anchor, bytes32 keyId, Command calldata command) private pure {
        if (anchor == address(0) || keyId == 0 || command.commitment == 0 || command.leaf == 0) revert LogZero();
    }
}
