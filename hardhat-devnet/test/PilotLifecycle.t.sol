// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICalendar} from "../contracts/calendar/ICalendar.sol";
import {IEvidenceLog} from "../contracts/evidence/IEvidenceLog.sol";
import {Authorisation, IAuthorised} from "../contracts/identity/IAuthorised.sol";
import {IInstitutionRegistry} from "../contracts/identity/IInstitutionRegistry.sol";
import {IPilotLifecycle} from "../contracts/pilot/IPilotLifecycle.sol";
import {IRulebookRegistry} from "../contracts/pilot/IRulebookRegistry.sol";
import {PilotLifecycle} from "../contracts/pilot/PilotLifecycle.sol";
import {Rule} from "./support/Pilots.sol";
import {PilotTables} from "./support/PilotTables.sol";

contract PilotLifecycleTest is PilotTables {
    function setUp() public {
        foundTable();
    }

    // ---- opening

    function testTheConstructorNeedsFourContracts() public {
        address no = address(0xdead);
        vm.expectRevert(abi.encodeWithSelector(IPilotLifecycle.PilotZero.selector));
        new PilotLifecycle(IInstitutionRegistry(no), calendar, rulebooks, evidenceLog);
        vm.expectRevert(abi.encodeWithSelector(IPilotLifecycle.PilotZero.selector));
        new PilotLifecycle(registry, ICalendar(no), rulebooks, evidenceLog);
        vm.expectRevert(abi.encodeWithSelector(IPilotLifecycle.PilotZero.selector));
        new PilotLifecycle(registry, calendar, IRulebookRegistry(no), evidenceLog);
        vm.expectRevert(abi.encodeWithSelector(IPilotLifecycle.PilotZero.selector));
        new PilotLifecycle(registry, calendar, rulebooks, IEvidenceLog(no));
        assertEq(address(lifecycle.registry()), address(registry));
        assertEq(address(lifecycle.calendar()), address(calendar));
        assertEq(address(lifecycle.rulebooks()), address(rulebooks));
        assertEq(address(lifecycle.evidenceLog()), address(evidenceLog));
    }

    function testAProjectIsOpenedByItsLead() public {
        book = activate(table);
        IPilotLifecycle.Opening memory o = opening(book);
        o.seq = 4;
        Authorisation memory auth = toOpenPilot(o, evidence(), OPERATOR);
        vm.expectEmit(address(lifecycle));
        emit IPilotLifecycle.PilotOpened(PROJECT, book, INSTITUTION, STREAM);
        vm.expectEmit(address(lifecycle));
        emit IPilotLifecycle.PilotMoved(
            PROJECT, 0, 1, "submit", 0, 4, vm.addr(OPERATOR), evidence().commitment, evidence().leaf
        );
        lifecycle.open(o, evidence(), auth);
        IPilotLifecycle.Project memory p = standing();
        assertEq(p.rulebook, book);
        assertEq(bytes32(p.lead), bytes32(INSTITUTION));
        assertEq(bytes32(p.stream), bytes32(STREAM));
        assertEq(p.region, REGION);
        assertTrue(p.state == 1 && p.flags == 0 && p.noticeFrom == 0 && p.endsOn == 0, "fresh");
        assertTrue(p.count == 5 && p.stepCount == 5 && p.lastLeaf == evidence().leaf, "count");
        assertTrue(lifecycle.project(bytes16(uint128(1))).rulebook == 0, "unknown");
    }

    function testAnOpeningIsRefused() public {
        book = activate(table);
        IPilotLifecycle.Opening memory o = opening(bytes32(uint256(5)));
        refuseOpening(o, OPERATOR, abi.encodeWithSelector(IRulebookRegistry.RulebookUnknown.selector, o.rulebook));
        o = opening(book);
        o.action = "accept";
        refuseOpening(o, OPERATOR, abi.encodeWithSelector(IPilotLifecycle.PilotNoRule.selector, uint8(0), "accept"));
        o = opening(book);
        uint256[4] memory others = [OTHER_OPERATOR, SHENZHEN, GROUP, GATEWAY];
        for (uint256 i = 0; i < others.length; ++i) refuseOpening(o, others[i], _notBody(others[i]));
        o.lead = bytes16(uint128(0x99));
        refuseOpening(o, OPERATOR, _notBody(OPERATOR));
        o = opening(book);
        o.project = 0;
        refuseOpening(o, OPERATOR, abi.encodeWithSelector(IPilotLifecycle.PilotZero.selector));
        o = opening(book);
        o.stream = 0;
        refuseOpening(o, OPERATOR, abi.encodeWithSelector(IPilotLifecycle.PilotZero.selector));
        o = opening(book);
        o.seq = type(uint64).max;
        refuseOpening(o, OPERATOR, abi.encodeWithSelector(IPilotLifecycle.PilotAhead.selector, o.seq, uint64(1024)));
        openPilot(book);
        refuseOpening(opening(book), OPERATOR, abi.encodeWithSelector(IPilotLifecycle.PilotExists.selector, PROJECT));
    }

    function testASuspendedLeadOpensNothingAndStepsNot() public {
        add("go", rule());
        begin();
        setStatus(INSTITUTION, IInstitutionRegistry.Status.Suspended, SHENZHEN);
        refuse("go", 0, OPERATOR, _notBody(OPERATOR));
        IPilotLifecycle.Opening memory o = opening(book);
        o.project = bytes16(uint128(0x9002));
        refuseOpening(o, OPERATOR, _notBody(OPERATOR));
    }

    function testARetiredRulebookTakesNoNewProjectAndKeepsItsOwn() public {
        Rule memory r = rule();
        r.to = 2;
        add("go", r);
        begin();
        rulebooks.retire(book, evidence(), toRetire(book, SHENZHEN));
        IPilotLifecycle.Opening memory o = opening(book);
        o.project = bytes16(uint128(0x9002));
        refuseOpening(o, OPERATOR, abi.encodeWithSelector(IRulebookRegistry.RulebookIsRetired.selector, book));
        step("go", 0, OPERATOR);
        assertEq(standing().state, 2);
    }

    // ---- who

    function testTheLeadActsWhereNoRoleIsNamed() public {
        add("go", rule());
        begin();
        uint256[5] memory others = [OTHER_OPERATOR, SHENZHEN, GROUP, BUREAU, GATEWAY];
        for (uint256 i = 0; i < others.length; ++i) refuse("go", 0, others[i], _notBody(others[i]));
        IPilotLifecycle.Step memory next = nextStep("go", 0);
        Authorisation memory auth = toStep(next, evidence(), OPERATOR);
        vm.expectEmit(address(lifecycle));
        emit IPilotLifecycle.PilotMoved(
            PROJECT, 1, 1, "go", 0, 1, vm.addr(OPERATOR), evidence().commitment, evidence().leaf
        );
        lifecycle.step(next, evidence(), auth);
    }

    function testARoleIsOneOfTheRegionOrOfTheNation() public {
        Rule memory r = rule();
        r.body = BY_GROUP;
        add("decide", r);
        (r.body, r.national) = (BY_BUREAU, true);
        add("approve", r);
        (r.body, r.national) = (BY_BUREAU, false);
        add("regional", r);
        (r.body, r.national) = (BY_GROUP, true);
        add("national", r);
        begin();
        _grant(GROUP_ROLE, OTHER_REGION, STRANGER, GUANGZHOU); // another region's working group
        uint256[4] memory others = [STRANGER, OPERATOR, BUREAU, SHENZHEN];
        for (uint256 i = 0; i < others.length; ++i) refuse("decide", 0, others[i], _notBody(others[i]));
        refuse("approve", 0, GROUP, _notBody(GROUP));
        refuse("regional", 0, BUREAU, _notBody(BUREAU));
        refuse("national", 0, GROUP, _notBody(GROUP));
        step("decide", 0, GROUP);
        step("approve", 0, BUREAU);
        assertEq(standing().stepCount, 3);
    }

    function testTheSenderActsOnlyWhereTheRuleLetsIt() public {
        Rule memory r = rule();
        (r.body, r.bySender) = (BY_GATEWAY, true);
        add("file", r);
        r.bySender = false;
        add("signed", r);
        begin();
        IPilotLifecycle.Step memory next = nextStep("file", 0);
        Authorisation memory nothing;
        vm.expectRevert(abi.encodeWithSelector(IPilotLifecycle.PilotNotBody.selector, address(this)));
        lifecycle.step(next, evidence(), nothing);
        // a signature of the right one does not help a wrong sender
        Authorisation memory auth = toStep(next, evidence(), GATEWAY);
        vm.expectRevert(abi.encodeWithSelector(IPilotLifecycle.PilotNotBody.selector, address(this)));
        lifecycle.step(next, evidence(), auth);
        vm.prank(vm.addr(GATEWAY));
        lifecycle.step(next, evidence(), nothing);
        next = nextStep("signed", 0);
        vm.expectRevert();
        vm.prank(vm.addr(GATEWAY));
        lifecycle.step(next, evidence(), nothing);
    }

    function testASignatureIsForOneStepOnce() public {
        add("go", rule());
        begin();
        IPilotLifecycle.Step memory next = nextStep("go", 0);
        Authorisation memory auth = toStep(next, evidence(), OPERATOR);
        next.seq += 1;
        vm.expectRevert(abi.encodeWithSelector(IAuthorised.AuthorisationInvalid.selector, vm.addr(OPERATOR)));
        lifecycle.step(next, evidence(), auth);
        next.seq -= 1;
        lifecycle.step(next, evidence(), auth);
        vm.expectRevert(abi.encodeWithSelector(IAuthorised.AuthorisationUsed.selector, vm.addr(OPERATOR), auth.nonce));
        lifecycle.step(next, evidence(), auth);
        vm.warp(auth.deadline + 1);
        next = nextStep("go", 0);
        auth = toStep(next, evidence(), OPERATOR);
        auth.deadline = NOW;
        vm.expectRevert(
            abi.encodeWithSelector(IAuthorised.AuthorisationExpired.selector, NOW, uint256(block.timestamp))
        );
        lifecycle.step(next, evidence(), auth);
    }

    // ---- what is checked of every step

    function testAStepNeedsProjectRuleEvidenceAndOrder() public {
        add("go", rule());
        begin();
        IPilotLifecycle.Step memory next = nextStep("go", 0);
        next.project = bytes16(uint128(7));
        Authorisation memory auth = toStep(next, evidence(), OPERATOR);
        vm.expectRevert(abi.encodeWithSelector(IPilotLifecycle.PilotUnknown.selector, next.project));
        lifecycle.step(next, evidence(), auth);
        refuse("run", 0, OPERATOR, abi.encodeWithSelector(IPilotLifecycle.PilotNoRule.selector, uint8(1), "run"));
        refuse("submit", 0, OPERATOR, abi.encodeWithSelector(IPilotLifecycle.PilotNoRule.selector, uint8(1), "submit"));

        next = nextStep("go", 0);
        IInstitutionRegistry.Evidence memory partial_ = IInstitutionRegistry.Evidence(0, evidence().leaf);
        auth = toStep(next, partial_, OPERATOR);
        vm.expectRevert(abi.encodeWithSelector(IPilotLifecycle.PilotZero.selector));
        lifecycle.step(next, partial_, auth);
        partial_ = IInstitutionRegistry.Evidence(evidence().commitment, 0);
        auth = toStep(next, partial_, OPERATOR);
        vm.expectRevert(abi.encodeWithSelector(IPilotLifecycle.PilotZero.selector));
        lifecycle.step(next, partial_, auth);

        next.seq = 9;
        lifecycle.step(next, evidence(), toStep(next, evidence(), OPERATOR));
        for (uint64 seq = 8; seq < 10; ++seq) {
            next.seq = seq;
            auth = toStep(next, evidence(), OPERATOR);
            vm.expectRevert(abi.encodeWithSelector(IPilotLifecycle.PilotStale.selector, seq, uint64(10)));
            lifecycle.step(next, evidence(), auth);
        }
    }

    function testFlagsAreAskedForSetAndCleared() public {
        Rule memory r = rule();
        (r.set, r.cleared) = (0x80000001, 0x2);
        add("mark", r);
        r = rule();
        (r.required, r.forbidden) = (0x80000001, 0x4);
        add("need", r);
        r = rule();
        (r.set, r.cleared) = (0x6, 0x80000007); // what is both cleared and set is set
        add("turn", r);
        begin();
        refuse("need", 0, OPERATOR, abi.encodeWithSelector(IPilotLifecycle.PilotFlagsMissing.selector, uint32(0x80000001)));
        step("mark", 0, OPERATOR);
        assertEq(standing().flags, 0x80000001);
        step("need", 0, OPERATOR);
        step("turn", 0, OPERATOR);
        assertEq(standing().flags, 0x6);
        refuse("need", 0, OPERATOR, abi.encodeWithSelector(IPilotLifecycle.PilotFlagsMissing.selector, uint32(0x80000001)));
        step("mark", 0, OPERATOR);
        assertEq(standing().flags, 0x80000005);
        refuse("need", 0, OPERATOR, abi.encodeWithSelector(IPilotLifecycle.PilotFlagsForbidden.selector, uint32(4)));
    }

    function testItemsAreOpenedTurnedAndClosed() public {
        Rule memory r = rule();
        for (uint8 kind = 0; kind < 4; ++kind) {
            (r.effect, r.a) = (4, kind);
            add(_named("open", kind), r);
            r.effect = 5;
            add(_named("close", kind), r);
        }
        (r.effect, r.a, r.b) = (6, 0, 1);
        add("turn", r);
        r = rule();
        r.none = 0xf;
        add("none", r);
        r = rule();
        r.some = 0x6;
        add("some", r);
        begin();

        step("none", 0, OPERATOR);
        refuse("some", 0, OPERATOR, abi.encodeWithSelector(IPilotLifecycle.PilotNoItemOpen.selector, uint8(6)));
        refuse("close0", 7, OPERATOR, _noItem(0, 7));
        step("open0", 7, OPERATOR);
        step("open0", 8, OPERATOR);
        step("open0", type(uint64).max, OPERATOR);
        refuse("open0", 7, OPERATOR, _noItem(0, 7));
        step("open3", 7, OPERATOR);
        _expectItems(3, 0, 0, 1);
        refuse("some", 0, OPERATOR, abi.encodeWithSelector(IPilotLifecycle.PilotNoItemOpen.selector, uint8(6)));
        refuse("none", 0, OPERATOR, abi.encodeWithSelector(IPilotLifecycle.PilotItemsOpen.selector, uint8(0), uint16(3)));
        step("turn", 7, OPERATOR);
        step("some", 0, OPERATOR);
        _expectItems(2, 1, 0, 1);
        refuse("turn", 7, OPERATOR, _noItem(0, 7)); // closed
        step("open1", 8, OPERATOR);
        refuse("turn", 8, OPERATOR, _noItem(1, 8)); // 8 stands as a danger already
        step("close0", 8, OPERATOR);
        step("close0", type(uint64).max, OPERATOR);
        refuse("close0", 8, OPERATOR, _noItem(0, 8));
        refuse("open0", 8, OPERATOR, _noItem(0, 8)); // never again
        refuse("none", 0, OPERATOR, abi.encodeWithSelector(IPilotLifecycle.PilotItemsOpen.selector, uint8(1), uint16(2)));
        assertTrue(lifecycle.itemState(PROJECT, 0, 7) == IPilotLifecycle.Item.Closed, "turned");
        assertTrue(lifecycle.itemState(PROJECT, 1, 7) == IPilotLifecycle.Item.Open, "into a danger");
        assertTrue(lifecycle.itemState(PROJECT, 2, 7) == IPilotLifecycle.Item.New, "never heard of");
        step("close1", 7, OPERATOR);
        step("close1", 8, OPERATOR);
        step("close3", 7, OPERATOR);
        step("none", 0, OPERATOR);
    }

    function testAValueWhereNoneIsMeantIsRefused() public {
        add("go", rule());
        Rule memory r = rule();
        r.effect = 1;
        add("notice", r);
        begin();
        refuse("go", 1, OPERATOR, abi.encodeWithSelector(IPilotLifecycle.PilotValue.selector, uint64(1)));
        refuse("notice", TODAY, OPERATOR, abi.encodeWithSelector(IPilotLifecycle.PilotValue.selector, uint64(TODAY)));
    }

    // ---- helpers

    function _expectItems(uint16 a, uint16 b, uint16 c, uint16 d) private view {
        uint16[4] memory open = standing().open;
        assertTrue(open[0] == a && open[1] == b && open[2] == c && open[3] == d, "items");
    }

    function _notBody(uint256 key) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IPilotLifecycle.PilotNotBody.selector, vm.addr(key));
    }

    function _noItem(uint8 kind, uint64 id) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IPilotLifecycle.PilotItem.selector, kind, id);
    }

    function _named(string memory word, uint8 kind) private pure returns (string memory) {
        return string.concat(word, string(abi.encodePacked(bytes1(0x30 + kind))));
    }
}
