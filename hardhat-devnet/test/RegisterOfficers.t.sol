// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Authorisation} from "../contracts/identity/IAuthorised.sol";
import {IEquityRegister} from "../contracts/register/IEquityRegister.sol";
import {IRegister} from "../contracts/register/IRegister.sol";
import {IRegisterActions} from "../contracts/register/IRegisterActions.sol";
import {RegisterEncumbrances} from "./support/RegisterEncumbrances.sol";

/// @dev A quarter a year, and nothing for six months after leaving. Alice holds 602; DAY is 2027-01-15.
contract RegisterOfficersTest is RegisterEncumbrances {
    string private constant OFFICER = "SetOfficer(bytes16 security,bytes16 investor,bool serving,uint24 leftOn,";
    uint256 private constant JULY_15 = NEW_YEAR + 195;

    function setUp() public {
        foundShares();
        move(_act(BOB, ALICE, 2, IRegister.Reason.Gift));
    }

    function testAnOfficerSellsAQuarterAYear() public {
        vm.expectEmit(address(book));
        emit IRegister.LockupChanged(SHARES, ALICE, 602 | 2027 << 160);
        vm.expectEmit(address(book));
        emit IRegister.PositionChanged(SHARES, ALICE, 602 | 3 << 192 | 1 << 240);
        vm.expectEmit(address(book));
        emit IRegisterActions.OfficerSet(SHARES, ALICE, true, 0, evidence().commitment, evidence().leaf);
        _set(true, 0, 0);
        _refuse(151, IRegister.Reason.Agreed, 150);
        move(_act(ALICE, BOB, 100, IRegister.Reason.Agreed));
        _refuse(51, IRegister.Reason.Gift, 50);
        move(_act(ALICE, CAROL, 50, IRegister.Reason.Gift));
        _refuse(1, IRegister.Reason.Agreed, 0);
        IEquityRegister.Lockup memory lockup = book.lockupOf(SHARES, ALICE);
        assertTrue(lockup.base == 602 && lockup.sold == 150 && lockup.year == 2027 && lockup.lockedUntil == 0, "lockup");
        assertTrue(book.positionOf(SHARES, ALICE).officer, "flag");
    }

    function testANewYearBeginsWithWhatIsThereThen() public {
        _set(true, 0, 0);
        move(_act(ALICE, BOB, 150, IRegister.Reason.Agreed));
        vm.warp((NEW_YEAR + 365) * 1 days - 8 hours - 1); // the last second of 2027
        _refuse(1, IRegister.Reason.Gift, 0);
        vm.warp((NEW_YEAR + 365) * 1 days - 8 hours);
        _refuse(114, IRegister.Reason.Gift, 113); // of 452
        move(_act(BOB, ALICE, 48, IRegister.Reason.Gift)); // the year began before it
        assertEq(book.lockupOf(SHARES, ALICE).base, 452);
        _refuse(114, IRegister.Reason.Gift, 113);
        move(_act(ALICE, BOB, 113, IRegister.Reason.Gift));
    }

    function testTheLawDoesNotHoldForCourtsAndHeirs() public {
        _set(true, 0, 0);
        move(_act(ALICE, BOB, 200, IRegister.Reason.Inheritance));
        move(_act(ALICE, BOB, 100, IRegister.Reason.Division));
        IRegister.Transfer memory act = _act(ALICE, BOB, 150, IRegister.Reason.Judicial);
        Authorisation[] memory auths =
            by(book, "TransferUnits(bytes16 security,bytes16 from,bytes16 to,uint80 units,uint8 reason,", abi.encode(act), LIAISON);
        maker();
        book.transfer(act, evidence(), auths);
        assertEq(book.lockupOf(SHARES, ALICE).sold, 0);
        move(_act(ALICE, BOB, 150, IRegister.Reason.Gift)); // a quarter of what there was
    }

    function testWhoLeftSellsNothingForSixMonths() public {
        _set(true, 0, 0);
        _set(false, DAY, CHECKER);
        assertEq(book.lockupOf(SHARES, ALICE).lockedUntil, JULY_15);
        atDay(JULY_15);
        _refuse(1, IRegister.Reason.Gift, 0);
        atDay(JULY_15 + 1);
        vm.expectEmit(address(book));
        emit IRegister.LockupChanged(SHARES, ALICE, 0);
        move(_act(ALICE, BOB, 602, IRegister.Reason.Gift));
        assertTrue(!book.positionOf(SHARES, ALICE).officer, "flag");
        assertEq(book.lockupOf(SHARES, ALICE).base, 0);
    }

    function testEveryChangeFindsThatItIsOver() public {
        _set(false, DAY, CHECKER); // who left before it was registered
        atDay(JULY_15 + 1);
        issueTo(ALICE, 1);
        assertTrue(!book.positionOf(SHARES, ALICE).officer, "issue");
        _set(false, DAY, CHECKER);
        maker();
        book.bonus(_payout(), evidence(), none());
        assertTrue(!book.positionOf(SHARES, ALICE).officer, "bonus");
        _set(false, DAY, CHECKER);
        (bytes16[] memory who, uint80[] memory units) = one(ALICE, 1);
        bytes memory fields = abi.encode(SHARES, keccak256(abi.encodePacked(who)), keccak256(abi.encodePacked(units)));
        Authorisation[] memory auths =
            by(book, "CancelUnits(bytes16 security,bytes16[] investors,uint80[] units,", fields, CHECKER);
        maker();
        book.cancel(SHARES, who, units, evidence(), auths);
        assertTrue(!book.positionOf(SHARES, ALICE).officer, "cancel");
    }

    function testWhatEasesNeedsAChecker() public {
        _refuseSet(false, DAY, 0, needs(CHECKER_ROLE));
        _set(true, 0, 0);
        _set(false, DAY, CHECKER);
        _refuseSet(true, 0, 0, needs(CHECKER_ROLE));
        _set(true, 0, CHECKER);
        IEquityRegister.Lockup memory lockup = book.lockupOf(SHARES, ALICE);
        assertTrue(lockup.base == 602 && lockup.lockedUntil == 0, "serves again");
    }

    function testDaysAndNames() public {
        _refuseSet(true, DAY, 0, offTerm(DAY, 0, 0));
        _refuseSet(false, 0, CHECKER, offTerm(0, 1, DAY));
        _refuseSet(false, DAY + 1, CHECKER, offTerm(DAY + 1, 1, DAY));
        maker();
        vm.expectRevert(abi.encodeWithSelector(IRegister.RegisterInvestorUnknown.selector, NOBODY));
        book.setOfficer(SHARES, NOBODY, true, 0, evidence(), none());
        maker();
        vm.expectRevert(abi.encodeWithSelector(IRegister.RegisterState.selector, OLD_SHARES, IRegister.State.None));
        book.setOfficer(OLD_SHARES, ALICE, true, 0, evidence(), none());
    }

    function _payout() private pure returns (IRegisterActions.Payout memory) {
        return IRegisterActions.Payout(SHARES, bytes16(uint128(1)), 1, 1, list(ALICE));
    }

    function _act(bytes16 from, bytes16 to, uint80 units, IRegister.Reason reason)
        private
        pure
        returns (IRegister.Transfer memory act)
    {
        act = deal(from, to, units);
        act.reason = reason;
    }

    function _refuse(uint80 units, IRegister.Reason reason, uint256 left) private {
        maker();
        vm.expectRevert(abi.encodeWithSelector(IRegister.RegisterLockup.selector, ALICE, units, left));
        book.transfer(_act(ALICE, BOB, units, reason), evidence(), none());
    }

    function _set(bool serving, uint24 leftOn, uint256 key) private {
        Authorisation[] memory auths =
            key == 0 ? none() : by(book, OFFICER, abi.encode(SHARES, ALICE, serving, leftOn), key);
        maker();
        book.setOfficer(SHARES, ALICE, serving, leftOn, evidence(), auths);
    }

    function _refuseSet(bool serving, uint24 leftOn, uint256 key, bytes memory reason) private {
        Authorisation[] memory auths =
            key == 0 ? none() : by(book, OFFICER, abi.encode(SHARES, ALICE, serving, leftOn), key);
        maker();
        vm.expectRevert(reason);
        book.setOfficer(SHARES, ALICE, serving, leftOn, evidence(), auths);
    }
}
