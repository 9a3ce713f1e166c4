// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Authorisation} from "../contracts/identity/IAuthorised.sol";
import {EquityRegister} from "../contracts/register/EquityRegister.sol";
import {IEquityRegister} from "../contracts/register/IEquityRegister.sol";
import {IInvestorBook} from "../contracts/register/IInvestorBook.sol";
import {IRegister} from "../contracts/register/IRegister.sol";
import {IRegisterLiens} from "../contracts/register/IRegisterLiens.sol";
import {RegisterActions} from "../contracts/register/RegisterActions.sol";
import {RegisterLiens} from "../contracts/register/RegisterLiens.sol";
import {RegisterModules} from "../contracts/register/RegisterModules.sol";
import {Securities} from "../contracts/register/Securities.sol";
import {RegisterEncumbrances} from "./support/RegisterEncumbrances.sol";

/// @dev Liens as they begin, and where they rank. Alice holds 600, Bob 400.
contract RegisterLiensTest is RegisterEncumbrances {
    uint24 private constant THREE_YEARS = DAY + 1096; // 2030-01-15: a leap year lies between

    function setUp() public {
        foundShares();
    }

    // ---- modules

    function testTheModulesAreOfTheSameMarket() public {
        RegisterLiens liens = new RegisterLiens(registry, calendar, REGION, false);
        RegisterActions actions = new RegisterActions(registry, calendar, REGION, true);
        vm.expectRevert(abi.encodeWithSelector(RegisterModules.RegisterModule.selector, address(actions)));
        new EquityRegister(registry, calendar, REGION, false, liens, actions);
        vm.expectRevert(abi.encodeWithSelector(RegisterModules.RegisterModule.selector, address(liens)));
        new EquityRegister(registry, calendar, REGION, true, liens, actions);
        vm.expectRevert(abi.encodeWithSelector(RegisterModules.RegisterModule.selector, address(0)));
        new EquityRegister(registry, calendar, REGION, true, RegisterLiens(address(0)), actions);
        assertTrue(book.liens() != address(0) && book.actions() != address(0), "modules");
    }

    function testAModuleCalledByItselfIsAnEmptyRegister() public {
        RegisterLiens module = RegisterLiens(book.liens());
        maker();
        vm.expectRevert(abi.encodeWithSelector(IRegister.RegisterState.selector, SHARES, IRegister.State.None));
        module.encumber(opening(IRegister.LienKind.Pledge, ALICE, 1), evidence(), none());
    }

    // ---- pledges

    function testAPledgeTakesFreeUnits() public {
        uint256[] memory lots = new uint256[](1);
        lots[0] = lotOf(100, 1, 0, 0);
        vm.expectEmit(address(book));
        emit IRegister.LotsChanged(SHARES, ALICE, lots);
        vm.expectEmit(address(book));
        emit IRegister.PositionChanged(SHARES, ALICE, 600 | 100 << 80 | 2 << 192 | 1 << 242);
        vm.expectEmit(address(book));
        emit IRegisterLiens.LienOpened(
            SHARES,
            ALICE,
            1,
            IRegister.LienKind.Pledge,
            100,
            uint40(NOW),
            0,
            vm.addr(PLEDGEE),
            evidence().commitment,
            evidence().leaf
        );
        assertEq(pledge(ALICE, 100), 1);
        assertLots(ALICE, lots[0], 0, 0, 0);
        IRegisterLiens.Lien memory lien = book.lienOf(SHARES, 1);
        assertTrue(lien.kind == IRegister.LienKind.Pledge && lien.since == NOW && lien.until == 0, "lien");
        assertTrue(lien.units == 100 && lien.secured == vm.addr(PLEDGEE), "whose");
        assertEq(book.availableOf(SHARES, ALICE), 500);
        assertEq(book.availableOf(SHARES, BOB), 400);
    }

    function testAPledgeTakesNothingElse() public {
        refuseOpening(opening(IRegister.LienKind.Pledge, ALICE, 601), tooMany(601, 600));
        seize(ALICE, 100);
        refuseOpening(opening(IRegister.LienKind.Pledge, ALICE, 501), tooMany(501, 500));
        pledge(ALICE, 500);
        refuseOpening(opening(IRegister.LienKind.Pledge, ALICE, 1), tooMany(1, 0));
        refuseOpening(opening(IRegister.LienKind.Pledge, NOBODY, 1), tooMany(1, 0));
    }

    function testEncumberedUnitsDoNotMove() public {
        pledge(ALICE, 590);
        maker();
        vm.expectRevert(tooMany(11, 10));
        book.transfer(deal(ALICE, BOB, 11), evidence(), none());
        move(deal(ALICE, BOB, 10));
        assertLots(ALICE, lotOf(590, 1, 0, 0), 0, 0, 0);
    }

    // ---- what an opening names

    function testAnOpeningNamesUnitsAndKind() public {
        refuseOpening(opening(IRegister.LienKind.Pledge, ALICE, 0), zero());
        refuseOpening(opening(IRegister.LienKind.None, ALICE, 1), zero());
    }

    function testOnlyAPledgeNamesWhoConsents() public {
        IRegisterLiens.LienOpening memory o = opening(IRegister.LienKind.Pledge, ALICE, 1);
        o.secured = address(0);
        refuseOpening(o, abi.encodeWithSelector(IRegisterLiens.RegisterSecured.selector, address(0)));
        o = opening(IRegister.LienKind.Freeze, ALICE, 1);
        o.secured = vm.addr(PLEDGEE);
        refuseOpening(o, abi.encodeWithSelector(IRegisterLiens.RegisterSecured.selector, vm.addr(PLEDGEE)));
        o.lien = IRegister.LienKind.Lock;
        refuseOpening(o, abi.encodeWithSelector(IRegisterLiens.RegisterSecured.selector, vm.addr(PLEDGEE)));
    }

    function testAFreezeIsOldAndOthersBegin() public {
        IRegisterLiens.LienOpening memory o = opening(IRegister.LienKind.Freeze, ALICE, 1);
        o.since = 0;
        refuseOpening(o, _since(0, 1, NOW));
        o.since = uint40(NOW + 1);
        refuseOpening(o, _since(NOW + 1, 1, NOW));
        o = opening(IRegister.LienKind.Pledge, ALICE, 1);
        o.since = uint40(NOW - 1);
        refuseOpening(o, _since(NOW - 1, 0, 0));
        o = opening(IRegister.LienKind.Lock, ALICE, 1);
        o.since = 1;
        refuseOpening(o, _since(1, 0, 0));
    }

    function testTerms() public {
        IRegisterLiens.LienOpening memory o = opening(IRegister.LienKind.Pledge, ALICE, 1);
        o.until = DAY;
        refuseOpening(o, offTerm(DAY, DAY, 0));
        o = opening(IRegister.LienKind.Freeze, ALICE, 1);
        uint24[3] memory wrong = [0, DAY - 1, THREE_YEARS + 1];
        for (uint256 i = 0; i < 3; ++i) {
            o.until = wrong[i];
            refuseOpening(o, offTerm(wrong[i], DAY, THREE_YEARS));
        }
        o.until = THREE_YEARS;
        encumber(o, none());
        o.until = DAY;
        encumber(o, none());
        o = opening(IRegister.LienKind.Lock, ALICE, 1);
        o.until = DAY - 1;
        refuseOpening(o, offTerm(DAY - 1, DAY, type(uint24).max));
        o.until = DAY;
        encumber(o, none());
        assertEq(book.lienOf(SHARES, 3).until, DAY);
        assertEq(book.lienOf(SHARES, 3).since, NOW);
    }

    /// @dev Three years run from the publication, not from the registration.
    function testTheTermOfAFreezeRunsFromItsPublication() public {
        IRegisterLiens.LienOpening memory o = opening(IRegister.LienKind.Freeze, ALICE, 1);
        (o.since, o.until) = (uint40(NOW - 10 days), THREE_YEARS);
        refuseOpening(o, offTerm(THREE_YEARS, DAY, THREE_YEARS - 10));
        o.until = THREE_YEARS - 10;
        encumber(o, none());
    }

    function testTheFirstRegistrationTakesLiensOver() public {
        bytes16 other = bytes16(uint128(0x07));
        IEquityRegister.Opening memory s = IEquityRegister.Opening(other, ISSUER, REGION, terms());
        openShares(s);
        IRegisterLiens.LienOpening memory o = opening(IRegister.LienKind.Pledge, ALICE, 60);
        (o.security, o.since) = (other, uint40(NOW - 900 days));
        refuseOpening(o, tooMany(60, 0));
        bytes16[] memory who = list(ALICE);
        uint80[] memory amounts = new uint80[](1);
        amounts[0] = 100;
        maker();
        book.issue(other, who, amounts, evidence(), none());
        maker();
        book.confirm(other, who, false, evidence(), none());
        encumber(o, none()); // though ownership is not confirmed
        o = opening(IRegister.LienKind.Freeze, ALICE, 100);
        (o.security, o.since, o.until) = (other, uint40(NOW - 1500 days), THREE_YEARS);
        refuseOpening(o, needs(LIAISON_ROLE)); // it is older than the pledge
        o.since = uint40(NOW - 800 days);
        encumber(o, none()); // it was renewed
        uint256[] memory lots = book.lotsOf(other, ALICE);
        assertTrue(lots.length == 2 && lots[0] == lotOf(60, 1, 2, 0) && lots[1] == lotOf(40, 2, 0, 0), "lots");
        o = opening(IRegister.LienKind.Lock, ALICE, 1);
        (o.security, o.since) = (other, uint40(NOW + 1));
        refuseOpening(o, _since(NOW + 1, 0, NOW));
    }

    function testAnUnconfirmedPositionIsNotPledged() public {
        foundUnconfirmed();
        IRegisterLiens.LienOpening memory o = opening(IRegister.LienKind.Pledge, ALICE, 1);
        o.security = OLD_SHARES;
        refuseOpening(o, abi.encodeWithSelector(IRegister.RegisterUnconfirmed.selector, ALICE));
        o = opening(IRegister.LienKind.Freeze, ALICE, 1);
        o.security = OLD_SHARES;
        encumber(o, none());
        (o.lien, o.since) = (IRegister.LienKind.Lock, 0);
        encumber(o, none());
    }

    function testLiensAreForSecuritiesOfTheMarket() public {
        bytes16 unknown = bytes16(uint128(0x404));
        IRegisterLiens.LienOpening memory o = opening(IRegister.LienKind.Freeze, ALICE, 1);
        o.security = unknown;
        refuseOpening(o, abi.encodeWithSelector(IRegister.RegisterState.selector, unknown, IRegister.State.None));
        maker();
        book.setState(SHARES, IRegister.State.Suspended, evidence(), none());
        pledge(ALICE, 1);
        maker();
        book.setState(SHARES, IRegister.State.Exited, evidence(), none());
        o.security = SHARES;
        refuseOpening(o, abi.encodeWithSelector(IRegister.RegisterState.selector, SHARES, IRegister.State.Exited));
    }

    function testOnlyTheOperatorEncumbersAndWithEvidence() public {
        vm.expectRevert(abi.encodeWithSelector(IRegister.RegisterNotOperator.selector, address(this)));
        book.encumber(opening(IRegister.LienKind.Pledge, ALICE, 1), evidence(), none());
    }

    // ---- lots and ranks

    function testAFreezeOf80On40FreeAnd60Pledged() public {
        move(deal(ALICE, CAROL, 100));
        pledge(CAROL, 60);
        seize(CAROL, 80);
        assertLots(CAROL, lotOf(20, 1, 0, 0), lotOf(40, 2, 0, 0), lotOf(40, 1, 2, 0), 0);
        assertEq(coverOf(1), 60);
        assertEq(coverOf(2), 80);
        assertEq(book.availableOf(SHARES, CAROL), 0);
    }

    function testAFreezeOfWhatIsThereAndNoMore() public {
        refuseOpening(opening(IRegister.LienKind.Freeze, ALICE, 601), tooMany(601, 600));
        refuseOpening(opening(IRegister.LienKind.Lock, ALICE, 601), tooMany(601, 600));
        seize(ALICE, 600);
        seize(ALICE, 600); // waits (轮候)
        assertLots(ALICE, lotOf(600, 1, 2, 0), 0, 0, 0);
    }

    function testWhoWasPublishedFirstRanksFirst() public {
        seize(ALICE, 600);
        IRegisterLiens.LienOpening memory o = opening(IRegister.LienKind.Freeze, ALICE, 200);
        o.since = uint40(NOW - 1);
        refuseOpening(o, needs(LIAISON_ROLE));
        encumber(o, by(book, OPEN_LIEN, abi.encode(o), LIAISON));
        assertLots(ALICE, lotOf(400, 1, 0, 0), lotOf(200, 2, 1, 0), 0, 0);
        seize(ALICE, 600); // published with the first: its number is greater
        assertLots(ALICE, lotOf(400, 1, 3, 0), lotOf(200, 2, 1, 3), 0, 0);
    }

    function testAnEarlierFreezeOfFreeUnitsNeedsNobody() public {
        seize(ALICE, 500);
        IRegisterLiens.LienOpening memory o = opening(IRegister.LienKind.Freeze, ALICE, 100);
        o.since = 1;
        o.until = DAY;
        refuseOpening(o, offTerm(DAY, DAY, 1096)); // 1973
        o.since = uint40(NOW - 1);
        encumber(o, none());
        assertLots(ALICE, lotOf(500, 1, 0, 0), lotOf(100, 2, 0, 0), 0, 0);
    }

    function testAPledgeIsGoodSinceItsRegistration() public {
        vm.warp(NOW + 1);
        pledge(ALICE, 600);
        freezeUntil(BOB, 1, NEXT_YEAR);
        IRegisterLiens.LienOpening memory o = opening(IRegister.LienKind.Freeze, ALICE, 600); // published before the pledge
        refuseOpening(o, needs(LIAISON_ROLE));
        o.since = uint40(NOW + 1);
        encumber(o, none());
        assertLots(ALICE, lotOf(600, 1, 3, 0), 0, 0, 0);
    }

    function testLocksRankLast() public {
        lock(ALICE, 600);
        IRegisterLiens.LienOpening memory o = opening(IRegister.LienKind.Freeze, ALICE, 600);
        o.since = uint40(NOW - 5);
        encumber(o, none()); // before the lock, which nobody minds
        assertLots(ALICE, lotOf(600, 2, 1, 0), 0, 0, 0);
        lock(ALICE, 100);
        assertLots(ALICE, lotOf(500, 2, 1, 0), lotOf(100, 2, 1, 3), 0, 0);
    }

    /// @dev Of lots with as few liens the newest is taken, and one that is taken whole keeps its place.
    function testTheFewestLiensFirst() public {
        pledge(ALICE, 100);
        pledge(ALICE, 200);
        pledge(ALICE, 300);
        seize(ALICE, 350); // 300 of the third, 50 of the second
        assertLots(ALICE, lotOf(100, 1, 0, 0), lotOf(150, 2, 0, 0), lotOf(300, 3, 4, 0), lotOf(50, 2, 4, 0));
        seize(ALICE, 260); // the second's rest, the first, then the newest that has two
        uint256[] memory lots = book.lotsOf(SHARES, ALICE);
        assertEq(lots.length, 5);
        uint256[5] memory wanted = [
            lotOf(100, 1, 5, 0), lotOf(150, 2, 5, 0), lotOf(300, 3, 4, 0), lotOf(40, 2, 4, 0), lotOf(10, 2, 4, 5)
        ];
        for (uint256 i = 0; i < 5; ++i) assertEq(lots[i], wanted[i]);
    }

    function testLotsWithTheSameLiensAreOne() public {
        pledge(ALICE, 400);
        seize(ALICE, 400); // 200 free, 200 pledged
        assertLots(ALICE, lotOf(200, 1, 0, 0), lotOf(200, 2, 0, 0), lotOf(200, 1, 2, 0), 0);
        release(ALICE, 2, 400, LIAISON);
        assertLots(ALICE, lotOf(400, 1, 0, 0), 0, 0, 0);
    }

    function testALotHasElevenLiens() public {
        for (uint256 i = 0; i < 11; ++i) seize(ALICE, 600);
        refuseOpening(
            opening(IRegister.LienKind.Freeze, ALICE, 1), abi.encodeWithSelector(IRegister.RegisterLots.selector)
        );
        uint256 lot = book.lotsOf(SHARES, ALICE)[0];
        for (uint256 i = 0; i < 11; ++i) assertEq(uint16(lot >> (80 + 16 * i)), i + 1);
    }

    function testAPositionHas63Lots() public {
        for (uint256 i = 0; i < 63; ++i) pledge(ALICE, 1);
        assertEq(book.positionOf(SHARES, ALICE).lots, 63);
        refuseOpening(
            opening(IRegister.LienKind.Pledge, ALICE, 1), abi.encodeWithSelector(IRegister.RegisterLots.selector)
        );
        release(ALICE, 1, 1, PLEDGEE);
        pledge(ALICE, 1);
        assertEq(book.securityOf(SHARES).liens, 64); // a number is not given again
        assertEq(book.positionOf(SHARES, ALICE).seq, 66);
    }

    function testASecurityHas65535Liens() public {
        uint256 full = uint256(type(uint16).max - 1) << 217;
        assertEq(this.counted(full), uint256(type(uint16).max) << 217);
        vm.expectRevert(abi.encodeWithSelector(Securities.SecurityOverflow.selector));
        this.counted(full + (1 << 217));
    }

    function counted(uint256 word) external pure returns (uint256) {
        return Securities.withLien(word);
    }

    function testTheLiensStayWhenTheTermsChange() public {
        pledge(ALICE, 1);
        bytes memory fields = abi.encode(SHARES, terms());
        Authorisation[] memory auths =
            byTwo(book, string.concat("ChangeTerms(bytes16 security,", TERMS), fields, REGULATOR, CHECKER);
        maker();
        book.changeTerms(SHARES, terms(), evidence(), auths);
        assertEq(pledge(ALICE, 1), 2);
    }

    function testACheckedMarketHasEachLienChecked() public {
        IInvestorBook.Investor memory details = person(LONG, 0);
        Authorisation[] memory auths = by(
            strict,
            "OpenInvestor(bytes16 investor,uint8 kind,uint24 suitableUntil,uint16 addend,",
            abi.encode(ALICE, details),
            CHECKER
        );
        maker();
        strict.openInvestor(ALICE, details, evidence(), auths);
        IRegisterLiens.LienOpening memory o = opening(IRegister.LienKind.Freeze, ALICE, 1);
        maker();
        vm.expectRevert(needs(CHECKER_ROLE));
        strict.encumber(o, evidence(), none());
        auths = by(strict, OPEN_LIEN, abi.encode(o), CHECKER);
        maker(); // the signature is good, the security is not there
        vm.expectRevert(abi.encodeWithSelector(IRegister.RegisterState.selector, SHARES, IRegister.State.None));
        strict.encumber(o, evidence(), auths);
    }

    function _since(uint256 since, uint256 first, uint256 last) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IRegisterLiens.RegisterSince.selector, since, first, last);
    }
}
