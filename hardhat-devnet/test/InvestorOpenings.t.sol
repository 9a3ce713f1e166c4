// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Authorisation, IAuthorised} from "../contracts/identity/IAuthorised.sol";
import {IInvestorBook} from "../contracts/register/IInvestorBook.sol";
import {IRegister} from "../contracts/register/IRegister.sol";
import {IRegisterActions} from "../contracts/register/IRegisterActions.sol";
import {Registers} from "./support/Registers.sol";

/// @dev Many investors in one act, each as if alone.
contract InvestorOpeningsTest is Registers {
    string private constant OPEN =
        "OpenInvestors(bytes16[] investors,uint8[] kinds,uint24[] suitableUntil,uint16[] addends,";

    function setUp() public {
        foundRegisters();
    }

    function testManyAreOpenedLikeOne() public {
        IRegisterActions.Openings memory wanted = _two();
        for (uint256 i = 0; i < 2; ++i) {
            vm.expectEmit(address(book));
            emit IInvestorBook.InvestorOpened(
                wanted.investors[i], wanted.kinds[i], wanted.suitableUntil[i], wanted.addends[i], evidence().commitment, evidence().leaf
            );
        }
        maker();
        book.openInvestors(wanted, evidence(), none());
        IInvestorBook.Investor memory found = book.investorOf(BOB);
        assertEq(uint256(found.kind), uint256(IRegister.Kind.Company));
        assertEq(found.suitableUntil, 20_000);
        assertEq(found.addend, 3);
        openShares(opening());
        issueTo(ALICE, 600);
        assertEq(book.positionOf(SHARES, ALICE).units, 600);
    }

    function testAllOrNone() public {
        openInvestor(BOB, LONG, 0);
        maker();
        vm.expectRevert(abi.encodeWithSelector(IInvestorBook.RegisterInvestorExists.selector, BOB));
        book.openInvestors(_two(), evidence(), none());
        assertEq(uint256(book.investorOf(ALICE).kind), 0);
    }

    function testNobodyTwiceInOneAct() public {
        IRegisterActions.Openings memory wanted = _two();
        wanted.investors[1] = ALICE;
        _refused(wanted, abi.encodeWithSelector(IInvestorBook.RegisterInvestorExists.selector, ALICE));
    }

    function testEachHasAPseudonymAndAKind() public {
        IRegisterActions.Openings memory wanted = _two();
        wanted.investors[1] = bytes16(0);
        _refused(wanted, abi.encodeWithSelector(IRegister.RegisterZero.selector));
        wanted = _two();
        wanted.kinds[0] = IRegister.Kind.None;
        _refused(wanted, abi.encodeWithSelector(IRegister.RegisterZero.selector));
    }

    function testTheListsBelongTogether() public {
        bytes memory lengths = abi.encodeWithSelector(IRegister.RegisterLengths.selector);
        IRegisterActions.Openings memory wanted = _two();
        wanted.kinds = new IRegister.Kind[](1);
        _refused(wanted, lengths);
        wanted = _two();
        wanted.suitableUntil = new uint24[](3);
        _refused(wanted, lengths);
        wanted = _two();
        wanted.addends = new uint16[](1);
        _refused(wanted, lengths);
    }

    function testNobodyElseOpens() public {
        vm.expectRevert(abi.encodeWithSelector(IRegister.RegisterNotOperator.selector, address(this)));
        book.openInvestors(_two(), evidence(), none());
    }

    function testACheckedMarketNeedsACheckerForTheWholeList() public {
        IRegisterActions.Openings memory wanted = _two();
        maker();
        vm.expectRevert(abi.encodeWithSelector(IRegister.RegisterNeeds.selector, CHECKER_ROLE));
        strict.openInvestors(wanted, evidence(), none());
        Authorisation[] memory auths = by(strict, OPEN, _fields(wanted), CHECKER);
        wanted.addends[1] = 4;
        maker();
        vm.expectRevert(abi.encodeWithSelector(IAuthorised.AuthorisationInvalid.selector, vm.addr(CHECKER)));
        strict.openInvestors(wanted, evidence(), auths);
        wanted.addends[1] = 3;
        maker();
        strict.openInvestors(wanted, evidence(), auths);
        assertEq(strict.investorOf(BOB).addend, 3);
    }

    function _refused(IRegisterActions.Openings memory wanted, bytes memory reason) private {
        maker();
        vm.expectRevert(reason);
        book.openInvestors(wanted, evidence(), none());
    }

    function _two() private pure returns (IRegisterActions.Openings memory wanted) {
        wanted = IRegisterActions.Openings(new bytes16[](2), new IRegister.Kind[](2), new uint24[](2), new uint16[](2));
        (wanted.investors[0], wanted.investors[1]) = (ALICE, BOB);
        (wanted.kinds[0], wanted.kinds[1]) = (IRegister.Kind.Person, IRegister.Kind.Company);
        (wanted.suitableUntil[0], wanted.suitableUntil[1]) = (LONG, 20_000);
        wanted.addends[1] = 3;
    }

    /// @dev Each list as EIP-712 has it: its elements as words, hashed.
    function _fields(IRegisterActions.Openings memory wanted) private pure returns (bytes memory) {
        return abi.encode(
            keccak256(abi.encodePacked(wanted.investors)),
            keccak256(abi.encodePacked(wanted.kinds)),
            keccak256(abi.encodePacked(wanted.suitableUntil)),
            keccak256(abi.encodePacked(wanted.addends))
        );
    }
}
