// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Authorisation} from "../contracts/identity/IAuthorised.sol";
import {IEquityRegister} from "../contracts/register/IEquityRegister.sol";
import {IRegister} from "../contracts/register/IRegister.sol";
import {IRegisterActions} from "../contracts/register/IRegisterActions.sol";
import {Securities} from "../contracts/register/Securities.sol";
import {RegisterEncumbrances} from "./support/RegisterEncumbrances.sol";

/// @dev Batches, confirmation, bonus and cancellation. Alice holds 600, Bob 400; the cap is 3.
contract RegisterActionsTest is RegisterEncumbrances {
    string private constant BATCH =
        "TransferBatch(bytes16 security,uint8 reason,bytes16[] from,bytes16[] to,uint80[] units,";
    string private constant CONFIRM = "ConfirmPositions(bytes16 security,bytes16[] investors,bool confirmed,";
    string private constant BONUS =
        "PayBonus(bytes16 security,bytes16 action,uint32 numerator,uint32 denominator,bytes16[] investors,";
    string private constant CANCEL = "CancelUnits(bytes16 security,bytes16[] investors,uint80[] units,";
    bytes16 private constant ACTION = bytes16(uint128(0xac7));

    function setUp() public {
        foundShares();
    }

    // ---- batches

    function testABatchIsOneTransferAfterTheOther() public {
        IRegisterActions.Batch memory acts = _batch(IRegister.Reason.Gift);
        vm.expectEmit(address(book));
        emit IRegister.PositionChanged(SHARES, ALICE, 500 | 2 << 192);
        vm.expectEmit(address(book));
        emit IRegister.PositionChanged(SHARES, CAROL, 100 | 1 << 192);
        vm.expectEmit(address(book));
        emit IRegister.Transferred(SHARES, 100, IRegister.Reason.Gift, evidence().commitment, evidence().leaf);
        vm.expectEmit(address(book));
        emit IRegister.PositionChanged(SHARES, CAROL, 2 << 192);
        vm.expectEmit(address(book));
        emit IRegister.PositionChanged(SHARES, BOB, 500 | 2 << 192);
        maker();
        book.transferBatch(acts, evidence(), none());
        assertTrue(unitsOf(ALICE) == 500 && unitsOf(BOB) == 500 && unitsOf(CAROL) == 0, "units");
        assertEq(book.securityOf(SHARES).count, 2);
    }

    function testABatchIsAllOrNothing() public {
        IRegisterActions.Batch memory acts = _batch(IRegister.Reason.Agreed);
        maker(); // Carol would sell what she just bought
        vm.expectRevert(abi.encodeWithSelector(IRegister.RegisterInterval.selector, CAROL, 0, 5));
        book.transferBatch(acts, evidence(), none());
        assertEq(unitsOf(ALICE), 600);
        bytes memory lengths = abi.encodeWithSelector(IRegister.RegisterLengths.selector);
        acts.to = list(CAROL);
        _refuseBatch(acts, none(), lengths);
        acts = _batch(IRegister.Reason.Gift);
        acts.units = new uint80[](3);
        _refuseBatch(acts, none(), lengths);
    }

    function testABatchOfTheCourtNeedsItsLiaison() public {
        IRegisterActions.Batch memory acts = _batch(IRegister.Reason.Judicial);
        _refuseBatch(acts, none(), needs(LIAISON_ROLE));
        Authorisation[] memory auths = by(book, BATCH, _fieldsOf(acts), LIAISON);
        maker();
        book.transferBatch(acts, evidence(), auths);
        assertEq(unitsOf(BOB), 500);
    }

    function testNobodyEnforcesAPledgeByTransfer() public {
        bytes memory reason =
            abi.encodeWithSelector(IRegister.RegisterReason.selector, IRegister.Reason.Enforcement);
        _refuseBatch(_batch(IRegister.Reason.Enforcement), none(), reason);
        IRegister.Transfer memory act = deal(ALICE, BOB, 1);
        act.reason = IRegister.Reason.Enforcement;
        maker();
        vm.expectRevert(reason);
        book.transfer(act, evidence(), none());
    }

    /// @dev 100 from Alice to Carol, then 100 from Carol to Bob.
    function _batch(IRegister.Reason reason) private pure returns (IRegisterActions.Batch memory acts) {
        (acts.security, acts.reason) = (SHARES, reason);
        (acts.from, acts.to, acts.units) = (new bytes16[](2), new bytes16[](2), new uint80[](2));
        (acts.from[0], acts.to[0], acts.units[0]) = (ALICE, CAROL, 100);
        (acts.from[1], acts.to[1], acts.units[1]) = (CAROL, BOB, 100);
    }

    function _fieldsOf(IRegisterActions.Batch memory acts) private pure returns (bytes memory) {
        return abi.encode(
            acts.security,
            acts.reason,
            keccak256(abi.encodePacked(acts.from)),
            keccak256(abi.encodePacked(acts.to)),
            keccak256(abi.encodePacked(acts.units))
        );
    }

    function _refuseBatch(IRegisterActions.Batch memory acts, Authorisation[] memory auths, bytes memory reason) private {
        maker();
        vm.expectRevert(reason);
        book.transferBatch(acts, evidence(), auths);
    }

    // ---- confirmation

    function testAnUnconfirmedPositionIsHeldAndNotDealtIn() public {
        foundUnconfirmed();
        assertTrue(book.positionOf(OLD_SHARES, ALICE).unconfirmed, "flag");
        assertEq(book.securityOf(OLD_SHARES).count, 2);
        bytes memory reason = abi.encodeWithSelector(IRegister.RegisterUnconfirmed.selector, ALICE);
        IRegister.Transfer memory act = IRegister.Transfer(OLD_SHARES, ALICE, CAROL, 100, IRegister.Reason.Agreed);
        for (uint256 i = 0; i < 2; ++i) {
            act.reason = IRegister.Reason(i);
            maker();
            vm.expectRevert(reason);
            book.transfer(act, evidence(), none());
        }
        act.reason = IRegister.Reason.Inheritance;
        move(act);
        assertTrue(!book.positionOf(OLD_SHARES, CAROL).unconfirmed, "the heir's documents say whose it is");
        (act.from, act.to, act.reason) = (BOB, ALICE, IRegister.Reason.Agreed);
        move(act); // more of it
        assertEq(book.positionOf(OLD_SHARES, ALICE).units, 600);
        vm.expectEmit(address(book));
        emit IRegister.PositionChanged(OLD_SHARES, ALICE, 600 | 1 << 160 | 5 << 192);
        vm.expectEmit(address(book));
        emit IRegisterActions.Confirmed(OLD_SHARES, 1, true, evidence().commitment, evidence().leaf);
        maker();
        book.confirm(OLD_SHARES, list(ALICE), true, evidence(), none());
        (act.from, act.to, act.reason) = (ALICE, CAROL, IRegister.Reason.Gift);
        move(act);
    }

    function testDoubtIsForTheFirstRegistration() public {
        foundUnconfirmed();
        _refuseConfirm(
            OLD_SHARES,
            BOB,
            false,
            abi.encodeWithSelector(IRegister.RegisterState.selector, OLD_SHARES, IRegister.State.Custodied)
        );
        _refuseConfirm(
            OLD_SHARES, BOB, true, abi.encodeWithSelector(IRegisterActions.RegisterConfirmed.selector, BOB, true)
        );
        _refuseConfirm(
            OLD_SHARES, NOBODY, true, abi.encodeWithSelector(IRegister.RegisterInvestorUnknown.selector, NOBODY)
        );
        _refuseConfirm(
            bytes16(uint128(9)),
            BOB,
            true,
            abi.encodeWithSelector(IRegister.RegisterState.selector, bytes16(uint128(9)), IRegister.State.None)
        );
        IEquityRegister.Opening memory o = opening();
        o.security = bytes16(uint128(10));
        openShares(o);
        maker();
        book.confirm(o.security, list(BOB), false, evidence(), none());
        _refuseConfirm(
            o.security, BOB, false, abi.encodeWithSelector(IRegisterActions.RegisterConfirmed.selector, BOB, false)
        );
    }

    function _refuseConfirm(bytes16 security, bytes16 who, bool confirmed, bytes memory reason) private {
        maker();
        vm.expectRevert(reason);
        book.confirm(security, list(who), confirmed, evidence(), none());
    }

    // ---- bonus

    function testABonusIsForFreeUnitsAndForEachLot() public {
        pledge(ALICE, 105);
        seize(ALICE, 533); // 495 free, 38 pledged
        assertLots(ALICE, lotOf(67, 1, 0, 0), lotOf(495, 2, 0, 0), lotOf(38, 1, 2, 0), 0);
        pledge(BOB, 15);
        release(ALICE, 2, 95, LIAISON);
        vm.expectEmit(address(book));
        emit IRegister.LienChanged(SHARES, 3, 1 | NOW << 8 | uint256(19) << 72);
        vm.expectEmit(address(book));
        emit IRegisterActions.BonusPaid(SHARES, ACTION, 298, 1298, evidence().commitment, evidence().leaf);
        _bonus(_payout(3, 10, ALICE, BOB, CAROL)); // 10送3
        // Alice: 95 free: 28; 67: 20; 400: 120; 38: 11. Bob: 385 free: 115; 15: 4.
        assertLots(ALICE, lotOf(87, 1, 0, 0), lotOf(520, 2, 0, 0), lotOf(49, 1, 2, 0), 0);
        assertLots(BOB, lotOf(19, 3, 0, 0), 0, 0, 0);
        assertTrue(unitsOf(ALICE) == 779 && unitsOf(BOB) == 519, "units");
        assertTrue(coverOf(1) == 136 && coverOf(2) == 569 && coverOf(3) == 19, "covers");
        assertTrue(book.positionOf(SHARES, CAROL).seq == 0 && book.securityOf(SHARES).count == 2, "nothing of nothing");
        assertEq(book.positionOf(SHARES, BOB).lastBuy, 0);
    }

    function testAnActionMeetsEachPositionOnce() public {
        _bonus(_payout(1, 1, ALICE, 0, 0));
        _refuseBonus(
            _payout(1, 1, ALICE, 0, 0), abi.encodeWithSelector(IRegisterActions.RegisterOrder.selector, ALICE, ALICE)
        );
        _refuseBonus(
            _payout(1, 1, CAROL, BOB, 0), abi.encodeWithSelector(IRegisterActions.RegisterOrder.selector, BOB, CAROL)
        );
        _refuseBonus(
            _payout(1, 2, BOB, 0, 0), abi.encodeWithSelector(IRegisterActions.RegisterRatio.selector, 1, 1)
        );
        _bonus(_payout(1, 1, BOB, 0, 0));
        IEquityRegister.Bonus memory bonus = book.bonusOf(SHARES, ACTION);
        assertTrue(bonus.last == BOB && bonus.numerator == 1 && bonus.denominator == 1, "how far");
        IRegisterActions.Payout memory another = _payout(1, 2, ALICE, 0, 0);
        another.action = bytes16(uint128(0xac8));
        _bonus(another);
        assertTrue(unitsOf(ALICE) == 1800 && unitsOf(BOB) == 800, "units");
        assertEq(book.securityOf(SHARES).issued, 2600);
    }

    function testABonusNamesActionAndRatio() public {
        IRegisterActions.Payout memory payout = _payout(1, 1, ALICE, 0, 0);
        payout.action = 0;
        _refuseBonus(payout, zero());
        _refuseBonus(_payout(0, 1, ALICE, 0, 0), zero());
        _refuseBonus(_payout(1, 0, ALICE, 0, 0), zero());
        payout = _payout(type(uint32).max, 1, ALICE, 0, 0);
        for (uint256 i = 0; i < 3; ++i) {
            payout.action = bytes16(uint128(i + 1));
            if (i < 2) _bonus(payout);
            else _refuseBonus(payout, abi.encodeWithSelector(Securities.SecurityOverflow.selector));
        }
        payout.security = bytes16(uint128(9));
        _refuseBonus(
            payout, abi.encodeWithSelector(IRegister.RegisterState.selector, payout.security, IRegister.State.None)
        );
        IEquityRegister.Opening memory o = opening();
        o.security = payout.security;
        openShares(o);
        _refuseBonus(
            payout,
            abi.encodeWithSelector(IRegister.RegisterState.selector, payout.security, IRegister.State.Registering)
        );
    }

    /// @dev What is over covers no fruits; and fractions are dropped, also where nothing remains.
    function testABonusSweepsFirst() public {
        freezeUntil(ALICE, 7, DAY);
        freezeUntil(BOB, 400, DAY);
        atDay(DAY + 1);
        _bonus(_payout(1, 7, ALICE, 0, 0));
        assertLots(ALICE, 0, 0, 0, 0);
        assertEq(unitsOf(ALICE), 685);
        IRegisterActions.Payout memory small = _payout(1, 401, BOB, 0, 0);
        small.action = bytes16(uint128(0xac8));
        _bonus(small);
        assertLots(BOB, 0, 0, 0, 0);
        assertTrue(unitsOf(BOB) == 400 && book.positionOf(SHARES, BOB).seq == 3, "swept and nothing else");
    }

    function _payout(uint32 numerator, uint32 denominator, bytes16 first, bytes16 second, bytes16 third)
        private
        pure
        returns (IRegisterActions.Payout memory payout)
    {
        uint256 n = third != 0 ? 3 : second != 0 ? 2 : 1;
        payout = IRegisterActions.Payout(SHARES, ACTION, numerator, denominator, new bytes16[](n));
        bytes16[3] memory all = [first, second, third];
        for (uint256 i = 0; i < n; ++i) payout.investors[i] = all[i];
    }

    function _bonus(IRegisterActions.Payout memory payout) private {
        maker();
        book.bonus(payout, evidence(), none());
    }

    function _refuseBonus(IRegisterActions.Payout memory payout, bytes memory reason) private {
        maker();
        vm.expectRevert(reason);
        book.bonus(payout, evidence(), none());
    }

    // ---- cancellation

    function testFreeUnitsAreCancelled() public {
        pledge(ALICE, 500);
        (bytes16[] memory who, uint80[] memory units) = (new bytes16[](2), new uint80[](2));
        (who[0], units[0], who[1], units[1]) = (ALICE, 100, BOB, 400);
        Authorisation[] memory auths = _byCancel(who, units, CHECKER);
        vm.expectEmit(address(book));
        emit IRegister.PositionChanged(SHARES, ALICE, 500 | 500 << 80 | 3 << 192 | 1 << 242);
        vm.expectEmit(address(book));
        emit IRegister.PositionChanged(SHARES, BOB, 2 << 192);
        vm.expectEmit(address(book));
        emit IRegisterActions.Cancelled(SHARES, 500, 500, evidence().commitment, evidence().leaf);
        maker();
        book.cancel(SHARES, who, units, evidence(), auths);
        IEquityRegister.Security memory s = book.securityOf(SHARES);
        assertTrue(s.issued == 500 && s.count == 1, "security");
        _refuseCancel(ALICE, 1, CHECKER, tooMany(1, 0));
    }

    function testCancellationNeedsACheckerAndUnits() public {
        _refuseCancel(ALICE, 1, REGULATOR, needs(CHECKER_ROLE));
        _refuseCancel(ALICE, 0, CHECKER, zero());
        _refuseCancel(ALICE, 601, CHECKER, tooMany(601, 600));
        (bytes16[] memory who, uint80[] memory units) = (list(ALICE), new uint80[](2));
        Authorisation[] memory auths = _byCancel(who, units, CHECKER);
        maker();
        vm.expectRevert(abi.encodeWithSelector(IRegister.RegisterLengths.selector));
        book.cancel(SHARES, who, units, evidence(), auths);
        maker();
        book.setState(SHARES, IRegister.State.Exited, evidence(), none());
        _refuseCancel(
            ALICE,
            1,
            CHECKER,
            abi.encodeWithSelector(IRegister.RegisterState.selector, SHARES, IRegister.State.Exited)
        );
    }

    function testCancellationSweepsFirst() public {
        freezeUntil(ALICE, 600, DAY);
        atDay(DAY + 1);
        (bytes16[] memory who, uint80[] memory units) = one(ALICE, 600);
        Authorisation[] memory auths = _byCancel(who, units, CHECKER);
        maker();
        book.cancel(SHARES, who, units, evidence(), auths);
        assertLots(ALICE, 0, 0, 0, 0);
        assertEq(book.securityOf(SHARES).issued, 400);
    }

    function _byCancel(bytes16[] memory who, uint80[] memory units, uint256 key) private returns (Authorisation[] memory) {
        return by(
            book,
            CANCEL,
            abi.encode(SHARES, keccak256(abi.encodePacked(who)), keccak256(abi.encodePacked(units))),
            key
        );
    }

    function _refuseCancel(bytes16 who, uint80 units, uint256 key, bytes memory reason) private {
        (bytes16[] memory whom, uint80[] memory amounts) = one(who, units);
        Authorisation[] memory auths = _byCancel(whom, amounts, key);
        maker();
        vm.expectRevert(reason);
        book.cancel(SHARES, whom, amounts, evidence(), auths);
    }

    // ---- typed data

    /// @dev In a checked market each passes with what the checker signed, up to the security that is not there.
    function testTheCheckerSignsWhatIsWrittenDown() public {
        bytes memory none_ = abi.encodeWithSelector(IRegister.RegisterState.selector, SHARES, IRegister.State.None);
        bytes32 who = keccak256(abi.encodePacked(list(ALICE)));
        Authorisation[] memory auths = by(strict, CONFIRM, abi.encode(SHARES, who, true), CHECKER);
        maker();
        vm.expectRevert(none_);
        strict.confirm(SHARES, list(ALICE), true, evidence(), auths);
        IRegisterActions.Payout memory payout = _payout(1, 1, ALICE, 0, 0);
        auths = by(strict, BONUS, abi.encode(SHARES, ACTION, uint32(1), uint32(1), who), CHECKER);
        maker();
        vm.expectRevert(none_);
        strict.bonus(payout, evidence(), auths);
        maker();
        vm.expectRevert(needs(CHECKER_ROLE));
        strict.bonus(payout, evidence(), none());
        IRegisterActions.Batch memory acts = _batch(IRegister.Reason.Gift);
        auths = by(strict, BATCH, _fieldsOf(acts), CHECKER);
        maker();
        vm.expectRevert(none_);
        strict.transferBatch(acts, evidence(), auths);
        _estateIsSigned();
    }

    function _estateIsSigned() private {
        IRegister.Transfer memory act = deal(ALICE, BOB, 1);
        act.reason = IRegister.Reason.Division;
        Authorisation[] memory auths = by(strict, ESTATE, abi.encode(act, uint176(1)), CHECKER);
        maker();
        vm.expectRevert(abi.encodeWithSignature("RegisterLot(uint176)", 1));
        strict.transferEstate(act, 1, evidence(), auths);
    }
}
