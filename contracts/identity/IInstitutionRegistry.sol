// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Authorisation, IAuthorised} from "./IAuthorised.sol";

/// @title Who is who (机构名录): institutions, their authorities, and region-scoped roles
/// @notice Nothing here is done in anybody's name by whoever sends the transaction: every act needs the competent authority's signature.
/// The deployer keeps no right. Region codes are GB/T 2260 (440300 Shenzhen); 0 stands for the national bodies.
interface IInstitutionRegistry is IAuthorised {
    /// @dev The numbers are part of the evidence format (docs/spec/anchor.md); None never registers.
    enum Kind {
        None,
        Operator,
        Regulator,
        WorkingGroup,
        Auditor,
        Applicant,
        DataUser,
        ServiceProvider
    }

    enum Status {
        None,
        Active,
        Suspended,
        Exited
    }

    struct Institution {
        Kind kind;
        Status status;
        uint32 region;
        address authority;
    }

    struct Grant {
        bytes16 institution;
        uint64 expiresAt;
    }

    struct Registration {
        bytes16 institution;
        Kind kind;
        uint32 region;
        address authority;
    }

    /// @notice `commitment` and `leaf` are those of the command's requested leaf; zero is refused.
    struct Evidence {
        bytes32 commitment;
        bytes32 leaf;
    }

    event RegionalAuthorityProposed(uint32 indexed region, address authority, uint64 effectiveAt);
    event RegionalAuthoritySet(uint32 indexed region, address authority);
    event InstitutionRegistered(
        bytes16 indexed institution, uint32 indexed region, Kind kind, address authority, bytes32 commitment, bytes32 leaf
    );
    event InstitutionStatusSet(bytes16 indexed institution, Status status, bytes32 commitment, bytes32 leaf);
    event InstitutionAuthorityReplaced(bytes16 indexed institution, address authority, bytes32 commitment, bytes32 leaf);
    event RoleGranted(
        bytes32 indexed role,
        uint32 indexed region,
        address indexed account,
        bytes16 institution,
        uint64 expiresAt,
        bytes32 commitment,
        bytes32 leaf
    );
    event RoleRevoked(bytes32 indexed role, uint32 indexed region, address indexed account, bytes32 commitment, bytes32 leaf);

    error RegistryNotRoot(address signer);
    error RegistryNotCompetent(address signer, uint32 region);
    error RegistryNoProposal(uint32 region);
    error RegistryTooEarly(uint64 effectiveAt);
    error RegistryZero();
    error RegistryDuplicate(bytes16 institution);
    error RegistryUnknown(bytes16 institution);
    error RegistryStatus(bytes16 institution, Status current, Status wanted);
    error RegistryNoGrant(bytes32 role, uint32 region, address account);
    error RegistryExpired(uint64 expiresAt);
    /// @notice The constructor's regions and authorities do not pair one to one.
    error RegistryRegions();

    /// @notice The root proposes a region's authority, first or new; it takes effect after `delay()`. A later proposal takes the place
    /// of an earlier one, so the root withdraws one by proposing the authority in office.
    function proposeRegionalAuthority(uint32 region, address authority, Authorisation calldata auth) external;

    /// @notice Anyone may complete a proposal once its delay has run.
    function activateRegionalAuthority(uint32 region) external;

    /// @notice Registers an institution as active. Signed by the authority of its region.
    function register(Registration calldata registration, Evidence calldata evidence, Authorisation calldata auth) external;

    /// @notice Suspends, reactivates or (finally) exits an institution. Signed by the authority of its region.
    function setStatus(bytes16 id, Status status, Evidence calldata evidence, Authorisation calldata auth) external;

    /// @notice Replaces an institution's own authority. Signed by that authority or, when its key is lost or stolen, by the region's; for
    /// a suspended institution by the region's alone, so that suspension ends a contest with a thief. Refused once exited.
    function replaceAuthority(bytes16 id, address authority, Evidence calldata evidence, Authorisation calldata auth)
        external;

    /// @notice Gives an account of an active institution a role in a region until `expiresAt` (inclusive); a second grant of the same role
    /// takes the first one's place, also for another institution. Signed by the authority of that region.
    function grantRole(
        Grant calldata grant,
        address account,
        bytes32 role,
        uint32 region,
        Evidence calldata evidence,
        Authorisation calldata auth
    ) external;

    /// @notice Takes a role away. Signed by the authority of that region.
    function revokeRole(address account, bytes32 role, uint32 region, Evidence calldata evidence, Authorisation calldata auth)
        external;

    function root() external view returns (address);

    /// @notice Seconds between the proposal of a regional authority and its effect.
    function delay() external view returns (uint64);

    function regionalAuthority(uint32 region) external view returns (address);

    function proposal(uint32 region) external view returns (address authority, uint64 effectiveAt);

    function institution(bytes16 id) external view returns (Institution memory);

    function grantOf(bytes32 role, uint32 region, address account) external view returns (Grant memory);

    /// @notice True while the grant has not expired and its institution is active.
    function hasRole(bytes32 role, uint32 region, address account) external view returns (bool);

    /// @notice The authority of an active institution; zero when unknown, suspended or exited.
    function activeAuthority(bytes16 id) external view returns (address);
}
