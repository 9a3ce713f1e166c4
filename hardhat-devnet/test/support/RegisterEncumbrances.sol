// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Authorisation} from "../../contracts/identity/IAuthorised.sol";
import {IEquityRegister} from "../../contracts/register/IEquityRegister.sol";
import {IRegister} from "../../contracts/register/IRegister.sol";
import {IRegisterLiens} from "../../contracts/register/IRegisterLiens.sol";
import {Registers} from "./Registers.sol";

/// @dev Acts on liens with the signatures that they need, and lots to compare with. The type strings repeat docs/spec/register.md.
abstract contract RegisterEncumbrances is Registers {
    uint256 internal constant PLEDGEE = 0xc005;
    uint256 internal constant OTHER_PLEDGEE = 0xc006;
    uint24 internal constant DAY = uint24(TODAY);
    uint24 internal constant NEXT_YEAR = DAY + 365;

    string internal constant OPEN_LIEN =
        "OpenLien(bytes16 security,bytes16 investor,uint8 lien,uint80 units,uint40 since,uint24 until,address secured,";
    string internal constant RELEASE = "ReleaseLien(bytes16 security,bytes16 investor,uint16 number,uint80 units,";
    string internal constant REVOKE = "RevokePledge(bytes16 security,bytes16 investor,uint16 number,uint80 units,";
    string internal constant EXTEND = "ExtendLien(bytes16 security,uint16 number,uint24 until,";
    string internal constant ENFORCE =
        "EnforceLien(bytes16 security,uint16 number,bytes16 from,bytes16 to,uint80 units,";
    string internal constant PLEDGED =
        "TransferPledged(bytes16 security,bytes16 from,bytes16 to,uint80 units,uint8 reason,uint16 number,";
    string internal constant ESTATE =
        "TransferEstate(bytes16 security,bytes16 from,bytes16 to,uint80 units,uint8 reason,uint176 lot,";

    bytes16 internal constant OLD_SHARES = bytes16(uint128(0x01d));

    /// @dev Another share in custody, of which Alice holds 600, not confirmed, and Bob 400.
    function foundUnconfirmed() internal {
        IEquityRegister.Opening memory o = opening();
        o.security = OLD_SHARES;
        openShares(o);
        (bytes16[] memory who, uint80[] memory units) = (new bytes16[](2), new uint80[](2));
        (who[0], who[1], units[0], units[1]) = (ALICE, BOB, 600, 400);
        maker();
        book.issue(OLD_SHARES, who, units, evidence(), none());
        maker();
        book.confirm(OLD_SHARES, list(ALICE), false, evidence(), none());
        maker();
        book.admit(OLD_SHARES, 1000, evidence(), none());
    }

    function list(bytes16 who) internal pure returns (bytes16[] memory one_) {
        one_ = new bytes16[](1);
        one_[0] = who;
    }

    // ---- opening

    function opening(IRegister.LienKind kind, bytes16 who, uint80 units)
        internal
        pure
        returns (IRegisterLiens.LienOpening memory o)
    {
        (o.security, o.investor, o.lien, o.units) = (SHARES, who, kind, units);
        if (kind == IRegister.LienKind.Pledge) o.secured = vm.addr(PLEDGEE);
        if (kind == IRegister.LienKind.Freeze) (o.since, o.until) = (uint40(NOW), NEXT_YEAR);
    }

    function encumber(IRegisterLiens.LienOpening memory o, Authorisation[] memory auths) internal {
        maker();
        book.encumber(o, evidence(), auths);
    }

    function pledge(bytes16 who, uint80 units) internal returns (uint16) {
        encumber(opening(IRegister.LienKind.Pledge, who, units), none());
        return book.securityOf(SHARES).liens;
    }

    function seize(bytes16 who, uint80 units) internal returns (uint16) {
        encumber(opening(IRegister.LienKind.Freeze, who, units), none());
        return book.securityOf(SHARES).liens;
    }

    function freezeUntil(bytes16 who, uint80 units, uint24 until) internal returns (uint16) {
        IRegisterLiens.LienOpening memory o = opening(IRegister.LienKind.Freeze, who, units);
        o.until = until;
        encumber(o, none());
        return book.securityOf(SHARES).liens;
    }

    /// @dev A lock without an end.
    function lock(bytes16 who, uint80 units) internal returns (uint16) {
        encumber(opening(IRegister.LienKind.Lock, who, units), none());
        return book.securityOf(SHARES).liens;
    }

    function refuseOpening(IRegisterLiens.LienOpening memory o, bytes memory reason) internal {
        maker();
        vm.expectRevert(reason);
        book.encumber(o, evidence(), none());
    }

    // ---- ending

    function toRelease(bytes16 who, uint16 number, uint80 units) internal pure returns (IRegisterLiens.LienRelease memory) {
        return IRegisterLiens.LienRelease(SHARES, who, number, units);
    }

    function release(bytes16 who, uint16 number, uint80 units, uint256 key) internal {
        IRegisterLiens.LienRelease memory act = toRelease(who, number, units);
        Authorisation[] memory auths = by(book, RELEASE, abi.encode(act), key);
        maker();
        book.release(act, evidence(), auths);
    }

    function refuseRelease(bytes16 who, uint16 number, uint80 units, uint256 key, bytes memory reason) internal {
        IRegisterLiens.LienRelease memory act = toRelease(who, number, units);
        Authorisation[] memory auths = by(book, RELEASE, abi.encode(act), key);
        maker();
        vm.expectRevert(reason);
        book.release(act, evidence(), auths);
    }

    // ---- lots

    function lotOf(uint256 units, uint256 first, uint256 second, uint256 third) internal pure returns (uint256) {
        return units | first << 80 | second << 96 | third << 112;
    }

    /// @dev A position's lots are these (0: no more), and its words agree with them.
    function assertLots(bytes16 who, uint256 first, uint256 second, uint256 third, uint256 fourth) internal view {
        uint256[4] memory wanted = [first, second, third, fourth];
        uint256[] memory lots = book.lotsOf(SHARES, who);
        uint256 sum = 0;
        for (uint256 i = 0; i < lots.length; ++i) {
            assertEq(lots[i], wanted[i]);
            sum += uint80(lots[i]);
        }
        if (lots.length < 4) assertEq(wanted[lots.length], 0);
        assertEq(book.positionOf(SHARES, who).encumbered, sum);
        assertEq(book.positionOf(SHARES, who).lots, lots.length);
    }

    function coverOf(uint16 number) internal view returns (uint256) {
        return book.lienOf(SHARES, number).units;
    }

    function unitsOf(bytes16 who) internal view returns (uint256) {
        return book.positionOf(SHARES, who).units;
    }

    // ---- reasons of refusal

    function needs(bytes32 role) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IRegister.RegisterNeeds.selector, role);
    }

    function tooMany(uint256 wanted, uint256 free) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IRegister.RegisterUnits.selector, wanted, free);
    }

    function noLien(uint16 number) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IRegister.RegisterLien.selector, number);
    }

    function wrongKind(uint16 number, IRegister.LienKind kind) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IRegister.RegisterLienKind.selector, number, kind);
    }

    function offTerm(uint256 day, uint256 first, uint256 last) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IRegister.RegisterTerm.selector, day, first, last);
    }

    function noConsent(uint256 key) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IRegister.RegisterConsent.selector, vm.addr(key));
    }

    function zero() internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IRegister.RegisterZero.selector);
    }
}
