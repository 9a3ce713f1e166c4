// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Authorisation} from "../../contracts/identity/IAuthorised.sol";
import {EquityRegister} from "../../contracts/register/EquityRegister.sol";
import {IEquityRegister} from "../../contracts/register/IEquityRegister.sol";
import {IInvestorBook} from "../../contracts/register/IInvestorBook.sol";
import {IRegister} from "../../contracts/register/IRegister.sol";
import {RegisterActions} from "../../contracts/register/RegisterActions.sol";
import {RegisterLiens} from "../../contracts/register/RegisterLiens.sol";
import {Pilots} from "./Pilots.sol";

/// @dev Two registers of one market, a checked one and one that is not, and everybody who signs. The type strings repeat
/// docs/spec/register.md.
abstract contract Registers is Pilots {
    uint256 internal constant MAKER = 0xc001;
    uint256 internal constant CHECKER = 0xc002;
    uint256 internal constant REGULATOR = 0xc003;
    uint256 internal constant LIAISON = 0xc004;

    bytes32 internal constant OPERATOR_ROLE = keccak256("register.operator");
    bytes32 internal constant CHECKER_ROLE = keccak256("register.checker");
    bytes32 internal constant REGULATOR_ROLE = keccak256("register.regulator");
    bytes32 internal constant LIAISON_ROLE = keccak256("register.court-liaison");

    bytes16 internal constant SHARES = bytes16(uint128(0x5ec));
    bytes16 internal constant ISSUER = bytes16(uint128(0x155));
    bytes16 internal constant ALICE = bytes16(uint128(0xa1));
    bytes16 internal constant BOB = bytes16(uint128(0xb0));
    bytes16 internal constant CAROL = bytes16(uint128(0xca));
    bytes16 internal constant NOBODY = bytes16(uint128(0xdead));
    uint24 internal constant LONG = type(uint24).max;
    string internal constant TAIL = "bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)";
    string internal constant TERMS =
        "uint8 form,uint16 kinds,uint32 cap,uint32 grandfathered,uint8 interval,bool subscriptionCounts,bytes16 basis,";

    EquityRegister internal book;
    EquityRegister internal strict;

    function foundRegisters() internal {
        foundPilots();
        publishWeekdays();
        book = foundRegister(false);
        strict = foundRegister(true);
        grantTo(OPERATOR_ROLE, MAKER);
        grantTo(CHECKER_ROLE, CHECKER);
        grantTo(REGULATOR_ROLE, REGULATOR);
        grantTo(LIAISON_ROLE, LIAISON);
    }

    function foundRegister(bool checked) internal returns (EquityRegister) {
        RegisterLiens liens = new RegisterLiens(registry, calendar, REGION, checked);
        RegisterActions actions = new RegisterActions(registry, calendar, REGION, checked);
        return new EquityRegister(registry, calendar, REGION, checked, liens, actions);
    }

    function grantTo(bytes32 role, uint256 key) internal {
        _grant(role, REGION, key, SHENZHEN);
    }

    // ---- signatures

    function none() internal pure returns (Authorisation[] memory) {
        return new Authorisation[](0);
    }

    function by(EquityRegister on, string memory action, bytes memory fields, uint256 key)
        internal
        returns (Authorisation[] memory auths)
    {
        auths = new Authorisation[](1);
        auths[0] = _sign(on, action, fields, key);
    }

    function byTwo(EquityRegister on, string memory action, bytes memory fields, uint256 first, uint256 second)
        internal
        returns (Authorisation[] memory auths)
    {
        auths = new Authorisation[](2);
        (auths[0], auths[1]) = (_sign(on, action, fields, first), _sign(on, action, fields, second));
    }

    function _sign(EquityRegister on, string memory action, bytes memory fields, uint256 key)
        private
        returns (Authorisation memory)
    {
        bytes memory all = bytes.concat(fields, abi.encode(evidence()));
        return authorise(address(on), "regseal EquityRegister", string.concat(action, TAIL), all, key);
    }

    // ---- acts of the operator that many tests start from

    function terms() internal pure returns (IEquityRegister.Terms memory) {
        return IEquityRegister.Terms(IEquityRegister.Form.Share, 2, 3, 0, 5, true, "REM-04");
    }

    function opening() internal pure returns (IEquityRegister.Opening memory) {
        return IEquityRegister.Opening(SHARES, ISSUER, REGION, terms());
    }

    function person(uint24 until, uint16 addend) internal pure returns (IInvestorBook.Investor memory) {
        return IInvestorBook.Investor(IRegister.Kind.Person, until, addend);
    }

    function deal(bytes16 from, bytes16 to, uint80 units) internal pure returns (IRegister.Transfer memory) {
        return IRegister.Transfer(SHARES, from, to, units, IRegister.Reason.Agreed);
    }

    function openInvestor(bytes16 id, uint24 until, uint16 addend) internal {
        maker();
        book.openInvestor(id, person(until, addend), evidence(), none());
    }

    function openShares(IEquityRegister.Opening memory o) internal {
        maker();
        book.openSecurity(o, evidence(), none());
    }

    function issueTo(bytes16 who, uint80 units) internal {
        (bytes16[] memory holders, uint80[] memory amounts) = one(who, units);
        maker();
        book.issue(SHARES, holders, amounts, evidence(), none());
    }

    function admitShares(uint80 capital) internal {
        maker();
        book.admit(SHARES, capital, evidence(), none());
    }

    function move(IRegister.Transfer memory act) internal {
        maker();
        book.transfer(act, evidence(), none());
    }

    function maker() internal {
        vm.prank(vm.addr(MAKER));
    }

    function one(bytes16 who, uint80 units) internal pure returns (bytes16[] memory holders, uint80[] memory amounts) {
        (holders, amounts) = (new bytes16[](1), new uint80[](1));
        (holders[0], amounts[0]) = (who, units);
    }

    /// @dev Alice holds 600 and Bob 400 of a share in custody; Carol could buy.
    function foundShares() internal {
        foundRegisters();
        openInvestor(ALICE, LONG, 0);
        openInvestor(BOB, LONG, 0);
        openInvestor(CAROL, LONG, 0);
        openShares(opening());
        issueTo(ALICE, 600);
        issueTo(BOB, 400);
        admitShares(1000);
    }
}
