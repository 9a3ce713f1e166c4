// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Authorisation} from "../contracts/identity/IAuthorised.sol";
import {IInstitutionRegistry} from "../contracts/identity/IInstitutionRegistry.sol";
import {InstitutionRegistry} from "../contracts/identity/InstitutionRegistry.sol";
import {Parties} from "./support/Parties.sol";
import {Wallet} from "./support/Wallets.sol";

contract InstitutionRegistryTest is Parties {
    bytes16 private constant NEWCOMER = bytes16(uint128(0x03));
    bytes32 private constant ROLE = keccak256("pilot.reviewer");
    address private constant ACCOUNT = address(0xacc);
    uint64 private constant LATER = NOW + 30 days;

    function setUp() public {
        found();
    }

    // ---- construction

    function testTheConstructorSetsRootDelayAndFirstAuthorities() public {
        uint32[] memory regions = new uint32[](1);
        address[] memory authorities = new address[](1);
        authorities[0] = vm.addr(SHENZHEN);
        InstitutionRegistry other = new InstitutionRegistry(vm.addr(ROOT), DELAY, regions, authorities);
        assertEq(other.root(), vm.addr(ROOT));
        assertEq(other.delay(), DELAY);
        assertEq(other.regionalAuthority(0), vm.addr(SHENZHEN));
        assertEq(other.regionalAuthority(REGION), address(0));
    }

    function testTheConstructorRefusesGapsAndDoubles() public {
        (uint32[] memory regions, address[] memory authorities) = (new uint32[](2), new address[](2));
        (authorities[0], authorities[1]) = (ACCOUNT, ACCOUNT);
        vm.expectRevert(abi.encodeWithSelector(IInstitutionRegistry.RegistryRegions.selector));
        new InstitutionRegistry(vm.addr(ROOT), DELAY, regions, authorities); // region 0 twice
        vm.expectRevert(abi.encodeWithSelector(IInstitutionRegistry.RegistryRegions.selector));
        new InstitutionRegistry(vm.addr(ROOT), DELAY, new uint32[](1), authorities);
        (regions[1], authorities[1]) = (REGION, address(0));
        vm.expectRevert(abi.encodeWithSelector(IInstitutionRegistry.RegistryZero.selector));
        new InstitutionRegistry(vm.addr(ROOT), DELAY, regions, authorities);
        vm.expectRevert(abi.encodeWithSelector(IInstitutionRegistry.RegistryZero.selector));
        new InstitutionRegistry(address(0), DELAY, new uint32[](0), new address[](0));
    }

    /// @dev This contract deployed the registry. Its own word counts for nothing, not even over a signature of nobody.
    function testTheDeployerHasNoRight() public {
        assertTrue(registry.root() != address(this), "root");
        assertTrue(!registry.hasRole(0, 0, address(this)), "role");
        Authorisation memory auth = Authorisation(address(this), 1, LATER, "");
        vm.expectRevert();
        registry.proposeRegionalAuthority(REGION, address(this), auth);
        vm.expectRevert();
        registry.register(registration(NEWCOMER, REGION, STRANGER), evidence(), auth);
        vm.expectRevert();
        registry.setStatus(INSTITUTION, IInstitutionRegistry.Status.Exited, evidence(), auth);
        vm.expectRevert();
        registry.replaceAuthority(INSTITUTION, address(this), evidence(), auth);
        vm.expectRevert();
        registry.grantRole(_grant(INSTITUTION, LATER), address(this), ROLE, REGION, evidence(), auth);
    }

    // ---- regional authorities

    function testARegionalAuthorityTakesOfficeAfterTheDelay() public {
        vm.expectEmit(address(registry));
        emit IInstitutionRegistry.RegionalAuthorityProposed(REGION, vm.addr(STRANGER), NOW + DELAY);
        _propose(REGION, vm.addr(STRANGER));
        (address proposed, uint64 effectiveAt) = registry.proposal(REGION);
        assertEq(proposed, vm.addr(STRANGER));
        assertEq(effectiveAt, NOW + DELAY);

        vm.warp(NOW + DELAY - 1);
        vm.expectRevert(abi.encodeWithSelector(IInstitutionRegistry.RegistryTooEarly.selector, NOW + DELAY));
        registry.activateRegionalAuthority(REGION);
        assertEq(registry.regionalAuthority(REGION), vm.addr(SHENZHEN));

        vm.warp(NOW + DELAY);
        vm.expectEmit(address(registry));
        emit IInstitutionRegistry.RegionalAuthoritySet(REGION, vm.addr(STRANGER));
        registry.activateRegionalAuthority(REGION);
        assertEq(registry.regionalAuthority(REGION), vm.addr(STRANGER));

        vm.expectRevert(abi.encodeWithSelector(IInstitutionRegistry.RegistryNoProposal.selector, REGION));
        registry.activateRegionalAuthority(REGION);
        _refuseRegistration(REGION, SHENZHEN);
        register(NEWCOMER, REGION, STRANGER, STRANGER);
    }

    function testALaterProposalTakesTheEarlierOnesPlace() public {
        _propose(REGION, vm.addr(STRANGER));
        vm.warp(NOW + DELAY);
        _propose(REGION, vm.addr(SHENZHEN));
        vm.expectRevert(abi.encodeWithSelector(IInstitutionRegistry.RegistryTooEarly.selector, NOW + 2 * DELAY));
        registry.activateRegionalAuthority(REGION);
    }

    function testOnlyTheRootProposes() public {
        Authorisation memory auth = toPropose(REGION, ACCOUNT, SHENZHEN);
        vm.expectRevert(abi.encodeWithSelector(IInstitutionRegistry.RegistryNotRoot.selector, vm.addr(SHENZHEN)));
        registry.proposeRegionalAuthority(REGION, ACCOUNT, auth);
        auth = toPropose(REGION, address(0), ROOT);
        vm.expectRevert(abi.encodeWithSelector(IInstitutionRegistry.RegistryZero.selector));
        registry.proposeRegionalAuthority(REGION, address(0), auth);
    }

    function testTheRootCanDoNothingElse() public {
        _refuseRegistration(REGION, ROOT);
        Authorisation memory auth = toSetStatus(INSTITUTION, IInstitutionRegistry.Status.Suspended, ROOT);
        _expectNotCompetent(ROOT, REGION);
        registry.setStatus(INSTITUTION, IInstitutionRegistry.Status.Suspended, evidence(), auth);
        auth = toReplaceAuthority(INSTITUTION, ACCOUNT, ROOT);
        _expectNotCompetent(ROOT, REGION);
        registry.replaceAuthority(INSTITUTION, ACCOUNT, evidence(), auth);
        auth = toGrantRole(INSTITUTION, ACCOUNT, ROLE, REGION, LATER, ROOT);
        _expectNotCompetent(ROOT, REGION);
        registry.grantRole(_grant(INSTITUTION, LATER), ACCOUNT, ROLE, REGION, evidence(), auth);
        auth = toRevokeRole(ACCOUNT, ROLE, REGION, ROOT);
        _expectNotCompetent(ROOT, REGION);
        registry.revokeRole(ACCOUNT, ROLE, REGION, evidence(), auth);
    }

    // ---- institutions

    function testTheRegionsAuthorityRegisters() public {
        vm.expectEmit(address(registry));
        emit IInstitutionRegistry.InstitutionRegistered(
            NEWCOMER, REGION, IInstitutionRegistry.Kind.Operator, vm.addr(STRANGER), evidence().commitment, evidence().leaf
        );
        register(NEWCOMER, REGION, STRANGER, SHENZHEN);
        IInstitutionRegistry.Institution memory known = registry.institution(NEWCOMER);
        assertEq(uint8(known.kind), uint8(IInstitutionRegistry.Kind.Operator));
        assertEq(uint8(known.status), uint8(IInstitutionRegistry.Status.Active));
        assertEq(known.region, REGION);
        assertEq(known.authority, vm.addr(STRANGER));
        assertEq(registry.activeAuthority(NEWCOMER), vm.addr(STRANGER));
    }

    function testNobodyRegistersInAnotherRegion() public {
        _refuseRegistration(REGION, GUANGZHOU);
        _refuseRegistration(REGION, OPERATOR);
        _refuseRegistration(310000, SHENZHEN); // a region without authority
    }

    function testRegistrationRefusesNothingsAndDoubles() public {
        for (uint256 i = 0; i < 3; ++i) {
            IInstitutionRegistry.Registration memory r = registration(NEWCOMER, REGION, STRANGER);
            if (i == 0) r.institution = 0;
            if (i == 1) r.kind = IInstitutionRegistry.Kind.None;
            if (i == 2) r.authority = address(0);
            Authorisation memory auth = toRegister(r, SHENZHEN);
            vm.expectRevert(abi.encodeWithSelector(IInstitutionRegistry.RegistryZero.selector));
            registry.register(r, evidence(), auth);
        }
        IInstitutionRegistry.Registration memory again = registration(INSTITUTION, REGION, STRANGER);
        Authorisation memory second = toRegister(again, SHENZHEN);
        vm.expectRevert(abi.encodeWithSelector(IInstitutionRegistry.RegistryDuplicate.selector, INSTITUTION));
        registry.register(again, evidence(), second);
    }

    function testACommandWithoutEvidenceIsRefused() public {
        IInstitutionRegistry.Registration memory r = registration(NEWCOMER, REGION, STRANGER);
        for (uint256 i = 1; i < 3; ++i) {
            IInstitutionRegistry.Evidence memory proof = IInstitutionRegistry.Evidence(bytes32(i & 1), bytes32(i >> 1));
            Authorisation memory auth = onRegistry(
                "RegisterInstitution(bytes16 institution,uint8 kind,uint32 region,address authority,bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)",
                abi.encode(NEWCOMER, uint8(r.kind), REGION, r.authority, proof),
                SHENZHEN
            );
            vm.expectRevert(abi.encodeWithSelector(IInstitutionRegistry.RegistryZero.selector));
            registry.register(r, proof, auth);
        }
    }

    function testASignatureBindsTheEvidence() public {
        IInstitutionRegistry.Registration memory r = registration(NEWCOMER, REGION, STRANGER);
        Authorisation memory auth = toRegister(r, SHENZHEN);
        vm.expectRevert();
        registry.register(r, IInstitutionRegistry.Evidence(evidence().commitment, bytes32(uint256(1))), auth);
    }

    function testStatusGoesThereAndBackButExitIsFinal() public {
        vm.expectEmit(address(registry));
        emit IInstitutionRegistry.InstitutionStatusSet(
            INSTITUTION, IInstitutionRegistry.Status.Suspended, evidence().commitment, evidence().leaf
        );
        setStatus(INSTITUTION, IInstitutionRegistry.Status.Suspended, SHENZHEN);
        assertEq(registry.activeAuthority(INSTITUTION), address(0));
        assertEq(registry.institution(INSTITUTION).authority, vm.addr(OPERATOR));
        setStatus(INSTITUTION, IInstitutionRegistry.Status.Active, SHENZHEN);
        assertEq(registry.activeAuthority(INSTITUTION), vm.addr(OPERATOR));
        _refuseStatus(IInstitutionRegistry.Status.Active, IInstitutionRegistry.Status.Active);
        _refuseStatus(IInstitutionRegistry.Status.Active, IInstitutionRegistry.Status.None);
        setStatus(INSTITUTION, IInstitutionRegistry.Status.Exited, SHENZHEN);
        for (uint8 wanted = 0; wanted < 4; ++wanted) {
            _refuseStatus(IInstitutionRegistry.Status.Exited, IInstitutionRegistry.Status(wanted));
        }
    }

    function testOnlyTheRegionsAuthoritySetsTheStatus() public {
        Authorisation memory auth = toSetStatus(INSTITUTION, IInstitutionRegistry.Status.Exited, OPERATOR);
        _expectNotCompetent(OPERATOR, REGION);
        registry.setStatus(INSTITUTION, IInstitutionRegistry.Status.Exited, evidence(), auth);
        auth = toSetStatus(NEWCOMER, IInstitutionRegistry.Status.Active, SHENZHEN);
        vm.expectRevert(abi.encodeWithSelector(IInstitutionRegistry.RegistryUnknown.selector, NEWCOMER));
        registry.setStatus(NEWCOMER, IInstitutionRegistry.Status.Active, evidence(), auth);
    }

    // ---- an institution's authority

    function testAnAuthorityReplacesItself() public {
        vm.expectEmit(address(registry));
        emit IInstitutionRegistry.InstitutionAuthorityReplaced(INSTITUTION, ACCOUNT, evidence().commitment, evidence().leaf);
        _replace(INSTITUTION, ACCOUNT, OPERATOR);
        assertEq(registry.activeAuthority(INSTITUTION), ACCOUNT);
        Authorisation memory auth = toReplaceAuthority(INSTITUTION, vm.addr(OPERATOR), OPERATOR);
        _expectNotCompetent(OPERATOR, REGION);
        registry.replaceAuthority(INSTITUTION, vm.addr(OPERATOR), evidence(), auth);
    }

    function testTheRegionReplacesALostAuthority() public {
        _replace(INSTITUTION, ACCOUNT, SHENZHEN);
        assertEq(registry.activeAuthority(INSTITUTION), ACCOUNT);
    }

    function testSuspensionEndsAContestWithAThief() public {
        setStatus(INSTITUTION, IInstitutionRegistry.Status.Suspended, SHENZHEN);
        Authorisation memory auth = toReplaceAuthority(INSTITUTION, vm.addr(STRANGER), OPERATOR);
        _expectNotCompetent(OPERATOR, REGION);
        registry.replaceAuthority(INSTITUTION, vm.addr(STRANGER), evidence(), auth);
        _replace(INSTITUTION, ACCOUNT, SHENZHEN);
        setStatus(INSTITUTION, IInstitutionRegistry.Status.Active, SHENZHEN);
        assertEq(registry.activeAuthority(INSTITUTION), ACCOUNT);
    }

    function testAnExitedInstitutionKeepsItsLastAuthority() public {
        setStatus(INSTITUTION, IInstitutionRegistry.Status.Exited, SHENZHEN);
        uint256[2] memory signers = [OPERATOR, SHENZHEN];
        for (uint256 i = 0; i < 2; ++i) {
            Authorisation memory auth = toReplaceAuthority(INSTITUTION, ACCOUNT, signers[i]);
            vm.expectRevert(_status(INSTITUTION, IInstitutionRegistry.Status.Exited, IInstitutionRegistry.Status.Active));
            registry.replaceAuthority(INSTITUTION, ACCOUNT, evidence(), auth);
        }
    }

    function testReplacementRefusesNothingAndTheUnknown() public {
        Authorisation memory auth = toReplaceAuthority(INSTITUTION, address(0), SHENZHEN);
        vm.expectRevert(abi.encodeWithSelector(IInstitutionRegistry.RegistryZero.selector));
        registry.replaceAuthority(INSTITUTION, address(0), evidence(), auth);
        auth = toReplaceAuthority(NEWCOMER, ACCOUNT, SHENZHEN);
        vm.expectRevert(abi.encodeWithSelector(IInstitutionRegistry.RegistryUnknown.selector, NEWCOMER));
        registry.replaceAuthority(NEWCOMER, ACCOUNT, evidence(), auth);
    }

    function testAContractWalletIsAnAuthority() public {
        address wallet = address(new Wallet(vm.addr(STRANGER)));
        _replace(INSTITUTION, wallet, SHENZHEN);
        Authorisation memory auth = toReplaceAuthority(INSTITUTION, ACCOUNT, STRANGER);
        auth.signer = wallet;
        registry.replaceAuthority(INSTITUTION, ACCOUNT, evidence(), auth);
        assertEq(registry.activeAuthority(INSTITUTION), ACCOUNT);
    }

    // ---- roles

    function testARoleHoldsInItsRegionUntilItExpires() public {
        vm.expectEmit(address(registry));
        emit IInstitutionRegistry.RoleGranted(
            ROLE, OTHER_REGION, ACCOUNT, INSTITUTION, LATER, evidence().commitment, evidence().leaf
        );
        _grantRole(INSTITUTION, OTHER_REGION, GUANGZHOU, LATER); // a Shenzhen institution may serve in Guangzhou
        assertTrue(registry.hasRole(ROLE, OTHER_REGION, ACCOUNT), "granted");
        assertTrue(!registry.hasRole(ROLE, REGION, ACCOUNT), "other region");
        assertTrue(!registry.hasRole(keccak256("other"), OTHER_REGION, ACCOUNT), "other role");
        assertTrue(!registry.hasRole(ROLE, OTHER_REGION, vm.addr(STRANGER)), "other account");
        assertEq(registry.grantOf(ROLE, OTHER_REGION, ACCOUNT).expiresAt, LATER);
        vm.warp(LATER);
        assertTrue(registry.hasRole(ROLE, OTHER_REGION, ACCOUNT), "last second");
        vm.warp(LATER + 1);
        assertTrue(!registry.hasRole(ROLE, OTHER_REGION, ACCOUNT), "expired");
    }

    function testARoleMayEndThisVerySecond() public {
        _grantRole(INSTITUTION, REGION, SHENZHEN, NOW);
        assertTrue(registry.hasRole(ROLE, REGION, ACCOUNT), "now");
    }

    function testARoleRestsWhileItsInstitutionIsSuspended() public {
        _grantRole(INSTITUTION, REGION, SHENZHEN, LATER);
        setStatus(INSTITUTION, IInstitutionRegistry.Status.Suspended, SHENZHEN);
        assertTrue(!registry.hasRole(ROLE, REGION, ACCOUNT), "suspended");
        setStatus(INSTITUTION, IInstitutionRegistry.Status.Active, SHENZHEN);
        assertTrue(registry.hasRole(ROLE, REGION, ACCOUNT), "active");
    }

    function testASecondGrantTakesTheFirstOnesPlace() public {
        _grantRole(INSTITUTION, REGION, SHENZHEN, LATER);
        _grantRole(OTHER_INSTITUTION, REGION, SHENZHEN, LATER + 1);
        IInstitutionRegistry.Grant memory grant = registry.grantOf(ROLE, REGION, ACCOUNT);
        assertEq(bytes32(grant.institution), bytes32(OTHER_INSTITUTION));
        assertEq(grant.expiresAt, LATER + 1);
    }

    function testGrantsAreRefused() public {
        _refuseGrant(INSTITUTION, ACCOUNT, ROLE, LATER, GUANGZHOU, abi.encodeWithSelector(
            IInstitutionRegistry.RegistryNotCompetent.selector, vm.addr(GUANGZHOU), REGION
        ));
        bytes memory zero = abi.encodeWithSelector(IInstitutionRegistry.RegistryZero.selector);
        _refuseGrant(INSTITUTION, address(0), ROLE, LATER, SHENZHEN, zero);
        _refuseGrant(INSTITUTION, ACCOUNT, 0, LATER, SHENZHEN, zero);
        _refuseGrant(INSTITUTION, ACCOUNT, ROLE, NOW - 1, SHENZHEN, abi.encodeWithSelector(
            IInstitutionRegistry.RegistryExpired.selector, NOW - 1
        ));
        _refuseGrant(NEWCOMER, ACCOUNT, ROLE, LATER, SHENZHEN, abi.encodeWithSelector(
            IInstitutionRegistry.RegistryUnknown.selector, NEWCOMER
        ));
        setStatus(INSTITUTION, IInstitutionRegistry.Status.Suspended, SHENZHEN);
        _refuseGrant(INSTITUTION, ACCOUNT, ROLE, LATER, SHENZHEN,
            _status(INSTITUTION, IInstitutionRegistry.Status.Suspended, IInstitutionRegistry.Status.Active));
    }

    function testTheRegionRevokes() public {
        _grantRole(INSTITUTION, REGION, SHENZHEN, LATER);
        Authorisation memory auth = toRevokeRole(ACCOUNT, ROLE, REGION, GUANGZHOU);
        _expectNotCompetent(GUANGZHOU, REGION);
        registry.revokeRole(ACCOUNT, ROLE, REGION, evidence(), auth);

        auth = toRevokeRole(ACCOUNT, ROLE, REGION, SHENZHEN);
        vm.expectEmit(address(registry));
        emit IInstitutionRegistry.RoleRevoked(ROLE, REGION, ACCOUNT, evidence().commitment, evidence().leaf);
        registry.revokeRole(ACCOUNT, ROLE, REGION, evidence(), auth);
        assertTrue(!registry.hasRole(ROLE, REGION, ACCOUNT), "revoked");

        auth = toRevokeRole(ACCOUNT, ROLE, REGION, SHENZHEN);
        vm.expectRevert(abi.encodeWithSelector(IInstitutionRegistry.RegistryNoGrant.selector, ROLE, REGION, ACCOUNT));
        registry.revokeRole(ACCOUNT, ROLE, REGION, evidence(), auth);
    }

    // ---- helpers

    function _grant(bytes16 id, uint64 expiresAt) private pure returns (IInstitutionRegistry.Grant memory) {
        return IInstitutionRegistry.Grant(id, expiresAt);
    }

    function _grantRole(bytes16 id, uint32 region, uint256 signer, uint64 expiresAt) private {
        Authorisation memory auth = toGrantRole(id, ACCOUNT, ROLE, region, expiresAt, signer);
        registry.grantRole(_grant(id, expiresAt), ACCOUNT, ROLE, region, evidence(), auth);
    }

    function _refuseGrant(
        bytes16 id,
        address account,
        bytes32 role,
        uint64 expiresAt,
        uint256 signer,
        bytes memory reason
    ) private {
        Authorisation memory auth = toGrantRole(id, account, role, REGION, expiresAt, signer);
        vm.expectRevert(reason);
        registry.grantRole(_grant(id, expiresAt), account, role, REGION, evidence(), auth);
    }

    function _replace(bytes16 id, address authority, uint256 signer) private {
        registry.replaceAuthority(id, authority, evidence(), toReplaceAuthority(id, authority, signer));
    }

    function _propose(uint32 region, address authority) private {
        registry.proposeRegionalAuthority(region, authority, toPropose(region, authority, ROOT));
    }

    function _refuseRegistration(uint32 region, uint256 signer) private {
        IInstitutionRegistry.Registration memory r = registration(bytes16(uint128(0x99)), region, STRANGER);
        Authorisation memory auth = toRegister(r, signer);
        _expectNotCompetent(signer, region);
        registry.register(r, evidence(), auth);
    }

    function _refuseStatus(IInstitutionRegistry.Status current, IInstitutionRegistry.Status wanted) private {
        Authorisation memory auth = toSetStatus(INSTITUTION, wanted, SHENZHEN);
        vm.expectRevert(_status(INSTITUTION, current, wanted));
        registry.setStatus(INSTITUTION, wanted, evidence(), auth);
    }

    function _status(bytes16 id, IInstitutionRegistry.Status current, IInstitutionRegistry.Status wanted)
        private
        pure
        returns (bytes memory)
    {
        return abi.encodeWithSelector(IInstitutionRegistry.RegistryStatus.selector, id, current, wanted);
    }

    function _expectNotCompetent(uint256 signer, uint32 region) private {
        vm.expectRevert(
            abi.encodeWithSelector(IInstitutionRegistry.RegistryNotCompetent.selector, vm.addr(signer), region)
        );
    }
}
