// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {EvidenceLog} from "../../contracts/evidence/EvidenceLog.sol";
import {IEvidenceLog} from "../../contracts/evidence/IEvidenceLog.sol";
import {Authorisation} from "../../contracts/identity/IAuthorised.sol";
import {IInstitutionRegistry} from "../../contracts/identity/IInstitutionRegistry.sol";
import {InstitutionRegistry} from "../../contracts/identity/InstitutionRegistry.sol";
import {Base} from "./Base.sol";

/// @dev Two regions, their authorities, one operator in each, and their signatures. The type strings repeat docs/spec/anchor.md.
abstract contract Parties is Base {
    uint256 internal constant ROOT = 0xa001;
    uint256 internal constant SHENZHEN = 0xa002;
    uint256 internal constant GUANGZHOU = 0xa003;
    uint256 internal constant OPERATOR = 0xa004;
    uint256 internal constant OTHER_OPERATOR = 0xa005;
    uint256 internal constant STRANGER = 0xa006;

    uint32 internal constant REGION = 440300;
    uint32 internal constant OTHER_REGION = 440100;
    bytes16 internal constant INSTITUTION = bytes16(uint128(0x01));
    bytes16 internal constant OTHER_INSTITUTION = bytes16(uint128(0x02));
    uint64 internal constant DELAY = 7 days;
    uint64 internal constant NOW = 1_800_000_000;
    address internal constant ANCHOR = address(0xa17c);
    bytes32 internal constant KEY_ID = bytes32(uint256(0x5e1));

    InstitutionRegistry internal registry;
    EvidenceLog internal evidenceLog;
    uint256 internal nextNonce;

    function found() internal {
        vm.warp(NOW);
        uint32[] memory regions = new uint32[](2);
        address[] memory authorities = new address[](2);
        (regions[0], authorities[0]) = (REGION, vm.addr(SHENZHEN));
        (regions[1], authorities[1]) = (OTHER_REGION, vm.addr(GUANGZHOU));
        registry = new InstitutionRegistry(vm.addr(ROOT), DELAY, regions, authorities);
        evidenceLog = new EvidenceLog(registry);
        register(INSTITUTION, REGION, OPERATOR, SHENZHEN);
        register(OTHER_INSTITUTION, OTHER_REGION, OTHER_OPERATOR, GUANGZHOU);
    }

    // ---- signatures

    function authorise(address target, string memory name, string memory action, bytes memory fields, uint256 key)
        internal
        returns (Authorisation memory auth)
    {
        auth = Authorisation(vm.addr(key), nextNonce++, NOW + 365 days, "");
        auth.signature = signature(digest(block.chainid, target, name, action, fields, auth), key);
    }

    function onRegistry(string memory action, bytes memory fields, uint256 key) internal returns (Authorisation memory) {
        return authorise(address(registry), "regseal InstitutionRegistry", action, fields, key);
    }

    function onLog(string memory action, bytes memory fields, uint256 key) internal returns (Authorisation memory) {
        return authorise(address(evidenceLog), "regseal EvidenceLog", action, fields, key);
    }

    function digest(
        uint256 chainId,
        address target,
        string memory name,
        string memory action,
        bytes memory fields,
        Authorisation memory auth
    ) internal pure returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256(bytes(name)),
                keccak256("1"),
                chainId,
                target
            )
        );
        bytes memory message = bytes.concat(keccak256(bytes(action)), fields, abi.encode(auth.nonce, auth.deadline));
        return keccak256(abi.encodePacked(hex"1901", domain, keccak256(message)));
    }

    function signature(bytes32 hash, uint256 key) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, hash);
        return abi.encodePacked(r, s, v);
    }

    function evidence() internal pure returns (IInstitutionRegistry.Evidence memory) {
        return IInstitutionRegistry.Evidence(bytes32(uint256(0xc0)), bytes32(uint256(0x1eaf)));
    }

    function command() internal pure returns (IEvidenceLog.Command memory) {
        return IEvidenceLog.Command(bytes32(uint256(0xc0)), bytes32(uint256(0x1eaf)));
    }

    // ---- authorisations of every act

    function registration(bytes16 id, uint32 region, uint256 key)
        internal
        pure
        returns (IInstitutionRegistry.Registration memory)
    {
        return IInstitutionRegistry.Registration(id, IInstitutionRegistry.Kind.Operator, region, vm.addr(key));
    }

    function toRegister(IInstitutionRegistry.Registration memory r, uint256 signer) internal returns (Authorisation memory) {
        return onRegistry(
            "RegisterInstitution(bytes16 institution,uint8 kind,uint32 region,address authority,bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)",
            abi.encode(r.institution, uint8(r.kind), r.region, r.authority, evidence().commitment, evidence().leaf),
            signer
        );
    }

    function toSetStatus(bytes16 id, IInstitutionRegistry.Status status, uint256 signer)
        internal
        returns (Authorisation memory)
    {
        return onRegistry(
            "SetInstitutionStatus(bytes16 institution,uint8 status,bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)",
            abi.encode(id, uint8(status), evidence().commitment, evidence().leaf),
            signer
        );
    }

    function toReplaceAuthority(bytes16 id, address authority, uint256 signer) internal returns (Authorisation memory) {
        return onRegistry(
            "ReplaceInstitutionAuthority(bytes16 institution,address authority,bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)",
            abi.encode(id, authority, evidence().commitment, evidence().leaf),
            signer
        );
    }

    function toGrantRole(bytes16 id, address account, bytes32 role, uint32 region, uint64 expiresAt, uint256 signer)
        internal
        returns (Authorisation memory)
    {
        return onRegistry(
            "GrantRole(bytes16 institution,address account,bytes32 role,uint32 region,uint64 expiresAt,bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)",
            abi.encode(id, account, role, region, expiresAt, evidence().commitment, evidence().leaf),
            signer
        );
    }

    function toRevokeRole(address account, bytes32 role, uint32 region, uint256 signer)
        internal
        returns (Authorisation memory)
    {
        return onRegistry(
            "RevokeRole(address account,bytes32 role,uint32 region,bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)",
            abi.encode(account, role, region, evidence().commitment, evidence().leaf),
            signer
        );
    }

    function toPropose(uint32 region, address authority, uint256 signer) internal returns (Authorisation memory) {
        return onRegistry(
            "ProposeRegionalAuthority(uint32 region,address authority,uint256 nonce,uint64 deadline)",
            abi.encode(region, authority),
            signer
        );
    }

    function toOpen(string memory origin, bytes16 owner, address anchor, uint256 signer)
        internal
        returns (Authorisation memory)
    {
        return onLog(
            "OpenLog(string origin,bytes16 owner,address anchor,bytes32 keyId,bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)",
            abi.encode(keccak256(bytes(origin)), owner, anchor, KEY_ID, command().commitment, command().leaf),
            signer
        );
    }

    function toRotate(bytes32 log, address anchor, bytes32 keyId, uint256 signer) internal returns (Authorisation memory) {
        return onLog(
            "RotateLog(bytes32 log,address anchor,bytes32 keyId,bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)",
            abi.encode(log, anchor, keyId, command().commitment, command().leaf),
            signer
        );
    }

    function toFreeze(bytes32 log, uint256 signer) internal returns (Authorisation memory) {
        return onLog(
            "FreezeLog(bytes32 log,bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)",
            abi.encode(log, command().commitment, command().leaf),
            signer
        );
    }

    function toOpenSuccessor(bytes32 log, string memory origin, uint256 signer) internal returns (Authorisation memory) {
        return onLog(
            "OpenSuccessor(bytes32 log,string origin,address anchor,bytes32 keyId,bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)",
            abi.encode(log, keccak256(bytes(origin)), ANCHOR, KEY_ID, command().commitment, command().leaf),
            signer
        );
    }

    // ---- acts that several tests start from

    function register(bytes16 id, uint32 region, uint256 key, uint256 signer) internal {
        IInstitutionRegistry.Registration memory r = registration(id, region, key);
        registry.register(r, evidence(), toRegister(r, signer));
    }

    function setStatus(bytes16 id, IInstitutionRegistry.Status status, uint256 signer) internal {
        registry.setStatus(id, status, evidence(), toSetStatus(id, status, signer));
    }

    function open(string memory origin) internal returns (bytes32 log) {
        evidenceLog.open(origin, INSTITUTION, ANCHOR, KEY_ID, command(), toOpen(origin, INSTITUTION, ANCHOR, OPERATOR));
        return keccak256(bytes(origin));
    }

    function freeze(bytes32 log, uint256 signer) internal {
        evidenceLog.freeze(log, command(), toFreeze(log, signer));
    }

    function append(bytes32 log, uint64 size, bytes32 root, bytes32[] memory proof) internal {
        vm.prank(ANCHOR);
        evidenceLog.append(log, size, root, proof);
    }
}
