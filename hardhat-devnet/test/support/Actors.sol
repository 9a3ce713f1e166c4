// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IEvidenceLog} from "../../contracts/evidence/IEvidenceLog.sol";
import {Authorisation} from "../../contracts/identity/IAuthorised.sol";
import {IInstitutionRegistry} from "../../contracts/identity/IInstitutionRegistry.sol";
import {Parties} from "./Parties.sol";
import {Tree} from "./Tree.sol";

/// @dev Does anything in anybody's name, keeps the model of what should stand on the chain, and notes the first act that was
/// accepted against it or refused in spite of it. It deployed the contracts.
contract Actors is Parties {
    struct Model {
        bytes16 id;
        uint32 region;
        IInstitutionRegistry.Status status;
        address authority;
    }

    bytes32 private constant ROLE = keccak256("role");

    uint256[6] private _keys = [ROOT, SHENZHEN, GUANGZHOU, OPERATOR, OTHER_OPERATOR, STRANGER];
    string public violation;
    mapping(string act => uint256) public accepted;

    Model[] private _models;
    mapping(uint32 region => address) private _regional;
    bytes32[] public logs;
    mapping(bytes32 log => uint256 model) private _owner;
    mapping(bytes32 log => bytes32[] leaves) private _history;
    mapping(bytes32 log => address) private _anchor;
    mapping(bytes32 log => bytes32) public frozenAs;
    uint256 private _counter;

    struct Call {
        address target;
        bytes data;
    }

    Call[] private _used;

    constructor() {
        found();
        _regional[REGION] = vm.addr(SHENZHEN);
        _regional[OTHER_REGION] = vm.addr(GUANGZHOU);
        _models.push(Model(INSTITUTION, REGION, IInstitutionRegistry.Status.Active, vm.addr(OPERATOR)));
        _models.push(Model(OTHER_INSTITUTION, OTHER_REGION, IInstitutionRegistry.Status.Active, vm.addr(OTHER_OPERATOR)));
        openLog(0, 3);
        openLog(1, 4);
    }

    // ---- institutions

    function registerInstitution(uint256 region, uint256 authority, uint256 signer) external {
        (uint32 place, uint256 key) = (_region(region), _key(signer));
        bytes16 id = bytes16(uint128(0x100 + ++_counter));
        IInstitutionRegistry.Registration memory r = registration(id, place, _key(authority));
        bytes memory data = abi.encodeCall(registry.register, (r, evidence(), toRegister(r, key)));
        if (_act("register", address(registry), data, vm.addr(key) == _regional[place])) {
            _models.push(Model(id, place, IInstitutionRegistry.Status.Active, r.authority));
        }
    }

    function setInstitutionStatus(uint256 which, uint8 wanted, uint256 signer) external {
        Model storage model = _models[which % _models.length];
        (IInstitutionRegistry.Status status, uint256 key) = (IInstitutionRegistry.Status(wanted % 4), _key(signer));
        // exits would soon leave nobody to act
        if (status == IInstitutionRegistry.Status.Exited && which % 3 != 0) status = IInstitutionRegistry.Status.Active;
        bool allowed = vm.addr(key) == _regional[model.region] && status != IInstitutionRegistry.Status.None
            && status != model.status && model.status != IInstitutionRegistry.Status.Exited;
        bytes memory data = abi.encodeCall(registry.setStatus, (model.id, status, evidence(), toSetStatus(model.id, status, key)));
        if (_act("setStatus", address(registry), data, allowed)) model.status = status;
    }

    function replaceInstitutionAuthority(uint256 which, uint256 authority, uint256 signer) external {
        Model storage model = _models[which % _models.length];
        (address next, uint256 key) = (vm.addr(_key(authority)), _key(signer));
        bool own = vm.addr(key) == model.authority && model.status == IInstitutionRegistry.Status.Active;
        bool regional = vm.addr(key) == _regional[model.region] && model.status != IInstitutionRegistry.Status.Exited;
        bytes memory data = abi.encodeCall(
            registry.replaceAuthority, (model.id, next, evidence(), toReplaceAuthority(model.id, next, key))
        );
        if (_act("replaceAuthority", address(registry), data, own || regional)) model.authority = next;
    }

    function grantRole(uint256 which, uint256 region, uint256 signer) external {
        Model memory model = _models[which % _models.length];
        (uint32 place, uint256 key) = (_region(region), _key(signer));
        address account = address(uint160(0xacc0 + which % 8));
        bool allowed = vm.addr(key) == _regional[place] && model.status == IInstitutionRegistry.Status.Active;
        _act("grantRole", address(registry), _granting(model.id, account, place, key), allowed);
    }

    function replaceRegionalAuthority(uint256 region, uint256 authority, uint256 signer) external {
        (uint32 place, address next, uint256 key) = (_region(region), vm.addr(_key(authority)), _key(signer));
        bytes memory data = abi.encodeCall(registry.proposeRegionalAuthority, (place, next, toPropose(place, next, key)));
        if (!_act("propose", address(registry), data, key == ROOT)) return;
        data = abi.encodeCall(registry.activateRegionalAuthority, (place));
        _act("activate early", address(registry), data, false);
        vm.warp(block.timestamp + DELAY);
        if (_act("activate", address(registry), data, true)) _regional[place] = next;
        vm.warp(NOW);
    }

    // ---- logs

    function openLog(uint256 which, uint256 signer) public {
        if (logs.length >= 8) return;
        uint256 owner = which % _models.length;
        Model storage model = _models[owner];
        uint256 key = _key(signer);
        (string memory origin, bytes32 log) = _origin();
        bytes memory data = abi.encodeCall(
            evidenceLog.open, (origin, model.id, ANCHOR, KEY_ID, command(), toOpen(origin, model.id, ANCHOR, key))
        );
        if (_act("open", address(evidenceLog), data, _isActiveOwner(owner, key))) _opened(log, owner);
    }

    function appendHonestly(uint256 which, uint256 count) external {
        bytes32 log = _log(which);
        bytes32[] storage leaves = _history[log];
        if (leaves.length >= 64 || frozenAs[log] != 0) return;
        uint256 old = leaves.length;
        for (uint256 i = 0; i <= count % 8; ++i) leaves.push(keccak256(abi.encode(log, leaves.length)));
        bytes32[] memory proof = old == 0 ? new bytes32[](0) : Tree.consistency(leaves, old, leaves.length);
        _append("append", log, leaves.length, Tree.root(leaves, 0, leaves.length), proof, true);
    }

    /// @dev A history that differs in one leaf that was already anchored, or is shorter, with its own correct proof.
    function appendForged(uint256 which, uint256 victim, uint256 count) external {
        bytes32 log = _log(which);
        uint256 old = _history[log].length;
        if (old == 0) return;
        uint256 size = count % 8 == 7 ? old - 1 : old + count % 8;
        if (size == 0) return;
        bytes32[] memory leaves = new bytes32[](size);
        for (uint256 i = 0; i < size; ++i) leaves[i] = i < old ? _history[log][i] : keccak256(abi.encode(log, i));
        leaves[victim % (size < old ? size : old)] = keccak256(abi.encode(victim, count));
        bytes32[] memory proof = old < size ? Tree.consistency(leaves, old, size) : new bytes32[](0);
        _append("forge", log, size, Tree.root(leaves, 0, size), proof, false);
    }

    function appendAsStranger(uint256 which, uint256 sender) external {
        bytes32 log = _log(which);
        uint64 size = uint64(_history[log].length + 1);
        bytes memory data = abi.encodeCall(evidenceLog.append, (log, size, keccak256("any"), new bytes32[](0)));
        vm.prank(vm.addr(_key(sender)));
        _note("stranger", address(evidenceLog), data, false);
    }

    function rotateLog(uint256 which, uint256 anchor, uint256 signer) external {
        bytes32 log = _log(which);
        uint256 key = _key(signer);
        address next = address(uint160(0xa0c0 + anchor % 4));
        bool allowed = frozenAs[log] == 0 && _isActiveOwner(_owner[log], key);
        bytes memory data = abi.encodeCall(evidenceLog.rotate, (log, next, KEY_ID, command(), toRotate(log, next, KEY_ID, key)));
        if (_act("rotate", address(evidenceLog), data, allowed)) _anchor[log] = next;
    }

    function freezeLog(uint256 which, uint256 signer) external {
        if (which % 4 != 0) return; // most logs are to live
        bytes32 log = _log(which);
        Model storage owner = _models[_owner[log]];
        uint256 key = _key(signer);
        bool competent = vm.addr(key) == owner.authority || vm.addr(key) == _regional[owner.region];
        bytes memory data = abi.encodeCall(evidenceLog.freeze, (log, command(), toFreeze(log, key)));
        if (_act("freeze", address(evidenceLog), data, competent && frozenAs[log] == 0)) frozenAs[log] = fingerprint(log);
    }

    function openSuccessor(uint256 which, uint256 signer) external {
        bytes32 log = _log(which);
        uint256 key = _key(signer);
        (string memory origin, bytes32 successor) = _origin();
        bool allowed = frozenAs[log] != 0 && evidenceLog.logOf(log).successor == 0 && _isActiveOwner(_owner[log], key);
        bytes memory data = abi.encodeCall(
            evidenceLog.openSuccessor, (log, origin, ANCHOR, KEY_ID, command(), toOpenSuccessor(log, origin, key))
        );
        if (_act("succeed", address(evidenceLog), data, allowed)) _opened(successor, _owner[log]);
    }

    /// @dev Any authorised call that was accepted, again.
    function replay(uint256 which) external {
        if (_used.length == 0) return;
        Call memory used = _used[which % _used.length];
        _note("replay", used.target, used.data, false);
    }

    // ---- views for the invariants

    function logCount() external view returns (uint256) {
        return logs.length;
    }

    function history(bytes32 log) external view returns (bytes32[] memory) {
        return _history[log];
    }

    function anchorOf(bytes32 log) external view returns (address) {
        return _anchor[log];
    }

    function contracts() external view returns (IInstitutionRegistry, IEvidenceLog) {
        return (registry, evidenceLog);
    }

    /// @dev All of a log but its successor.
    function fingerprint(bytes32 log) public view returns (bytes32) {
        IEvidenceLog.Log memory all = evidenceLog.logOf(log);
        all.successor = 0;
        return keccak256(abi.encode(all, evidenceLog.keyRange(log, all.keyIndex)));
    }

    // ---- helpers

    function _append(string memory act, bytes32 log, uint256 size, bytes32 root, bytes32[] memory proof, bool allowed) private {
        bytes memory data = abi.encodeCall(evidenceLog.append, (log, uint64(size), root, proof));
        vm.prank(_anchor[log]);
        _note(act, address(evidenceLog), data, allowed);
    }

    function _act(string memory act, address target, bytes memory data, bool allowed) private returns (bool success) {
        success = _note(act, target, data, allowed);
        if (success) _used.push(Call(target, data));
    }

    function _note(string memory act, address target, bytes memory data, bool allowed) private returns (bool success) {
        (success,) = target.call(data);
        if (success) ++accepted[act];
        if (success != allowed && bytes(violation).length == 0) {
            violation = string.concat(act, success ? " was accepted" : " was refused");
        }
    }

    function _granting(bytes16 id, address account, uint32 place, uint256 key) private returns (bytes memory) {
        IInstitutionRegistry.Grant memory grant = IInstitutionRegistry.Grant(id, type(uint64).max);
        Authorisation memory auth = toGrantRole(id, account, ROLE, place, grant.expiresAt, key);
        return abi.encodeCall(registry.grantRole, (grant, account, ROLE, place, evidence(), auth));
    }

    function _opened(bytes32 log, uint256 owner) private {
        logs.push(log);
        _owner[log] = owner;
        _anchor[log] = ANCHOR;
    }

    function _origin() private returns (string memory origin, bytes32 log) {
        bytes memory digits = "0000";
        uint256 number = ++_counter;
        for (uint256 i = 4; i > 0; --i) {
            digits[i - 1] = bytes1(uint8(0x30 + number % 10));
            number /= 10;
        }
        origin = string.concat("log/", string(digits));
        log = keccak256(bytes(origin));
    }

    function _isActiveOwner(uint256 owner, uint256 key) private view returns (bool) {
        Model storage model = _models[owner];
        return model.status == IInstitutionRegistry.Status.Active && vm.addr(key) == model.authority;
    }

    function _log(uint256 which) private view returns (bytes32) {
        return logs[which % logs.length];
    }

    function _key(uint256 which) private view returns (uint256) {
        return _keys[which % _keys.length];
    }

    function _region(uint256 which) private pure returns (uint32) {
        return which % 2 == 0 ? REGION : OTHER_REGION;
    }
}
