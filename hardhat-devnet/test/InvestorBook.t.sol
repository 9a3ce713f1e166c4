// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICalendar} from "../contracts/calendar/ICalendar.sol";
import {Authorisation, IAuthorised} from "../contracts/identity/IAuthorised.sol";
import {IInstitutionRegistry} from "../contracts/identity/IInstitutionRegistry.sol";
import {IInvestorBook} from "../contracts/register/IInvestorBook.sol";
import {IRegister} from "../contracts/register/IRegister.sol";
import {RegisterLiens} from "../contracts/register/RegisterLiens.sol";
import {Registers} from "./support/Registers.sol";

contract InvestorBookTest is Registers {
    string private constant OPEN = "OpenInvestor(bytes16 investor,uint8 kind,uint24 suitableUntil,uint16 addend,";
    string private constant SUIT = "SetSuitability(bytes16 investor,uint24 until,";
    string private constant ADDEND = "SetAddend(bytes16 investor,uint16 addend,";

    function setUp() public {
        foundRegisters();
    }

    function testTheConstructorNeedsRegistryCalendarAndRegion() public {
        bytes memory zero = abi.encodeWithSelector(IRegister.RegisterZero.selector);
        vm.expectRevert(zero);
        new RegisterLiens(IInstitutionRegistry(address(0xdead)), calendar, REGION, false);
        vm.expectRevert(zero);
        new RegisterLiens(registry, ICalendar(address(0xdead)), REGION, false);
        vm.expectRevert(zero);
        new RegisterLiens(registry, calendar, 0, false);
        assertEq(address(book.registry()), address(registry));
        assertEq(address(book.calendar()), address(calendar));
        assertEq(book.region(), REGION);
        assertTrue(strict.checked() && !book.checked(), "checked");
    }

    function testTheOperatorOpensAnInvestor() public {
        vm.expectEmit(address(book));
        emit IInvestorBook.InvestorOpened(
            ALICE, IRegister.Kind.Person, LONG, 7, evidence().commitment, evidence().leaf
        );
        openInvestor(ALICE, LONG, 7);
        IInvestorBook.Investor memory found = book.investorOf(ALICE);
        assertEq(uint256(found.kind), uint256(IRegister.Kind.Person));
        assertEq(found.suitableUntil, LONG);
        assertEq(found.addend, 7);
        assertEq(uint256(book.investorOf(BOB).kind), 0);
    }

    function testNobodyElseActs() public {
        address[3] memory others = [vm.addr(CHECKER), vm.addr(REGULATOR), address(this)];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.prank(others[i]);
            vm.expectRevert(abi.encodeWithSelector(IRegister.RegisterNotOperator.selector, others[i]));
            book.openInvestor(ALICE, person(LONG, 0), evidence(), none());
        }
    }

    function testEveryActNeedsEvidence() public {
        IInstitutionRegistry.Evidence memory proof = evidence();
        proof.leaf = 0;
        maker();
        vm.expectRevert(abi.encodeWithSelector(IRegister.RegisterZero.selector));
        book.openInvestor(ALICE, person(LONG, 0), proof, none());
        (proof.leaf, proof.commitment) = (evidence().leaf, 0);
        maker();
        vm.expectRevert(abi.encodeWithSelector(IRegister.RegisterZero.selector));
        book.openInvestor(ALICE, person(LONG, 0), proof, none());
    }

    function testAnInvestorHasAPseudonymAndAKindAndIsOpenedOnce() public {
        vm.expectRevert(abi.encodeWithSelector(IRegister.RegisterZero.selector));
        this.open_(bytes16(0), person(LONG, 0));
        vm.expectRevert(abi.encodeWithSelector(IRegister.RegisterZero.selector));
        this.open_(ALICE, IInvestorBook.Investor(IRegister.Kind.None, LONG, 0));
        openInvestor(ALICE, LONG, 0);
        vm.expectRevert(abi.encodeWithSelector(IInvestorBook.RegisterInvestorExists.selector, ALICE));
        this.open_(ALICE, person(LONG, 0));
    }

    function open_(bytes16 id, IInvestorBook.Investor calldata details) external {
        maker();
        book.openInvestor(id, details, evidence(), none());
    }

    function testSuitabilityIsSetAndTakenAway() public {
        openInvestor(ALICE, LONG, 7);
        maker();
        book.setSuitability(ALICE, 20_000, evidence(), none());
        IInvestorBook.Investor memory found = book.investorOf(ALICE);
        assertEq(found.suitableUntil, 20_000);
        assertEq(found.addend, 7);
        assertEq(uint256(found.kind), uint256(IRegister.Kind.Person));
        maker();
        vm.expectRevert(abi.encodeWithSelector(IRegister.RegisterInvestorUnknown.selector, NOBODY));
        book.setSuitability(NOBODY, 20_000, evidence(), none());
    }

    // ---- the addend

    function testTheOperatorRaisesAnAddendAlone() public {
        openInvestor(ALICE, LONG, 7);
        vm.expectEmit(address(book));
        emit IInvestorBook.AddendSet(ALICE, 7, 8, evidence().commitment, evidence().leaf);
        maker();
        book.setAddend(ALICE, 8, evidence(), none());
        IInvestorBook.Investor memory found = book.investorOf(ALICE);
        assertEq(found.addend, 8);
        assertEq(found.suitableUntil, LONG);
        vm.expectRevert(abi.encodeWithSelector(IRegister.RegisterInvestorUnknown.selector, NOBODY));
        maker();
        book.setAddend(NOBODY, 8, evidence(), none());
    }

    function testAnAddendIsLoweredByCheckerAndRegulatorOnly() public {
        openInvestor(ALICE, LONG, 7);
        bytes memory fields = abi.encode(ALICE, uint16(6));
        _lower(none(), CHECKER_ROLE);
        _lower(by(book, ADDEND, fields, CHECKER), REGULATOR_ROLE);
        _lower(by(book, ADDEND, fields, REGULATOR), CHECKER_ROLE);
        _lower(byTwo(book, ADDEND, fields, CHECKER, STRANGER), REGULATOR_ROLE);
        Authorisation[] memory both = byTwo(book, ADDEND, fields, REGULATOR, CHECKER);
        maker();
        book.setAddend(ALICE, 6, evidence(), both);
        assertEq(book.investorOf(ALICE).addend, 6);
    }

    function _lower(Authorisation[] memory auths, bytes32 missing) private {
        maker();
        vm.expectRevert(abi.encodeWithSelector(IRegister.RegisterNeeds.selector, missing));
        book.setAddend(ALICE, 6, evidence(), auths);
    }

    // ---- two pairs of eyes

    function testAnActOfACheckedMarketNeedsAChecker() public {
        bytes memory fields = abi.encode(ALICE, person(LONG, 0));
        _openStrictly(none());
        _openStrictly(by(strict, OPEN, fields, STRANGER));
        Authorisation[] memory auths = by(strict, OPEN, fields, CHECKER);
        maker();
        strict.openInvestor(ALICE, person(LONG, 0), evidence(), auths);
        maker();
        vm.expectRevert(abi.encodeWithSelector(IRegister.RegisterNeeds.selector, CHECKER_ROLE));
        strict.setSuitability(ALICE, 1, evidence(), none());
        auths = by(strict, SUIT, abi.encode(ALICE, uint24(1)), CHECKER);
        maker();
        strict.setSuitability(ALICE, 1, evidence(), auths);
        assertEq(strict.investorOf(ALICE).suitableUntil, 1);
    }

    function testNobodyChecksHimself() public {
        grantTo(CHECKER_ROLE, MAKER);
        _openStrictly(by(strict, OPEN, abi.encode(ALICE, person(LONG, 0)), MAKER));
    }

    function _openStrictly(Authorisation[] memory auths) private {
        maker();
        vm.expectRevert(abi.encodeWithSelector(IRegister.RegisterNeeds.selector, CHECKER_ROLE));
        strict.openInvestor(ALICE, person(LONG, 0), evidence(), auths);
    }

    function testASignatureServesForWhatWasSignedAndOnce() public {
        Authorisation[] memory auths = by(strict, OPEN, abi.encode(ALICE, person(LONG, 0)), CHECKER);
        maker();
        vm.expectRevert(abi.encodeWithSelector(IAuthorised.AuthorisationInvalid.selector, vm.addr(CHECKER)));
        strict.openInvestor(ALICE, person(LONG, 1), evidence(), auths);
        maker();
        strict.openInvestor(ALICE, person(LONG, 0), evidence(), auths);
        maker();
        vm.expectRevert(
            abi.encodeWithSelector(IAuthorised.AuthorisationUsed.selector, vm.addr(CHECKER), auths[0].nonce)
        );
        strict.openInvestor(ALICE, person(LONG, 0), evidence(), auths);
    }
}
