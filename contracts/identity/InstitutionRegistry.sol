// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Authorisation} from "./IAuthorised.sol";
import {Authorised} from "./Authorised.sol";
import {IInstitutionRegistry} from "./IInstitutionRegistry.sol";

/// @title Who is who (机构名录)
contract InstitutionRegistry is IInstitutionRegistry, Authorised {
    bytes32 private constant REGISTER = keccak256(
        "RegisterInstitution(bytes16 institution,uint8 kind,uint32 region,address authority,"
        "bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)"
    );
    bytes32 private constant SET_STATUS = keccak256(
        "SetInstitutionStatus(bytes16 institution,uint8 status,"
        "bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)"
    );
    bytes32 private constant REPLACE_AUTHORITY = keccak256(
        "ReplaceInstitutionAuthority(bytes16 institution,address authority,"
        "bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)"
    );
    bytes32 private constant GRANT_ROLE = keccak256(
        "GrantRole(bytes16 institution,address account,bytes32 role,uint32 region,uint64 expiresAt,"
        "bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)"
    );
    bytes32 private constant REVOKE_ROLE = keccak256(
        "RevokeRole(address account,bytes32 role,uint32 region,"
        "bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)"
    );
    bytes32 private constant PROPOSE =
        keccak256("ProposeRegionalAuthority(uint32 region,address authority,uint256 nonce,uint64 deadline)");

    struct Proposal {
        address authority;
        uint64 effectiveAt;
    }

    /// @inheritdoc IInstitutionRegistry
    address public immutable root;
    /// @inheritdoc IInstitutionRegistry
    uint64 public immutable delay;

    /// @inheritdoc IInstitutionRegistry
    mapping(uint32 region => address authority) public regionalAuthority;
    /// @inheritdoc IInstitutionRegistry
    mapping(uint32 region => Proposal) public proposal;
    mapping(bytes16 id => Institution) private _institutions;
    mapping(bytes32 role => mapping(uint32 region => mapping(address account => Grant))) private _grants;

    /// @notice The deployer gets no right.
    /// @param root_ may propose regional authorities and nothing else; for ever, hence best a contract wallet
    /// @param delay_ seconds between a proposal and its effect
    /// @param regions regions with an authority from the start, each once
    /// @param authorities their authorities, in the same order
    constructor(address root_, uint64 delay_, uint32[] memory regions, address[] memory authorities)
        EIP712("regseal InstitutionRegistry", "1")
    {
        if (root_ == address(0)) revert RegistryZero();
        if (regions.length != authorities.length) revert RegistryRegions();
        root = root_;
        delay = delay_;
        for (uint256 i = 0; i < regions.length; ++i) {
            if (authorities[i] == address(0)) revert RegistryZero();
            if (regionalAuthority[regions[i]] != address(0)) revert RegistryRegions();
            _setRegionalAuthority(regions[i], authorities[i]);
        }
    }

    /// @inheritdoc IInstitutionRegistry
    function proposeRegionalAuthority(uint32 region, address authority, Authorisation calldata auth) external {
        _authorise(PROPOSE, abi.encode(region, authority), auth);
        if (auth.signer != root) revert RegistryNotRoot(auth.signer);
        if (authority == address(0)) revert RegistryZero();
        uint64 effectiveAt = uint64(block.timestamp) + delay;
        proposal[region] = Proposal(authority, effectiveAt);
        emit RegionalAuthorityProposed(region, authority, effectiveAt);
    }

    /// @inheritdoc IInstitutionRegistry
    function activateRegionalAuthority(uint32 region) external {
        Proposal memory proposed = proposal[region];
        if (proposed.authority == address(0)) revert RegistryNoProposal(region);
        if (block.timestamp < proposed.effectiveAt) revert RegistryTooEarly(proposed.effectiveAt);
        delete proposal[region];
        _setRegionalAuthority(region, proposed.authority);
    }

    /// @inheritdoc IInstitutionRegistry
    function register(Registration calldata registration, Evidence calldata evidence, Authorisation calldata auth) external {
        _authorise(REGISTER, abi.encode(registration, evidence), auth);
        _requireCompetent(registration.region, auth.signer);
        _requireEvidence(evidence);
        bytes16 id = registration.institution;
        if (id == 0 || registration.kind == Kind.None || registration.authority == address(0)) revert RegistryZero();
        if (_institutions[id].status != Status.None) revert RegistryDuplicate(id);
        _institutions[id] = Institution(registration.kind, Status.Active, registration.region, registration.authority);
        emit InstitutionRegistered(
            id, registration.region, registration.kind, registration.authority, evidence.commitment, evidence.leaf
        );
    }

    /// @inheritdoc IInstitutionRegistry
    function setStatus(bytes16 id, Status status, Evidence calldata evidence, Authorisation calldata auth) external {
        _authorise(SET_STATUS, abi.encode(id, status, evidence), auth);
        Institution storage known = _known(id);
        _requireCompetent(known.region, auth.signer);
        _requireEvidence(evidence);
        Status current = known.status;
        if (status == Status.None || status == current || current == Status.Exited) {
            revert RegistryStatus(id, current, status);
        }
        known.status = status;
        emit InstitutionStatusSet(id, status, evidence.commitment, evidence.leaf);
    }

    /// @inheritdoc IInstitutionRegistry
    function replaceAuthority(bytes16 id, address authority, Evidence calldata evidence, Authorisation calldata auth) external {
        _authorise(REPLACE_AUTHORITY, abi.encode(id, authority, evidence), auth);
        Institution storage known = _known(id);
        Status status = known.status;
        if (auth.signer != known.authority || status == Status.Suspended) _requireCompetent(known.region, auth.signer);
        if (status == Status.Exited) revert RegistryStatus(id, status, Status.Active);
        if (authority == address(0)) revert RegistryZero();
        _requireEvidence(evidence);
        known.authority = authority;
        emit InstitutionAuthorityReplaced(id, authority, evidence.commitment, evidence.leaf);
    }

    /// @inheritdoc IInstitutionRegistry
    function grantRole(
        Grant calldata grant,
        address account,
        bytes32 role,
        uint32 region,
        Evidence calldata evidence,
        Authorisation calldata auth
    ) external {
        _authorise(
            GRANT_ROLE, abi.encode(grant.institution, account, role, region, grant.expiresAt, evidence), auth
        );
        _requireCompetent(region, auth.signer);
        _requireEvidence(evidence);
        if (account == address(0) || role == 0) revert RegistryZero();
        if (grant.expiresAt < block.timestamp) revert RegistryExpired(grant.expiresAt);
        Status status = _known(grant.institution).status;
        if (status != Status.Active) revert RegistryStatus(grant.institution, status, Status.Active);
        _grants[role][region][account] = grant;
        emit RoleGranted(
            role, region, account, grant.institution, grant.expiresAt, evidence.commitment, evidence.leaf
        );
    }

    /// @inheritdoc IInstitutionRegistry
    function revokeRole(
        address account,
        bytes32 role,
        uint32 region,
        Evidence calldata evidence,
        Authorisation calldata auth
    ) external {
        _authorise(REVOKE_ROLE, abi.encode(account, role, region, evidence), auth);
        _requireCompetent(region, auth.signer);
        _requireEvidence(evidence);
        if (_grants[role][region][account].institution == 0) revert RegistryNoGrant(role, region, account);
        delete _grants[role][region][account];
        emit RoleRevoked(role, region, account, evidence.commitment, evidence.leaf);
    }

    /// @inheritdoc IInstitutionRegistry
    function institution(bytes16 id) external view returns (Institution memory) {
        return _institutions[id];
    }

    /// @inheritdoc IInstitutionRegistry
    function grantOf(bytes32 role, uint32 region, address account) external view returns (Grant memory) {
        return _grants[role][region][account];
    }

    /// @inheritdoc IInstitutionRegistry
    function hasRole(bytes32 role, uint32 region, address account) external view returns (bool) {
        Grant memory grant = _grants[role][region][account];
        return grant.expiresAt >= block.timestamp && _institutions[grant.institution].status == Status.Active;
    }

    /// @inheritdoc IInstitutionRegistry
    function activeAuthority(bytes16 id) external view returns (address) {
        Institution memory known = _institutions[id];
        return known.status == Status.Active ? known.authority : address(0);
    }

    function _setRegionalAuthority(uint32 region, address authority) private {
        regionalAuthority[region] = authority;
        emit RegionalAuthoritySet(region, authority);
    }

    function _known(bytes16 id) private view returns (Institution storage known) {
        known = _institutions[id];
        if (known.status == Status.None) revert RegistryUnknown(id);
    }

    /// @dev A signer that passed `_authorise` is never zero, so a region without authority has no competent signer.
    function _requireCompetent(uint32 region, address signer) private view {
        if (signer != regionalAuthority[region]) revert RegistryNotCompetent(signer, region);
    }

    function _requireEvidence(Evidence calldata evidence) private pure {
        if (evidence.commitment == 0 || evidence.leaf == 0) revert RegistryZero();
    }
}
