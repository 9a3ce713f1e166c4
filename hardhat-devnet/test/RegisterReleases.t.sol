// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Authorisation} from "../contracts/identity/IAuthorised.sol";
import {IEquityRegister} from "../contracts/register/IEquityRegister.sol";
import {IRegister} from "../contracts/register/IRegister.sol";
import {IRegisterLiens} from "../contracts/register/IRegisterLiens.sol";
import {RegisterEncumbrances} from "./support/RegisterEncumbrances.sol";

/// @dev How liens end: released, revoked, shortened, over. Alice holds 600, Bob 400.
contract RegisterReleasesTest is RegisterEncumbrances {
    function setUp() public {
        foundShares();
    }

    // ---- release

    function testAPledgeIsReleasedByItsPledgee() public {
        uint16 number = pledge(ALICE, 100);
        refuseRelease(ALICE, number, 100, CHECKER, noConsent(PLEDGEE));
        refuseRelease(ALICE, number, 100, OTHER_PLEDGEE, noConsent(PLEDGEE));
        vm.expectEmit(address(book));
        emit IRegister.LienChanged(SHARES, number, 1 | NOW << 8 | 40 << 72);
        vm.expectEmit(address(book));
        emit IRegisterLiens.Released(SHARES, ALICE, number, 60, evidence().commitment, evidence().leaf);
        release(ALICE, number, 60, PLEDGEE);
        assertLots(ALICE, lotOf(40, 1, 0, 0), 0, 0, 0);
        release(ALICE, number, 40, PLEDGEE);
        assertLots(ALICE, 0, 0, 0, 0);
        assertEq(book.availableOf(SHARES, ALICE), 600);
        refuseRelease(ALICE, number, 1, PLEDGEE, noLien(number));
        assertTrue(book.lienOf(SHARES, number).kind == IRegister.LienKind.Pledge, "its number stays");
        assertEq(pledge(ALICE, 1), 2);
    }

    function testAFreezeIsReleasedByTheCourt() public {
        uint16 number = seize(ALICE, 100);
        refuseRelease(ALICE, number, 100, CHECKER, needs(LIAISON_ROLE));
        release(ALICE, number, 100, LIAISON);
        assertLots(ALICE, 0, 0, 0, 0);
    }

    function testALockIsReleasedByAChecker() public {
        uint16 number = lock(ALICE, 100);
        refuseRelease(ALICE, number, 100, LIAISON, needs(CHECKER_ROLE));
        release(ALICE, number, 100, CHECKER);
        assertLots(ALICE, 0, 0, 0, 0);
    }

    function testWhatIsNotCoveredIsNotReleased() public {
        uint16 number = pledge(ALICE, 100);
        refuseRelease(ALICE, number, 0, PLEDGEE, zero());
        refuseRelease(ALICE, number, 101, PLEDGEE, tooMany(101, 100));
        refuseRelease(BOB, number, 1, PLEDGEE, noLien(number));
        refuseRelease(ALICE, 2, 1, PLEDGEE, noLien(2));
        refuseRelease(ALICE, 0, 1, PLEDGEE, noLien(0));
        IRegisterLiens.LienRelease memory act = toRelease(ALICE, number, 1);
        Authorisation[] memory auths = by(book, RELEASE, abi.encode(act), PLEDGEE);
        maker();
        book.setState(SHARES, IRegister.State.Suspended, evidence(), none());
        maker();
        book.setState(SHARES, IRegister.State.Exited, evidence(), none());
        maker();
        vm.expectRevert(abi.encodeWithSelector(IRegister.RegisterState.selector, SHARES, IRegister.State.Exited));
        book.release(act, evidence(), auths);
    }

    function testAReleasePromotesTheNext() public {
        uint16 first = seize(ALICE, 600);
        uint16 second = seize(ALICE, 600);
        uint16 third = seize(ALICE, 600);
        release(ALICE, first, 200, LIAISON);
        assertLots(ALICE, lotOf(400, first, second, third), lotOf(200, second, third, 0), 0, 0);
        release(ALICE, second, 300, LIAISON); // of the lot with two liens first
        assertLots(ALICE, lotOf(300, first, second, third), lotOf(200, third, 0, 0), lotOf(100, first, third, 0), 0);
        assertEq(coverOf(first), 400);
        assertEq(coverOf(second), 300);
        assertEq(coverOf(third), 600);
    }

    /// @dev 60 pledged, 80 frozen: what is free again is what stood under the freeze alone.
    function testWhatStandsAloneIsReleasedFirst() public {
        move(deal(ALICE, CAROL, 100));
        pledge(CAROL, 60);
        seize(CAROL, 80);
        release(CAROL, 2, 50, LIAISON);
        assertLots(CAROL, lotOf(30, 1, 0, 0), lotOf(30, 1, 2, 0), 0, 0);
        assertEq(book.availableOf(SHARES, CAROL), 40);
        release(CAROL, 1, 60, PLEDGEE);
        assertLots(CAROL, lotOf(30, 2, 0, 0), 0, 0, 0);
    }

    // ---- revocation

    function testAPledgeIsRevokedByCheckerAndRegulator() public {
        pledge(ALICE, 100);
        IRegisterLiens.LienRelease memory act = toRelease(ALICE, 1, 100);
        _refuseRevoke(act, CHECKER, REGULATOR_ROLE);
        _refuseRevoke(act, REGULATOR, CHECKER_ROLE);
        Authorisation[] memory auths = byTwo(book, REVOKE, abi.encode(act), REGULATOR, CHECKER);
        vm.expectEmit(address(book));
        emit IRegisterLiens.PledgeRevoked(SHARES, ALICE, 1, 100, evidence().commitment, evidence().leaf);
        maker();
        book.revokePledge(act, evidence(), auths);
        assertLots(ALICE, 0, 0, 0, 0);
    }

    function testNothingButAPledgeIsRevoked() public {
        seize(ALICE, 100);
        for (uint16 number = 1; number < 3; ++number) {
            IRegisterLiens.LienRelease memory act = toRelease(ALICE, number, 100);
            Authorisation[] memory auths = byTwo(book, REVOKE, abi.encode(act), REGULATOR, CHECKER);
            maker();
            vm.expectRevert(number == 1 ? wrongKind(1, IRegister.LienKind.Freeze) : noLien(2));
            book.revokePledge(act, evidence(), auths);
        }
    }

    function _refuseRevoke(IRegisterLiens.LienRelease memory act, uint256 key, bytes32 role) private {
        Authorisation[] memory auths = by(book, REVOKE, abi.encode(act), key);
        maker();
        vm.expectRevert(needs(role));
        book.revokePledge(act, evidence(), auths);
    }

    // ---- terms

    function testAFreezeIsRenewedBeforeItIsOver() public {
        uint16 number = freezeUntil(ALICE, 100, DAY + 10);
        uint24 limit = DAY + 10 + 1096;
        _refuseExtend(number, limit + 1, 0, offTerm(limit + 1, DAY, limit));
        _refuseExtend(number, 0, 0, offTerm(0, DAY, limit));
        vm.expectEmit(address(book));
        emit IRegister.LienChanged(SHARES, number, 2 | NOW << 8 | uint256(limit) << 48 | 100 << 72);
        vm.expectEmit(address(book));
        emit IRegisterLiens.LienExtended(SHARES, number, DAY + 10, limit, evidence().commitment, evidence().leaf);
        _extend(number, limit, 0);
        assertEq(book.lienOf(SHARES, number).until, limit);
    }

    function testAFreezeThatIsOverIsNotRenewed() public {
        uint16 number = freezeUntil(ALICE, 100, DAY);
        atDay(DAY + 1);
        _refuseExtend(number, DAY + 5, 0, noLien(number));
    }

    function testToShortenNeedsWhoeverReleases() public {
        uint16 number = seize(ALICE, 100);
        _refuseExtend(number, DAY + 9, 0, needs(LIAISON_ROLE));
        _refuseExtend(number, DAY - 1, LIAISON, offTerm(DAY - 1, DAY, uint256(NEXT_YEAR) + 1096));
        _extend(number, DAY + 9, LIAISON);
        number = lock(ALICE, 100);
        _refuseExtend(number, DAY + 9, 0, needs(CHECKER_ROLE));
        _extend(number, DAY + 9, CHECKER);
        _refuseExtend(number, DAY + 8, 0, needs(CHECKER_ROLE));
        _refuseExtend(number, DAY - 1, CHECKER, offTerm(DAY - 1, DAY, type(uint24).max));
        _extend(number, DAY + 19, 0);
        _extend(number, 0, 0);
        assertEq(book.lienOf(SHARES, number).until, 0);
    }

    function testAPledgeHasNoTerm() public {
        uint16 number = pledge(ALICE, 100);
        _refuseExtend(number, DAY + 1, PLEDGEE, wrongKind(number, IRegister.LienKind.Pledge));
        _refuseExtend(9, DAY + 1, 0, noLien(9));
        release(ALICE, number, 100, PLEDGEE);
        _refuseExtend(number, DAY + 1, 0, noLien(number));
    }

    function _extend(uint16 number, uint24 until, uint256 key) private {
        Authorisation[] memory auths = key == 0 ? none() : by(book, EXTEND, abi.encode(SHARES, number, until), key);
        maker();
        book.extend(SHARES, number, until, evidence(), auths);
    }

    function _refuseExtend(uint16 number, uint24 until, uint256 key, bytes memory reason) private {
        Authorisation[] memory auths = key == 0 ? none() : by(book, EXTEND, abi.encode(SHARES, number, until), key);
        maker();
        vm.expectRevert(reason);
        book.extend(SHARES, number, until, evidence(), auths);
    }

    // ---- what is over

    function testAFreezeIsOverAtMidnightInShanghai() public {
        freezeUntil(ALICE, 600, DAY + 3);
        vm.warp((uint256(DAY) + 4) * 1 days - 8 hours - 1);
        assertEq(book.availableOf(SHARES, ALICE), 0);
        maker();
        vm.expectRevert(tooMany(1, 0));
        book.transfer(_gift(1), evidence(), none());
        vm.warp((uint256(DAY) + 4) * 1 days - 8 hours);
        assertEq(book.availableOf(SHARES, ALICE), 600);
        vm.expectEmit(address(book));
        emit IRegister.LienChanged(SHARES, 1, 2 | NOW << 8 | uint256(DAY + 3) << 48);
        vm.expectEmit(address(book));
        emit IRegister.LienLapsed(SHARES, ALICE, 1, 600);
        vm.expectEmit(address(book));
        emit IRegister.LotsChanged(SHARES, ALICE, new uint256[](0));
        vm.expectEmit(address(book));
        emit IRegister.PositionChanged(SHARES, ALICE, 599 | 3 << 192);
        move(_gift(1));
        assertLots(ALICE, 0, 0, 0, 0);
        assertEq(coverOf(1), 0);
        assertEq(book.positionOf(SHARES, ALICE).seq, 3);
    }

    function testATransferThatFindsEnoughSweepsNothing() public {
        freezeUntil(ALICE, 100, DAY);
        atDay(DAY + 1);
        move(_gift(500));
        assertLots(ALICE, lotOf(100, 1, 0, 0), 0, 0, 0);
        assertEq(book.availableOf(SHARES, ALICE), 100);
        move(_gift(100));
        assertLots(ALICE, 0, 0, 0, 0);
        assertEq(book.securityOf(SHARES).count, 1);
    }

    function testWhatIsOverLetsTheNextRank() public {
        pledge(ALICE, 300);
        freezeUntil(ALICE, 600, DAY);
        seize(ALICE, 600);
        assertLots(ALICE, lotOf(300, 1, 2, 3), lotOf(300, 2, 3, 0), 0, 0);
        atDay(DAY + 1);
        assertEq(book.availableOf(SHARES, ALICE), 0);
        book.sweep(SHARES, ALICE); // anybody
        assertLots(ALICE, lotOf(300, 1, 3, 0), lotOf(300, 3, 0, 0), 0, 0);
        assertEq(book.positionOf(SHARES, ALICE).seq, 5);
        book.sweep(SHARES, ALICE); // nothing is left to do
        book.sweep(SHARES, BOB);
        assertEq(book.positionOf(SHARES, ALICE).seq, 5);
        assertEq(book.positionOf(SHARES, BOB).seq, 1);
    }

    function testWhatIsOverHindersNoOtherLien() public {
        freezeUntil(ALICE, 600, DAY);
        atDay(DAY + 1);
        refuseRelease(ALICE, 1, 1, LIAISON, noLien(1));
        uint16 number = pledge(ALICE, 600);
        assertLots(ALICE, lotOf(600, number, 0, 0), 0, 0, 0);
        IRegisterLiens.LienOpening memory o = opening(IRegister.LienKind.Lock, ALICE, 600);
        o.until = DAY + 1;
        encumber(o, none());
        atDay(DAY + 2);
        release(ALICE, number, 600, PLEDGEE); // the lock goes with it
        assertLots(ALICE, 0, 0, 0, 0);
    }

    function _gift(uint80 units) private pure returns (IRegister.Transfer memory act) {
        act = deal(ALICE, BOB, units);
        act.reason = IRegister.Reason.Gift;
    }
}
