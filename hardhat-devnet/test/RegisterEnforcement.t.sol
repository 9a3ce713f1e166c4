// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Authorisation} from "../contracts/identity/IAuthorised.sol";
import {IInvestorBook} from "../contracts/register/IInvestorBook.sol";
import {IRegister} from "../contracts/register/IRegister.sol";
import {IRegisterLiens} from "../contracts/register/IRegisterLiens.sol";
import {RegisterEncumbrances} from "./support/RegisterEncumbrances.sol";

/// @dev Encumbered units that move: sold for a lien, with the pledgee's consent, or with their liens. Alice holds 600, Bob 400; the cap is 3.
contract RegisterEnforcementTest is RegisterEncumbrances {
    bytes16 private constant DAN = bytes16(uint128(0xda));

    function setUp() public {
        foundShares();
        openInvestor(DAN, LONG, 0);
    }

    // ---- a pledge is enforced

    function testAPledgeIsEnforced() public {
        pledge(ALICE, 100);
        vm.expectEmit(address(book));
        emit IRegister.LienChanged(SHARES, 1, 1 | NOW << 8 | 40 << 72);
        vm.expectEmit(address(book));
        emit IRegister.PositionChanged(SHARES, ALICE, 540 | 40 << 80 | 3 << 192 | 1 << 242);
        vm.expectEmit(address(book));
        emit IRegister.PositionChanged(SHARES, CAROL, 60 | 1 << 160 | 1 << 192); // a purchase
        vm.expectEmit(address(book));
        emit IRegisterLiens.Enforced(
            SHARES, 1, 60, IRegister.Reason.Enforcement, evidence().commitment, evidence().leaf
        );
        _enforce(_sale(1, CAROL, 60), PLEDGEE, 0);
        assertLots(ALICE, lotOf(40, 1, 0, 0), 0, 0, 0);
        _enforce(_sale(1, CAROL, 40), PLEDGEE, 0);
        assertEq(coverOf(1), 0);
        assertEq(unitsOf(CAROL), 100);
    }

    function testOnlyThePledgeeEnforcesAPledge() public {
        pledge(ALICE, 100);
        _refuse(_sale(1, CAROL, 60), CHECKER, LIAISON, noConsent(PLEDGEE));
    }

    function testWhatIsEnforcedIsThere() public {
        pledge(ALICE, 100);
        lock(ALICE, 100);
        _refuse(_sale(1, CAROL, 101), PLEDGEE, 0, tooMany(101, 100));
        _refuse(_sale(1, CAROL, 0), PLEDGEE, 0, zero());
        _refuse(_sale(1, ALICE, 1), PLEDGEE, 0, abi.encodeWithSelector(IRegister.RegisterSelf.selector, ALICE));
        _refuse(_sale(3, CAROL, 1), PLEDGEE, 0, noLien(3));
        _refuse(IRegisterLiens.Enforcement(SHARES, 1, BOB, CAROL, 1), PLEDGEE, 0, noLien(1));
        _refuse(_sale(2, CAROL, 1), CHECKER, 0, wrongKind(2, IRegister.LienKind.Lock));
        _refuse(
            _sale(1, NOBODY, 1), PLEDGEE, 0, abi.encodeWithSelector(IRegister.RegisterInvestorUnknown.selector, NOBODY)
        );
    }

    function testTheBuyerKeepsTheRulesOfAnAgreedAct() public {
        pledge(ALICE, 100);
        bytes16 fund = bytes16(uint128(0xf0));
        maker();
        book.openInvestor(fund, IInvestorBook.Investor(IRegister.Kind.FiledFund, LONG, 0), evidence(), none());
        _refuse(
            _sale(1, fund, 1),
            PLEDGEE,
            0,
            abi.encodeWithSelector(IRegister.RegisterKind.selector, fund, IRegister.Kind.FiledFund, 2)
        );
        maker();
        book.setSuitability(CAROL, DAY - 1, evidence(), none());
        _refuse(
            _sale(1, CAROL, 1),
            PLEDGEE,
            0,
            abi.encodeWithSelector(IRegister.RegisterUnsuitable.selector, CAROL, DAY - 1, DAY)
        );
        move(deal(BOB, DAN, 100));
        _refuse(
            _sale(1, BOB, 1), PLEDGEE, 0, abi.encodeWithSelector(IRegister.RegisterInterval.selector, BOB, 0, 5)
        );
        openInvestor(bytes16(uint128(0xe)), LONG, 0);
        _refuse(
            _sale(1, bytes16(uint128(0xe)), 1),
            PLEDGEE,
            0,
            abi.encodeWithSelector(IRegister.RegisterCap.selector, 4, 3)
        );
        _enforce(_sale(1, DAN, 1), PLEDGEE, 0); // who bought may buy
        maker();
        book.setState(SHARES, IRegister.State.Suspended, evidence(), none());
        _refuse(
            _sale(1, DAN, 1),
            PLEDGEE,
            0,
            abi.encodeWithSelector(IRegister.RegisterState.selector, SHARES, IRegister.State.Suspended)
        );
    }

    /// @dev The holder does not sell: when it bought does not matter, and it may buy again.
    function testTheHolderIsAskedNothing() public {
        move(deal(BOB, ALICE, 1));
        pledge(ALICE, 601);
        _enforce(_sale(1, CAROL, 601), PLEDGEE, 0);
        assertEq(book.positionOf(SHARES, ALICE).lastSell, 0);
        assertEq(book.securityOf(SHARES).count, 2);
    }

    function testAPledgeIsEnforcedWhereItRanksFirst() public {
        pledge(ALICE, 100);
        IRegisterLiens.LienOpening memory o = opening(IRegister.LienKind.Freeze, ALICE, 560);
        o.since = uint40(NOW - 1);
        encumber(o, by(book, OPEN_LIEN, abi.encode(o), LIAISON));
        assertLots(ALICE, lotOf(40, 1, 0, 0), lotOf(500, 2, 0, 0), lotOf(60, 2, 1, 0), 0);
        _refuse(_sale(1, CAROL, 41), PLEDGEE, LIAISON, tooMany(41, 40));
        _enforce(_sale(1, CAROL, 40), PLEDGEE, 0);
        assertLots(ALICE, lotOf(500, 2, 0, 0), lotOf(60, 2, 1, 0), 0, 0);
    }

    function testAPledgeIsNotEnforcedUnderALock() public {
        pledge(ALICE, 600);
        lock(ALICE, 200);
        assertLots(ALICE, lotOf(400, 1, 0, 0), lotOf(200, 1, 2, 0), 0, 0);
        _refuse(_sale(1, CAROL, 401), PLEDGEE, CHECKER, tooMany(401, 400));
        _enforce(_sale(1, CAROL, 400), PLEDGEE, 0);
        assertLots(ALICE, lotOf(200, 1, 2, 0), 0, 0, 0);
    }

    function testFrozenUnitsAreSoldWithTheCourtsConsent() public {
        pledge(ALICE, 600);
        seize(ALICE, 200);
        _refuse(_sale(1, CAROL, 401), PLEDGEE, 0, needs(LIAISON_ROLE));
        _enforce(_sale(1, CAROL, 300), PLEDGEE, 0);
        _enforce(_sale(1, CAROL, 200), PLEDGEE, LIAISON);
        assertLots(ALICE, lotOf(100, 1, 2, 0), 0, 0, 0);
        assertEq(coverOf(1), 100);
        assertEq(coverOf(2), 100);
    }

    function testAnOfficersPledgeKeepsItsLockUp() public {
        maker();
        book.setOfficer(SHARES, ALICE, true, 0, evidence(), none());
        pledge(ALICE, 600);
        _refuse(
            _sale(1, CAROL, 151), PLEDGEE, 0, abi.encodeWithSelector(IRegister.RegisterLockup.selector, ALICE, 151, 150)
        );
        _enforce(_sale(1, CAROL, 150), PLEDGEE, 0);
        seize(ALICE, 450);
        _enforce(_sale(2, CAROL, 450), LIAISON, 0); // the court is not bound
        assertEq(unitsOf(ALICE), 0);
    }

    // ---- a freeze is enforced

    function testAFreezeIsEnforcedAndAllLiensEnd() public {
        pledge(ALICE, 300);
        seize(ALICE, 600);
        seize(ALICE, 600);
        assertLots(ALICE, lotOf(300, 1, 2, 3), lotOf(300, 2, 3, 0), 0, 0);
        _refuse(_sale(2, DAN, 400), CHECKER, 0, needs(LIAISON_ROLE));
        move(_act(BOB, CAROL, 1, IRegister.Reason.Gift));
        maker();
        book.setSuitability(DAN, 0, evidence(), none());
        maker();
        book.setState(SHARES, IRegister.State.Suspended, evidence(), none());
        vm.expectEmit(address(book));
        emit IRegister.CapExceeded(SHARES, 4, 3);
        vm.expectEmit(address(book));
        emit IRegister.PositionChanged(SHARES, ALICE, 200 | 200 << 80 | 5 << 192 | 1 << 242);
        vm.expectEmit(address(book));
        emit IRegister.PositionChanged(SHARES, DAN, 400 | 1 << 192);
        vm.expectEmit(address(book));
        emit IRegisterLiens.Enforced(SHARES, 2, 400, IRegister.Reason.Judicial, evidence().commitment, evidence().leaf);
        _enforce(_sale(2, DAN, 400), LIAISON, 0); // 300 where it ranks first, then 100 behind the pledge
        assertLots(ALICE, lotOf(200, 1, 2, 3), 0, 0, 0);
        assertTrue(coverOf(1) == 200 && coverOf(2) == 200 && coverOf(3) == 200, "covers");
    }

    function testALapsedFreezeIsNotEnforced() public {
        freezeUntil(ALICE, 600, DAY);
        atDay(DAY + 1);
        _refuse(_sale(1, CAROL, 1), LIAISON, 0, noLien(1));
    }

    // ---- transfers with the pledgee's consent

    function testPledgedUnitsAreSoldWithThePledgeesConsent() public {
        pledge(ALICE, 300);
        seize(ALICE, 400); // 300 free, 100 pledged
        IRegister.Transfer memory act = deal(ALICE, CAROL, 200);
        _refusePledged(act, 1, CHECKER, noConsent(PLEDGEE));
        _refusePledged(deal(ALICE, CAROL, 201), 1, PLEDGEE, tooMany(201, 200));
        _refusePledged(deal(ALICE, CAROL, 0), 1, PLEDGEE, zero());
        _refusePledged(deal(BOB, CAROL, 1), 1, PLEDGEE, noLien(1));
        _refusePledged(act, 3, PLEDGEE, noLien(3));
        _refusePledged(act, 2, LIAISON, wrongKind(2, IRegister.LienKind.Freeze));
        act.reason = IRegister.Reason.Inheritance;
        _refusePledged(act, 1, PLEDGEE, abi.encodeWithSelector(IRegister.RegisterReason.selector, act.reason));
        act.reason = IRegister.Reason.Agreed;
        Authorisation[] memory auths = by(book, PLEDGED, abi.encode(act, uint16(1)), PLEDGEE);
        vm.expectEmit(address(book));
        emit IRegisterLiens.PledgedTransferred(
            SHARES, 1, 200, IRegister.Reason.Agreed, evidence().commitment, evidence().leaf
        );
        maker();
        book.transferPledged(act, 1, evidence(), auths);
        assertLots(ALICE, lotOf(300, 2, 0, 0), lotOf(100, 1, 2, 0), 0, 0);
        assertEq(book.availableOf(SHARES, CAROL), 200);
        assertTrue(book.positionOf(SHARES, ALICE).lastSell == 1 && book.positionOf(SHARES, CAROL).lastBuy == 1, "deal");
        _refusePledged(deal(ALICE, CAROL, 1), 1, PLEDGEE, tooMany(1, 0));
    }

    function testAPledgedTransferKeepsTheRules() public {
        pledge(ALICE, 600);
        maker();
        book.setSuitability(CAROL, 0, evidence(), none());
        IRegister.Transfer memory act = deal(ALICE, CAROL, 600);
        _refusePledged(
            act, 1, PLEDGEE, abi.encodeWithSelector(IRegister.RegisterUnsuitable.selector, CAROL, 0, DAY)
        );
        act.reason = IRegister.Reason.Gift;
        Authorisation[] memory auths = by(book, PLEDGED, abi.encode(act, uint16(1)), PLEDGEE);
        maker();
        book.transferPledged(act, 1, evidence(), auths);
        assertEq(unitsOf(ALICE), 0);
        assertEq(book.securityOf(SHARES).count, 2);
    }

    // ---- estates

    function testAnEstateGoesWithItsLiens() public {
        pledge(ALICE, 300);
        seize(ALICE, 100);
        lock(ALICE, 400);
        assertLots(ALICE, lotOf(200, 1, 0, 0), lotOf(100, 2, 3, 0), lotOf(200, 3, 0, 0), lotOf(100, 1, 3, 0));
        uint176 stack = uint176(lotOf(0, 1, 3, 0) >> 80);
        vm.expectEmit(address(book));
        emit IRegisterLiens.EstateTransferred(
            SHARES, stack, 60, IRegister.Reason.Inheritance, evidence().commitment, evidence().leaf
        );
        _inherit(_act(ALICE, CAROL, 60, IRegister.Reason.Inheritance), stack);
        assertLots(ALICE, lotOf(200, 1, 0, 0), lotOf(100, 2, 3, 0), lotOf(200, 3, 0, 0), lotOf(40, 1, 3, 0));
        assertLots(CAROL, lotOf(60, 1, 3, 0), 0, 0, 0);
        _inherit(_act(ALICE, CAROL, 100, IRegister.Reason.Succession), uint176(lotOf(0, 2, 3, 0) >> 80));
        _inherit(_act(ALICE, CAROL, 40, IRegister.Reason.Division), stack);
        assertLots(CAROL, lotOf(100, 1, 3, 0), lotOf(100, 2, 3, 0), 0, 0);
        assertTrue(coverOf(1) == 300 && coverOf(2) == 100 && coverOf(3) == 400, "the liens cover what they did");
        assertEq(book.positionOf(SHARES, CAROL).seq, 3);
        release(CAROL, 1, 100, PLEDGEE);
        release(ALICE, 1, 200, PLEDGEE);
        assertEq(coverOf(1), 0);
    }

    function testAnEstateIsOneLot() public {
        pledge(ALICE, 300);
        uint176 stack = 1;
        IRegister.Transfer memory act = _act(ALICE, CAROL, 301, IRegister.Reason.Inheritance);
        _refuseEstate(act, stack, tooMany(301, 300));
        act.units = 1;
        _refuseEstate(act, 2, abi.encodeWithSelector(IRegisterLiens.RegisterLot.selector, 2));
        _refuseEstate(act, 0, abi.encodeWithSelector(IRegisterLiens.RegisterLot.selector, 0));
        for (uint256 i = 0; i < 7; ++i) {
            if (i > 1 && i < 5) continue;
            act.reason = IRegister.Reason(i);
            _refuseEstate(act, stack, abi.encodeWithSelector(IRegister.RegisterReason.selector, act.reason));
        }
        _refuseEstate(
            _act(ALICE, ALICE, 1, IRegister.Reason.Division),
            stack,
            abi.encodeWithSelector(IRegister.RegisterSelf.selector, ALICE)
        );
        _refuseEstate(_act(ALICE, CAROL, 0, IRegister.Reason.Division), stack, zero());
    }

    /// @dev The heir is the fourth holder of three, and has pledged before.
    function testAnHeirIsEnteredWithLiensAndTold() public {
        move(deal(ALICE, CAROL, 100));
        pledge(ALICE, 500);
        maker();
        book.setState(SHARES, IRegister.State.Suspended, evidence(), none());
        vm.expectEmit(address(book));
        emit IRegister.CapExceeded(SHARES, 4, 3);
        _inherit(_act(ALICE, DAN, 100, IRegister.Reason.Inheritance), 1);
        pledge(CAROL, 100);
        _inherit(_act(ALICE, CAROL, 400, IRegister.Reason.Inheritance), 1);
        assertLots(CAROL, lotOf(100, 2, 0, 0), lotOf(400, 1, 0, 0), 0, 0);
        assertEq(book.securityOf(SHARES).count, 3);
    }

    function testWhatIsOverIsNotInherited() public {
        pledge(ALICE, 600);
        freezeUntil(ALICE, 600, DAY);
        atDay(DAY + 1);
        uint176 both = uint176(lotOf(0, 1, 2, 0) >> 80);
        IRegister.Transfer memory act = _act(ALICE, CAROL, 600, IRegister.Reason.Inheritance);
        _refuseEstate(act, both, abi.encodeWithSelector(IRegisterLiens.RegisterLot.selector, both));
        _inherit(act, 1);
        assertLots(CAROL, lotOf(600, 1, 0, 0), 0, 0, 0);
        assertEq(coverOf(2), 0);
    }

    // ---- helpers

    function _act(bytes16 from, bytes16 to, uint80 units, IRegister.Reason reason)
        private
        pure
        returns (IRegister.Transfer memory act)
    {
        act = deal(from, to, units);
        act.reason = reason;
    }

    function _sale(uint16 number, bytes16 to, uint80 units) private pure returns (IRegisterLiens.Enforcement memory) {
        return IRegisterLiens.Enforcement(SHARES, number, ALICE, to, units);
    }

    function _signed(IRegisterLiens.Enforcement memory act, uint256 key, uint256 other)
        private
        returns (Authorisation[] memory)
    {
        if (other == 0) return by(book, ENFORCE, abi.encode(act), key);
        return byTwo(book, ENFORCE, abi.encode(act), key, other);
    }

    function _enforce(IRegisterLiens.Enforcement memory act, uint256 key, uint256 other) private {
        Authorisation[] memory auths = _signed(act, key, other);
        maker();
        book.enforce(act, evidence(), auths);
    }

    function _refuse(IRegisterLiens.Enforcement memory act, uint256 key, uint256 other, bytes memory reason) private {
        Authorisation[] memory auths = _signed(act, key, other);
        maker();
        vm.expectRevert(reason);
        book.enforce(act, evidence(), auths);
    }

    function _refusePledged(IRegister.Transfer memory act, uint16 number, uint256 key, bytes memory reason) private {
        Authorisation[] memory auths = by(book, PLEDGED, abi.encode(act, number), key);
        maker();
        vm.expectRevert(reason);
        book.transferPledged(act, number, evidence(), auths);
    }

    function _inherit(IRegister.Transfer memory act, uint176 lot) private {
        maker();
        book.transferEstate(act, lot, evidence(), none());
    }

    function _refuseEstate(IRegister.Transfer memory act, uint176 lot, bytes memory reason) private {
        maker();
        vm.expectRevert(reason);
        book.transferEstate(act, lot, evidence(), none());
    }
}
