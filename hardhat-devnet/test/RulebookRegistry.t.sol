// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Authorisation} from "../contracts/identity/IAuthorised.sol";
import {IInstitutionRegistry} from "../contracts/identity/IInstitutionRegistry.sol";
import {IRulebookRegistry} from "../contracts/pilot/IRulebookRegistry.sol";
import {RulebookRegistry} from "../contracts/pilot/RulebookRegistry.sol";
import {Rules} from "../contracts/pilot/Rules.sol";
import {Pilots, Rule} from "./support/Pilots.sol";

contract RulebookRegistryTest is Pilots {
    function setUp() public {
        foundPilots();
    }

    function testTheConstructorNeedsARegistry() public {
        vm.expectRevert(abi.encodeWithSelector(IRulebookRegistry.RulebookZero.selector));
        new RulebookRegistry(IInstitutionRegistry(address(0xdead)));
        assertEq(address(rulebooks.registry()), address(registry));
    }

    function testARulebookIsKeptAsItIsSigned() public {
        IRulebookRegistry.Rulebook memory book = bookOf(_table());
        bytes32 id = rulebooks.idOf(book);
        assertEq(id, _idOf(book));
        Authorisation memory auth = toActivate(book, SHENZHEN);
        vm.expectEmit(address(rulebooks));
        emit IRulebookRegistry.RulebookActivated(
            id, REGION, "T-1", pilotLog, keccak256("document"), evidence().commitment, evidence().leaf
        );
        rulebooks.activate(book, evidence(), auth);
        IRulebookRegistry.Summary memory kept = rulebooks.summaryOf(id);
        assertEq(uint256(kept.status), uint256(IRulebookRegistry.Status.Active));
        assertEq(kept.region, REGION);
        assertEq(kept.log, pilotLog);
        assertEq(kept.document, keccak256("document"));
        for (uint256 i = 0; i < book.table.length; ++i) {
            (uint256 found, bytes32 role) = rulebooks.ruleOf(id, book.table[i].from, book.table[i].action);
            assertEq(found, book.table[i].rule);
            uint256 body = Rules.body(found);
            assertEq(role, body == 0 ? bytes32(0) : book.bodies[body - 1]);
        }
        (uint256 none,) = rulebooks.ruleOf(id, 7, keccak256("submit"));
        assertEq(none, 0);
    }

    function testEveryWordOfARulebookIsInItsName() public view {
        IRulebookRegistry.Rulebook memory book = bookOf(_table());
        bytes32 id = rulebooks.idOf(book);
        book.version = "T-2";
        assertTrue(rulebooks.idOf(book) != id, "version");
        (book.version, book.document) = ("T-1", 0);
        assertTrue(rulebooks.idOf(book) != id, "document");
        (book.document, book.region) = (keccak256("document"), 0);
        assertTrue(rulebooks.idOf(book) != id, "region");
        (book.region, book.log) = (REGION, 0);
        assertTrue(rulebooks.idOf(book) != id, "log");
        (book.log, book.bodies[1]) = (pilotLog, GROUP_ROLE);
        assertTrue(rulebooks.idOf(book) != id, "bodies");
        (book.bodies[1], book.table[1].rule) = (BUREAU_ROLE, book.table[1].rule ^ 1);
        assertTrue(rulebooks.idOf(book) != id, "table");
        book.table[1].rule ^= 1;
        assertEq(rulebooks.idOf(book), id);
    }

    function testARulebookIsActivatedOnceAndByTheRegionsAuthority() public {
        IRulebookRegistry.Rulebook memory book = bookOf(_table());
        uint256[4] memory others = [ROOT, GUANGZHOU, MINISTRY, OPERATOR];
        for (uint256 i = 0; i < others.length; ++i) {
            Authorisation memory wrong = toActivate(book, others[i]);
            vm.expectRevert(
                abi.encodeWithSelector(IRulebookRegistry.RulebookNotCompetent.selector, vm.addr(others[i]), REGION)
            );
            rulebooks.activate(book, evidence(), wrong);
        }
        bytes32 id = activate(_table());
        Authorisation memory auth = toActivate(book, SHENZHEN);
        vm.expectRevert(abi.encodeWithSelector(IRulebookRegistry.RulebookExists.selector, id));
        rulebooks.activate(book, evidence(), auth);
    }

    function testNothingOfARulebookMayBeMissing() public {
        IRulebookRegistry.Rulebook memory book = bookOf(_table());
        book.log = 0;
        _refuse(book, abi.encodeWithSelector(IRulebookRegistry.RulebookZero.selector));
        book = bookOf(_table());
        book.document = 0;
        _refuse(book, abi.encodeWithSelector(IRulebookRegistry.RulebookZero.selector));
        book = bookOf(_table());
        book.version = "";
        _refuse(book, abi.encodeWithSelector(IRulebookRegistry.RulebookZero.selector));
        _refuse(bookOf(new IRulebookRegistry.Entry[](0)), abi.encodeWithSelector(IRulebookRegistry.RulebookZero.selector));
        book = bookOf(_table());
        book.bodies[2] = 0;
        _refuse(book, abi.encodeWithSelector(IRulebookRegistry.RulebookZero.selector));
        book.bodies = new bytes32[](256);
        _refuse(book, abi.encodeWithSelector(IRulebookRegistry.RulebookBodies.selector, uint256(256)));
    }

    function testEvidenceIsNeeded() public {
        IRulebookRegistry.Rulebook memory book = bookOf(_table());
        IInstitutionRegistry.Evidence memory none = IInstitutionRegistry.Evidence(evidence().commitment, 0);
        bytes memory fields = abi.encode(
            _idOf(book), REGION, keccak256(bytes(book.version)), book.log, book.document, none.commitment, none.leaf
        );
        string memory action =
            "ActivateRulebook(bytes32 rulebook,uint32 region,string version,bytes32 log,bytes32 document,bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)";
        Authorisation memory auth = authorise(address(rulebooks), "regseal RulebookRegistry", action, fields, SHENZHEN);
        vm.expectRevert(abi.encodeWithSelector(IRulebookRegistry.RulebookZero.selector));
        rulebooks.activate(book, none, auth);
    }

    function testAStateAndAnActionHaveOneRule() public {
        IRulebookRegistry.Entry[] memory table = _table();
        table[2] = table[1];
        _refuse(bookOf(table), abi.encodeWithSelector(IRulebookRegistry.RulebookRule.selector, uint256(2)));
    }

    function testATableHasRulesOnly() public {
        IRulebookRegistry.Entry[] memory table = _table();
        table[1].rule = 0;
        _refuse(bookOf(table), abi.encodeWithSelector(IRulebookRegistry.RulebookRule.selector, uint256(1)));
    }

    function testARetiredRulebookStaysAndComesNotBack() public {
        bytes32 id = activate(_table());
        Authorisation memory auth = toRetire(id, GUANGZHOU);
        vm.expectRevert(abi.encodeWithSelector(IRulebookRegistry.RulebookNotCompetent.selector, vm.addr(GUANGZHOU), REGION));
        rulebooks.retire(id, evidence(), auth);
        auth = toRetire(id, SHENZHEN);
        vm.expectEmit(address(rulebooks));
        emit IRulebookRegistry.RulebookRetired(id, evidence().commitment, evidence().leaf);
        rulebooks.retire(id, evidence(), auth);
        assertEq(uint256(rulebooks.summaryOf(id).status), uint256(IRulebookRegistry.Status.Retired));
        (uint256 found,) = rulebooks.ruleOf(id, 0, keccak256("submit"));
        assertTrue(found != 0, "its projects go on");
        auth = toRetire(id, SHENZHEN);
        vm.expectRevert(abi.encodeWithSelector(IRulebookRegistry.RulebookIsRetired.selector, id));
        rulebooks.retire(id, evidence(), auth);
        _refuse(bookOf(_table()), abi.encodeWithSelector(IRulebookRegistry.RulebookExists.selector, id));
        auth = toRetire(bytes32(uint256(1)), SHENZHEN);
        vm.expectRevert(abi.encodeWithSelector(IRulebookRegistry.RulebookUnknown.selector, bytes32(uint256(1))));
        rulebooks.retire(bytes32(uint256(1)), evidence(), auth);
    }

    // ---- what is a rule

    function testARuleNamesOnlyWhatThereIs() public pure {
        Rule memory r = rule();
        (r.to, r.body) = (2, 3);
        _expectRule(pack(r), 1, true);
        _expectRule(pack(r) & ~(uint256(1) << 255), 1, false);
        r.body = 4;
        _expectRule(pack(r), 1, false);
        (r.body, r.effect) = (3, 7);
        _expectRule(pack(r), 1, false);
        (r.effect, r.a) = (6, 4);
        _expectRule(pack(r), 1, false);
        (r.a, r.b) = (3, 4);
        _expectRule(pack(r), 1, false);
        (r.b, r.lift) = (3, 33);
        _expectRule(pack(r), 1, false);
        r.lift = 32;
        _expectRule(pack(r), 1, true);
    }

    function testANoticeHasDays() public pure {
        for (uint8 guards = 1; guards < 16; ++guards) {
            Rule memory r = rule();
            r.guards = guards;
            _expectRule(pack(r), 1, guards & 3 == 0);
            r.notice = 1;
            _expectRule(pack(r), 1, true);
        }
    }

    function testOnlyARoleIsNationalOrASender() public pure {
        Rule memory r = rule();
        r.national = true;
        _expectRule(pack(r), 1, false);
        (r.national, r.bySender) = (false, true);
        _expectRule(pack(r), 1, false);
        (r.national, r.body) = (true, 1);
        _expectRule(pack(r), 1, true);
    }

    function testProjectsAreOpenedByTheirLeadIntoAState() public pure {
        Rule memory r = rule();
        r.to = 1;
        _expectRule(pack(r), 0, true);
        r.gate = true;
        _expectRule(pack(r), 0, false);
        (r.gate, r.body) = (false, 1);
        _expectRule(pack(r), 0, false);
        (r.body, r.to) = (0, 0);
        _expectRule(pack(r), 0, false);
        _expectRule(pack(r), 1, true);
    }

    /// @dev Bits without a meaning are zero; every other bit is read by exactly one member.
    function testFuzzEveryBitIsReadOnceOrReserved(uint256 word, uint8 place) public pure {
        bool reserved = (place > 18 && place < 24) || (place > 83 && place < 88) || (place > 91 && place < 96)
            || (place > 235 && place < 255);
        if (reserved) return _expectRule(pack(rule()) | uint256(1) << place, 1, false);
        Rule memory r = _spread(word);
        uint256 mask = ~(uint256(0x1f) << 19);
        assertEq(pack(r) & mask, (word | 1 << 255) & mask & ~(uint256(0x7fff) << 240));
    }

    // ---- helpers

    function _table() private pure returns (IRulebookRegistry.Entry[] memory table) {
        Rule memory r = rule();
        r.to = 1;
        table = new IRulebookRegistry.Entry[](3);
        table[0] = entry(0, "submit", r);
        (r.to, r.body) = (2, BY_GROUP);
        table[1] = entry(1, "accept", r);
        (r.to, r.body, r.national) = (3, BY_BUREAU, true);
        table[2] = entry(2, "approve", r);
    }

    function _spread(uint256 w) private pure returns (Rule memory r) {
        (r.to, r.body, r.national, r.bySender) = (Rules.to(w), uint8(Rules.body(w)), Rules.isNational(w), Rules.isBySender(w));
        (r.gate, r.effect, r.a, r.b) = (Rules.isGate(w), uint8(Rules.effect(w)), uint8(Rules.kindA(w)), uint8(Rules.kindB(w)));
        (r.notice, r.months, r.guards) = (Rules.noticeDays(w), uint16(Rules.months(w)), uint8(Rules.guards(w)));
        (r.none, r.required, r.forbidden) = (uint8(Rules.noneOpen(w)), Rules.flagsRequired(w), Rules.flagsForbidden(w));
        (r.set, r.cleared, r.lift, r.some) =
            (Rules.flagsSet(w), Rules.flagsCleared(w), uint8(Rules.lift(w)), uint8(Rules.someOpen(w)));
    }

    function _refuse(IRulebookRegistry.Rulebook memory book, bytes memory reason) private {
        Authorisation memory auth = toActivate(book, SHENZHEN);
        vm.expectRevert(reason);
        rulebooks.activate(book, evidence(), auth);
    }

    function _expectRule(uint256 word, uint8 from, bool good) private pure {
        assertTrue(Rules.isWellFormed(word, from, 3) == good, good ? "refused" : "accepted");
    }
}
