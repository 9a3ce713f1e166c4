// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IInstitutionRegistry} from "../contracts/identity/IInstitutionRegistry.sol";
import {Authorisation} from "../contracts/identity/IAuthorised.sol";
import {IEquityRegister} from "../contracts/register/IEquityRegister.sol";
import {IInvestorBook} from "../contracts/register/IInvestorBook.sol";
import {IRegister} from "../contracts/register/IRegister.sol";
import {Registers} from "./support/Registers.sol";

/// @dev Transfers and their rules. Alice holds 600, Bob 400 of a share whose cap is 3.
contract EquityTransfersTest is Registers {
    string private constant TRANSFER = "TransferUnits(bytes16 security,bytes16 from,bytes16 to,uint80 units,uint8 reason,";
    bytes16 private constant DAN = bytes16(uint128(0xda));

    function setUp() public {
        foundShares();
        openInvestor(DAN, LONG, 0);
    }

    function testAnAgreedTransferMovesUnitsAndTellsBothPositions() public {
        uint256 left = 500 | 1 << 176 | 2 << 192;
        uint256 right = 100 | 1 << 160 | 1 << 192;
        vm.expectEmit(address(book));
        emit IRegister.PositionChanged(SHARES, ALICE, left);
        vm.expectEmit(address(book));
        emit IRegister.PositionChanged(SHARES, CAROL, right);
        vm.expectEmit(address(book));
        emit IRegister.Transferred(
            SHARES, 100, IRegister.Reason.Agreed, evidence().commitment, evidence().leaf
        );
        move(deal(ALICE, CAROL, 100));
        IEquityRegister.Position memory alice = book.positionOf(SHARES, ALICE);
        IEquityRegister.Position memory carol = book.positionOf(SHARES, CAROL);
        assertTrue(alice.units == 500 && alice.lastSell == 1 && alice.lastBuy == 0 && alice.seq == 2, "giver");
        assertTrue(carol.units == 100 && carol.lastBuy == 1 && carol.lastSell == 0 && carol.seq == 1, "taker");
        assertTrue(alice.encumbered == 0 && carol.addend == 0 && book.securityOf(SHARES).count == 3, "rest");
    }

    function testWhatNobodyCanMean() public {
        _refuse(deal(ALICE, BOB, 0), abi.encodeWithSelector(IRegister.RegisterZero.selector));
        _refuse(deal(ALICE, ALICE, 1), abi.encodeWithSelector(IRegister.RegisterSelf.selector, ALICE));
        _refuse(
            deal(ALICE, NOBODY, 1), abi.encodeWithSelector(IRegister.RegisterInvestorUnknown.selector, NOBODY)
        );
        _refuse(deal(ALICE, BOB, 601), abi.encodeWithSelector(IRegister.RegisterUnits.selector, 601, 600));
        _refuse(deal(NOBODY, BOB, 1), abi.encodeWithSelector(IRegister.RegisterUnits.selector, 1, 0));
    }

    function testOnlyTheOperatorMovesAndWithEvidence() public {
        vm.expectRevert(abi.encodeWithSelector(IRegister.RegisterNotOperator.selector, address(this)));
        book.transfer(deal(ALICE, BOB, 1), evidence(), none());
        IInstitutionRegistry.Evidence memory proof = evidence();
        proof.commitment = 0;
        maker();
        vm.expectRevert(abi.encodeWithSelector(IRegister.RegisterZero.selector));
        book.transfer(deal(ALICE, BOB, 1), proof, none());
    }

    function testARevokedOperatorMovesNothing() public {
        Authorisation memory auth = toRevokeRole(vm.addr(MAKER), OPERATOR_ROLE, REGION, SHENZHEN);
        registry.revokeRole(vm.addr(MAKER), OPERATOR_ROLE, REGION, evidence(), auth);
        _refuse(
            deal(ALICE, BOB, 1), abi.encodeWithSelector(IRegister.RegisterNotOperator.selector, vm.addr(MAKER))
        );
    }

    function testKindAndSuitabilityAreTheBuyersOnTheDay() public {
        maker();
        book.setSuitability(ALICE, 0, evidence(), none()); // the seller's does not matter
        maker();
        book.setSuitability(BOB, uint24(TODAY), evidence(), none());
        move(deal(ALICE, BOB, 1));
        atDay(TODAY + 1);
        _refuse(
            deal(ALICE, BOB, 1),
            abi.encodeWithSelector(IRegister.RegisterUnsuitable.selector, BOB, TODAY, TODAY + 1)
        );
        bytes16 fund = bytes16(uint128(0xf0));
        maker();
        book.openInvestor(fund, IInvestorBook.Investor(IRegister.Kind.FiledFund, LONG, 0), evidence(), none());
        _refuse(
            deal(ALICE, fund, 1),
            abi.encodeWithSelector(IRegister.RegisterKind.selector, fund, IRegister.Kind.FiledFund, 2)
        );
    }

    // ---- five trading days (REM-10)

    /// @dev TODAY is a Friday: the fifth trading day after it is the next one.
    function testABuyerSellsOnTheFifthTradingDay() public {
        move(deal(ALICE, CAROL, 100));
        atDay(TODAY + 6);
        _refuse(deal(CAROL, BOB, 1), abi.encodeWithSelector(IRegister.RegisterInterval.selector, CAROL, 4, 5));
        atDay(TODAY + 7);
        move(deal(CAROL, BOB, 1));
    }

    function testASellerBuysOnTheFifthTradingDay() public {
        move(deal(ALICE, BOB, 100));
        atDay(TODAY + 7 - 1);
        _refuse(deal(BOB, CAROL, 1), abi.encodeWithSelector(IRegister.RegisterInterval.selector, BOB, 4, 5));
        move(deal(ALICE, BOB, 1)); // the same side again
        _refuse(deal(BOB, ALICE, 1), abi.encodeWithSelector(IRegister.RegisterInterval.selector, BOB, 0, 5));
        atDay(TODAY + 11 + 3);
        move(deal(BOB, ALICE, 1));
    }

    function testASellerWhoLeftIsRemembered() public {
        move(deal(BOB, CAROL, 400));
        _refuse(deal(ALICE, BOB, 1), abi.encodeWithSelector(IRegister.RegisterInterval.selector, BOB, 0, 5));
    }

    function testTheNationalDayHolidayDoesNotCount() public {
        uint256 thursday = NEW_YEAR + 272; // 2027-09-30
        uint32[] memory holiday = new uint32[](5);
        uint8[5] memory after_ = [1, 4, 5, 6, 7]; // Friday, and Monday to Thursday
        for (uint256 i = 0; i < 5; ++i) holiday[i] = uint32(thursday + after_[i]);
        calendar.closeDays(REGION, holiday, true, true, evidence(), toClose(REGION, holiday, true, true, SHENZHEN));
        atDay(thursday);
        move(deal(ALICE, CAROL, 100));
        atDay(thursday + 13); // Friday 8, Monday 11, 12, 13 October
        _refuse(deal(CAROL, BOB, 1), abi.encodeWithSelector(IRegister.RegisterInterval.selector, CAROL, 4, 5));
        vm.warp((thursday + 14) * 1 days - 8 hours - 1);
        _refuse(deal(CAROL, BOB, 1), abi.encodeWithSelector(IRegister.RegisterInterval.selector, CAROL, 4, 5));
        atDay(thursday + 14);
        move(deal(CAROL, BOB, 1));
    }

    function testAnUnpublishedYearStopsDealsAndNothingElse() public {
        atDay(NEW_YEAR + 365);
        _refuse(
            deal(ALICE, BOB, 1),
            abi.encodeWithSelector(IRegister.RegisterCalendar.selector, TODAY, NEW_YEAR + 365)
        );
        move(_act(ALICE, BOB, 1, IRegister.Reason.Inheritance));
    }

    // ---- the cap

    function testAnAgreedActMayNotRaiseTheCountBeyondTheCap() public {
        move(deal(ALICE, CAROL, 100));
        bytes memory reason = abi.encodeWithSelector(IRegister.RegisterCap.selector, 4, 3);
        _refuse(deal(ALICE, DAN, 100), reason);
        _refuse(_act(ALICE, DAN, 100, IRegister.Reason.Gift), reason);
        move(deal(BOB, DAN, 400)); // Bob leaves, Dan enters
        assertEq(book.securityOf(SHARES).count, 3);
    }

    function testAnHeirIsEnteredAndTold() public {
        move(deal(ALICE, CAROL, 100));
        vm.expectEmit(address(book));
        emit IRegister.CapExceeded(SHARES, 4, 3);
        move(_act(ALICE, DAN, 100, IRegister.Reason.Inheritance));
        assertEq(book.securityOf(SHARES).count, 4);
        // trading down: who is in may buy, who is not may only take the place of one who leaves
        move(deal(ALICE, BOB, 100));
        move(deal(ALICE, BOB, 300));
        assertEq(book.securityOf(SHARES).count, 3);
    }

    function testThoseBehindAFundCount() public {
        bytes16 fund = bytes16(uint128(0xf0));
        openInvestor(fund, LONG, 1);
        _refuse(deal(ALICE, fund, 1), abi.encodeWithSelector(IRegister.RegisterCap.selector, 4, 3));
        move(deal(ALICE, fund, 600)); // one leaves, two enter
        assertEq(book.securityOf(SHARES).count, 3);
        maker();
        book.setAddend(fund, 2, evidence(), none());
        vm.expectEmit(address(book));
        emit IRegister.CapExceeded(SHARES, 4, 3);
        move(deal(BOB, fund, 1)); // a holder may go on buying; what look-through found is told
        assertEq(book.securityOf(SHARES).count, 4);
        assertEq(book.positionOf(SHARES, fund).addend, 2);
        _refuse(deal(BOB, CAROL, 1), abi.encodeWithSelector(IRegister.RegisterCap.selector, 5, 3));
    }

    // ---- not by agreement

    function testOtherReasonsAskNeitherKindNorSuitabilityNorInterval() public {
        maker();
        book.setSuitability(CAROL, 0, evidence(), none());
        move(deal(ALICE, BOB, 1));
        move(_act(BOB, CAROL, 1, IRegister.Reason.Gift));
        move(_act(BOB, CAROL, 1, IRegister.Reason.Division));
        move(_act(BOB, CAROL, 1, IRegister.Reason.Succession));
        move(_act(BOB, CAROL, 1, IRegister.Reason.Inheritance));
        IEquityRegister.Position memory carol = book.positionOf(SHARES, CAROL);
        assertTrue(carol.units == 4 && carol.lastBuy == 0, "no purchase");
        move(deal(CAROL, DAN, 4));
    }

    function testTheCourtActsThroughItsLiaison() public {
        IRegister.Transfer memory act = _act(ALICE, CAROL, 5, IRegister.Reason.Judicial);
        bytes memory needs = abi.encodeWithSelector(IRegister.RegisterNeeds.selector, LIAISON_ROLE);
        _refuse(act, needs);
        Authorisation[] memory auths = by(book, TRANSFER, abi.encode(act), REGULATOR);
        maker();
        vm.expectRevert(needs);
        book.transfer(act, evidence(), auths);
        auths = by(book, TRANSFER, abi.encode(act), LIAISON);
        maker();
        book.transfer(act, evidence(), auths);
        assertEq(book.positionOf(SHARES, CAROL).units, 5);
    }

    function testSuspensionStopsAgreementsAndExitAll() public {
        maker();
        book.setState(SHARES, IRegister.State.Suspended, evidence(), none());
        bytes memory suspended = abi.encodeWithSelector(IRegister.RegisterState.selector, SHARES, 3);
        _refuse(deal(ALICE, BOB, 1), suspended);
        _refuse(_act(ALICE, BOB, 1, IRegister.Reason.Gift), suspended);
        move(_act(ALICE, BOB, 1, IRegister.Reason.Inheritance));
        maker();
        book.setState(SHARES, IRegister.State.Exited, evidence(), none());
        _refuse(
            _act(ALICE, BOB, 1, IRegister.Reason.Inheritance),
            abi.encodeWithSelector(IRegister.RegisterState.selector, SHARES, 4)
        );
    }

    function _act(bytes16 from, bytes16 to, uint80 units, IRegister.Reason reason)
        private
        pure
        returns (IRegister.Transfer memory act)
    {
        act = deal(from, to, units);
        act.reason = reason;
    }

    function _refuse(IRegister.Transfer memory act, bytes memory reason) private {
        maker();
        vm.expectRevert(reason);
        book.transfer(act, evidence(), none());
    }
}
