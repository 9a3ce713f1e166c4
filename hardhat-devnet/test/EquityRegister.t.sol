// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Authorisation} from "../contracts/identity/IAuthorised.sol";
import {IEquityRegister} from "../contracts/register/IEquityRegister.sol";
import {IInvestorBook} from "../contracts/register/IInvestorBook.sol";
import {IRegister} from "../contracts/register/IRegister.sol";
import {Securities} from "../contracts/register/Securities.sol";
import {Registers} from "./support/Registers.sol";

/// @dev Securities from their opening to their exit, and who enters their register.
contract EquityRegisterTest is Registers {
    string private constant OPEN = "OpenSecurity(bytes16 security,bytes16 issuer,uint32 issuerRegion,";
    string private constant CHANGE = "ChangeTerms(bytes16 security,";
    string private constant ADMIT = "AdmitSecurity(bytes16 security,uint80 capital,";
    string private constant STATE = "SetSecurityState(bytes16 security,uint8 state,";
    string private constant ISSUE = "IssueUnits(bytes16 security,bytes16[] investors,uint80[] units,";
    string private constant TRANSFER = "TransferUnits(bytes16 security,bytes16 from,bytes16 to,uint80 units,uint8 reason,";
    string private constant RECOUNT = "RecountPosition(bytes16 security,bytes16 investor,";

    function setUp() public {
        foundRegisters();
        openInvestor(ALICE, LONG, 0);
        openInvestor(BOB, LONG, 0);
    }

    // ---- opening and terms

    function testASecurityOpensForItsFirstRegistration() public {
        vm.expectEmit(address(book));
        emit IEquityRegister.SecurityOpened(SHARES, ISSUER, REGION, terms(), evidence().commitment, evidence().leaf);
        openShares(opening());
        IEquityRegister.Security memory s = book.securityOf(SHARES);
        assertEq(uint256(s.state), uint256(IRegister.State.Registering));
        assertEq(bytes32(s.issuer), bytes32(ISSUER));
        assertEq(keccak256(abi.encode(s.terms)), keccak256(abi.encode(terms())));
        assertEq(s.issued + s.count, 0);
    }

    function testASecurityWithoutNameIssuerOrTermsIsRefused() public {
        for (uint256 i = 0; i < 5; ++i) {
            IEquityRegister.Opening memory o = opening();
            if (i == 0) o.security = 0;
            if (i == 1) o.issuer = 0;
            if (i == 2) o.terms.cap = 0;
            if (i == 3) o.terms.kinds = 0;
            if (i == 4) o.terms.basis = 0;
            maker();
            vm.expectRevert(abi.encodeWithSelector(IRegister.RegisterZero.selector));
            book.openSecurity(o, evidence(), none());
        }
    }

    function testAnIssuerFromElsewhereIsRefused() public {
        IEquityRegister.Opening memory o = opening();
        o.issuerRegion = OTHER_REGION;
        maker();
        vm.expectRevert(abi.encodeWithSelector(IEquityRegister.RegisterOutOfProvince.selector, OTHER_REGION));
        book.openSecurity(o, evidence(), none());
    }

    function testASecurityOpensOnce() public {
        openShares(opening());
        maker();
        vm.expectRevert(abi.encodeWithSelector(IEquityRegister.RegisterSecurityExists.selector, SHARES));
        book.openSecurity(opening(), evidence(), none());
    }

    function testTermsChangeWithCheckerAndRegulatorAndNothingElseDoes() public {
        openShares(opening());
        issueTo(ALICE, 600);
        IEquityRegister.Terms memory t = terms();
        (t.form, t.kinds, t.cap, t.grandfathered) = (IEquityRegister.Form.Warrant, 0xfe, 200, 3000);
        (t.interval, t.subscriptionCounts, t.basis) = (7, false, "LLC-42");
        bytes memory fields = abi.encode(SHARES, t);
        Authorisation[] memory auths = by(book, string.concat(CHANGE, TERMS), fields, CHECKER);
        maker();
        vm.expectRevert(abi.encodeWithSelector(IRegister.RegisterNeeds.selector, REGULATOR_ROLE));
        book.changeTerms(SHARES, t, evidence(), auths);
        auths = by(book, string.concat(CHANGE, TERMS), fields, REGULATOR);
        maker();
        vm.expectRevert(abi.encodeWithSelector(IRegister.RegisterNeeds.selector, CHECKER_ROLE));
        book.changeTerms(SHARES, t, evidence(), auths);
        auths = byTwo(book, string.concat(CHANGE, TERMS), fields, REGULATOR, CHECKER);
        maker();
        book.changeTerms(SHARES, t, evidence(), auths);
        IEquityRegister.Security memory s = book.securityOf(SHARES);
        assertEq(keccak256(abi.encode(s.terms)), keccak256(abi.encode(t)));
        assertTrue(s.issued == 600 && s.count == 1 && s.state == IRegister.State.Registering, "the rest");
    }

    function testTermsOfNoSecurityDoNotChange() public {
        bytes memory fields = abi.encode(SHARES, terms());
        Authorisation[] memory auths = byTwo(book, string.concat(CHANGE, TERMS), fields, REGULATOR, CHECKER);
        maker();
        _expectState(IRegister.State.None);
        book.changeTerms(SHARES, terms(), evidence(), auths);
    }

    // ---- states

    function testCustodyBeginsWhenTheUnitsAreTheCapital() public {
        _expectStateOn(IRegister.State.None);
        book.admit(SHARES, 0, evidence(), none());
        openShares(opening());
        issueTo(ALICE, 600);
        maker();
        vm.expectRevert(abi.encodeWithSelector(IEquityRegister.RegisterCapital.selector, 600, 601));
        book.admit(SHARES, 601, evidence(), none());
        admitShares(600);
        _expectStateOn(IRegister.State.Custodied);
        book.admit(SHARES, 600, evidence(), none());
    }

    function testStatesFollowEachOther() public {
        openShares(opening());
        _to(IRegister.State.Custodied, false, IRegister.State.Registering);
        issueTo(ALICE, 600);
        admitShares(600);
        _to(IRegister.State.Custodied, false, IRegister.State.Custodied);
        _to(IRegister.State.Registering, false, IRegister.State.Custodied);
        _to(IRegister.State.Suspended, true, IRegister.State.Suspended);
        _to(IRegister.State.Custodied, true, IRegister.State.Custodied);
        _to(IRegister.State.Suspended, true, IRegister.State.Suspended);
        _to(IRegister.State.Exited, true, IRegister.State.Exited);
        _to(IRegister.State.Custodied, false, IRegister.State.Exited);
        Authorisation[] memory auths =
            byTwo(book, string.concat(CHANGE, TERMS), abi.encode(SHARES, terms()), REGULATOR, CHECKER);
        maker();
        _expectState(IRegister.State.Exited);
        book.changeTerms(SHARES, terms(), evidence(), auths);
    }

    function _to(IRegister.State wanted, bool may, IRegister.State then) private {
        maker();
        if (!may) _expectState(then);
        book.setState(SHARES, wanted, evidence(), none());
        assertEq(uint256(book.securityOf(SHARES).state), uint256(then));
    }

    // ---- issue

    function testTheFirstRegistrationAsksNoRuleButTheGrandfatheredCount() public {
        IEquityRegister.Opening memory o = opening();
        (o.terms.cap, o.terms.grandfathered, o.terms.kinds) = (1, 2, 1 << 5);
        openShares(o);
        maker();
        book.setSuitability(ALICE, 0, evidence(), none());
        issueTo(ALICE, 1);
        issueTo(BOB, 2);
        issueTo(BOB, 3);
        openInvestor(CAROL, LONG, 0);
        (bytes16[] memory holders, uint80[] memory amounts) = one(CAROL, 1);
        maker();
        vm.expectRevert(abi.encodeWithSelector(IRegister.RegisterCap.selector, 3, 2));
        book.issue(SHARES, holders, amounts, evidence(), none());
        IEquityRegister.Security memory s = book.securityOf(SHARES);
        assertTrue(s.issued == 6 && s.count == 2, "issued");
        IEquityRegister.Position memory p = book.positionOf(SHARES, BOB);
        assertTrue(p.units == 5 && p.seq == 2 && p.lastBuy == 0, "position");
    }

    function testThoseWhoStandBehindAHolderCount() public {
        openInvestor(CAROL, LONG, 2);
        openShares(opening());
        issueTo(CAROL, 1);
        assertEq(book.securityOf(SHARES).count, 3);
        _refuseIssue(ALICE, 1, abi.encodeWithSelector(IRegister.RegisterCap.selector, 4, 3));
    }

    function testASubscriptionKeepsTheRules() public {
        openShares(opening());
        issueTo(ALICE, 600);
        admitShares(600);
        _refuseIssue(NOBODY, 1, abi.encodeWithSelector(IRegister.RegisterInvestorUnknown.selector, NOBODY));
        _refuseIssue(ALICE, 0, abi.encodeWithSelector(IRegister.RegisterZero.selector));
        maker();
        book.setSuitability(BOB, uint24(TODAY - 1), evidence(), none());
        _refuseIssue(
            BOB, 1, abi.encodeWithSelector(IRegister.RegisterUnsuitable.selector, BOB, TODAY - 1, TODAY)
        );
        maker();
        book.setSuitability(BOB, uint24(TODAY), evidence(), none());
        issueTo(BOB, 5);
        assertEq(book.positionOf(SHARES, BOB).lastBuy, 1);
        maker();
        book.openInvestor(
            CAROL, IInvestorBook.Investor(IRegister.Kind.Product, LONG, 0), evidence(), none()
        );
        _refuseIssue(
            CAROL,
            1,
            abi.encodeWithSelector(IRegister.RegisterKind.selector, CAROL, IRegister.Kind.Product, 2)
        );
    }

    function testASubscriptionMayNotRaiseTheCountBeyondTheCap() public {
        IEquityRegister.Opening memory o = opening();
        (o.terms.cap, o.terms.grandfathered) = (1, 3);
        openShares(o);
        issueTo(ALICE, 600);
        admitShares(600);
        _refuseIssue(BOB, 1, abi.encodeWithSelector(IRegister.RegisterCap.selector, 2, 1));
        issueTo(ALICE, 1);
    }

    function testASubscriptionIsAPurchaseWhereTheTermsSaySo() public {
        for (uint256 i = 0; i < 2; ++i) {
            IEquityRegister.Opening memory o = opening();
            (o.security, o.terms.subscriptionCounts) = (bytes16(uint128(i + 1)), i == 1);
            openShares(o);
            _issueOf(o.security, ALICE, 600);
            maker();
            book.admit(o.security, 600, evidence(), none());
            maker();
            book.transfer(
                IRegister.Transfer(o.security, ALICE, BOB, 100, IRegister.Reason.Agreed), evidence(), none()
            );
            if (i == 1) {
                (bytes16[] memory holders, uint80[] memory amounts) = one(ALICE, 1);
                maker();
                vm.expectRevert(abi.encodeWithSelector(IRegister.RegisterInterval.selector, ALICE, 0, 5));
                book.issue(o.security, holders, amounts, evidence(), none());
            } else {
                _issueOf(o.security, ALICE, 1);
            }
        }
    }

    function testAnIssueIsOfMatchingListsAndFits() public {
        openShares(opening());
        (bytes16[] memory holders, uint80[] memory amounts) = one(ALICE, type(uint80).max);
        maker();
        vm.expectRevert(abi.encodeWithSelector(IRegister.RegisterLengths.selector));
        book.issue(SHARES, holders, new uint80[](2), evidence(), none());
        maker();
        book.issue(SHARES, holders, amounts, evidence(), none());
        _refuseIssue(BOB, 1, abi.encodeWithSelector(Securities.SecurityOverflow.selector));
        _refuseIssue(ALICE, 1, abi.encodeWithSelector(Securities.SecurityOverflow.selector));
        assertEq(book.positionOf(SHARES, ALICE).units, type(uint80).max);
    }

    function testACountBeyond32BitsIsRefused() public {
        assertEq(this.counted(type(uint32).max), uint256(type(uint32).max) << 144);
        vm.expectRevert(abi.encodeWithSelector(Securities.SecurityOverflow.selector));
        this.counted(uint256(type(uint32).max) + 1);
    }

    function counted(uint256 count) external pure returns (uint256) {
        return Securities.withCount(0, count);
    }

    function testNothingIsIssuedOutOfCustody() public {
        _refuseIssue(ALICE, 1, abi.encodeWithSelector(IRegister.RegisterState.selector, SHARES, 0));
        openShares(opening());
        issueTo(ALICE, 600);
        admitShares(600);
        maker();
        book.setState(SHARES, IRegister.State.Suspended, evidence(), none());
        _refuseIssue(ALICE, 1, abi.encodeWithSelector(IRegister.RegisterState.selector, SHARES, 3));
    }

    // ---- recount

    function testARaisedAddendCountsFromTheRecountOn() public {
        openShares(opening());
        issueTo(ALICE, 600);
        maker();
        book.setAddend(ALICE, 3, evidence(), none());
        assertEq(book.securityOf(SHARES).count, 1);
        vm.expectEmit(address(book));
        emit IRegister.CapExceeded(SHARES, 4, 3);
        maker();
        book.recount(SHARES, ALICE, evidence(), none());
        assertEq(book.securityOf(SHARES).count, 4);
        assertEq(book.positionOf(SHARES, ALICE).addend, 3);
        maker();
        book.recount(SHARES, BOB, evidence(), none());
        assertEq(book.securityOf(SHARES).count, 4);
        maker();
        vm.expectRevert(abi.encodeWithSelector(IRegister.RegisterInvestorUnknown.selector, NOBODY));
        book.recount(SHARES, NOBODY, evidence(), none());
        maker();
        vm.expectRevert(abi.encodeWithSelector(IRegister.RegisterState.selector, bytes16(0), 0));
        book.recount(bytes16(0), ALICE, evidence(), none());
    }

    // ---- typed data

    /// @dev Every act of a checked market passes with what the checker signed.
    function testTheCheckerSignsWhatIsWrittenDown() public {
        bytes16[2] memory both = [ALICE, BOB];
        for (uint256 i = 0; i < 2; ++i) {
            bytes memory fields = abi.encode(both[i], person(LONG, 0));
            Authorisation[] memory opened =
                by(strict, "OpenInvestor(bytes16 investor,uint8 kind,uint24 suitableUntil,uint16 addend,", fields, CHECKER);
            maker();
            strict.openInvestor(both[i], person(LONG, 0), evidence(), opened);
        }
        Authorisation[] memory auths = by(strict, string.concat(OPEN, TERMS), abi.encode(opening()), CHECKER);
        maker();
        strict.openSecurity(opening(), evidence(), auths);
        (bytes16[] memory holders, uint80[] memory amounts) = one(ALICE, 600);
        auths = by(
            strict, ISSUE, abi.encode(SHARES, keccak256(abi.encode(ALICE)), keccak256(abi.encode(uint80(600)))), CHECKER
        );
        maker();
        strict.issue(SHARES, holders, amounts, evidence(), auths);
        auths = by(strict, ADMIT, abi.encode(SHARES, uint80(600)), CHECKER);
        maker();
        strict.admit(SHARES, 600, evidence(), auths);
        auths = by(strict, TRANSFER, abi.encode(deal(ALICE, BOB, 100)), CHECKER);
        maker();
        strict.transfer(deal(ALICE, BOB, 100), evidence(), auths);
        auths = by(strict, RECOUNT, abi.encode(SHARES, BOB), CHECKER);
        maker();
        strict.recount(SHARES, BOB, evidence(), auths);
        auths = by(strict, STATE, abi.encode(SHARES, IRegister.State.Exited), CHECKER);
        maker();
        strict.setState(SHARES, IRegister.State.Exited, evidence(), auths);
        assertEq(strict.positionOf(SHARES, BOB).units, 100);
    }

    function _issueOf(bytes16 security, bytes16 who, uint80 units) private {
        (bytes16[] memory holders, uint80[] memory amounts) = one(who, units);
        maker();
        book.issue(security, holders, amounts, evidence(), none());
    }

    function _refuseIssue(bytes16 who, uint80 units, bytes memory reason) private {
        (bytes16[] memory holders, uint80[] memory amounts) = one(who, units);
        maker();
        vm.expectRevert(reason);
        book.issue(SHARES, holders, amounts, evidence(), none());
    }

    function _expectState(IRegister.State state) private {
        vm.expectRevert(abi.encodeWithSelector(IRegister.RegisterState.selector, SHARES, state));
    }

    function _expectStateOn(IRegister.State state) private {
        maker();
        _expectState(state);
    }
}
