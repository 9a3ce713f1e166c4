// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Authorisation} from "../../contracts/identity/IAuthorised.sol";
import {IEquityRegister} from "../../contracts/register/IEquityRegister.sol";
import {IRegister} from "../../contracts/register/IRegister.sol";
import {IRegisterActions} from "../../contracts/register/IRegisterActions.sol";
import {IRegisterLiens} from "../../contracts/register/IRegisterLiens.sol";
import {RegisterEncumbrances} from "./RegisterEncumbrances.sol";

/// @dev Everybody agrees to everything that the operator tries with liens on three holders' units. What may not happen: an act that fails
/// without a reason, and units that are available and cannot be had.
contract RegisterLienActors is RegisterEncumbrances {
    uint256 private constant INVESTORS = 3;

    string public violation;
    mapping(bytes4 act => uint256) public done;
    uint256 private _day = TODAY;
    uint256 private _action;

    constructor() {
        foundRegisters();
        IEquityRegister.Opening memory o = opening();
        (o.terms.cap, o.terms.interval) = (200, 0);
        openShares(o);
        for (uint256 i = 0; i < INVESTORS; ++i) {
            openInvestor(idOf(i), LONG, 0);
            issueTo(idOf(i), 100);
        }
        admitShares(300);
    }

    function idOf(uint256 i) public pure returns (bytes16) {
        return bytes16(uint128(0x1000 + i % INVESTORS));
    }

    function chain() external view returns (IEquityRegister) {
        return book;
    }

    // ---- what the operator tries

    function encumber(uint256 who, uint256 kind, uint256 units, uint256 since, uint256 until) external {
        IRegisterLiens.LienOpening memory o =
            opening(IRegister.LienKind(1 + kind % 3), idOf(who), uint80(1 + units % 120));
        if (o.lien == IRegister.LienKind.Freeze) o.since = uint40(NOW - since % 5);
        if (o.lien != IRegister.LienKind.Pledge) o.until = uint24(_day + until % 20);
        _try(abi.encodeCall(book.encumber, (o, evidence(), _agreed(OPEN_LIEN, abi.encode(o)))));
    }

    function release(uint256 who, uint256 number, uint256 units) external {
        IRegisterLiens.LienRelease memory act = toRelease(idOf(who), _numberOf(who, number), uint80(1 + units % 60));
        _try(abi.encodeCall(book.release, (act, evidence(), _agreed(RELEASE, abi.encode(act)))));
    }

    function extend(uint256 who, uint256 number, uint256 until) external {
        uint24 day = uint24(_day + until % 30);
        uint16 lien = _numberOf(who, number);
        _try(
            abi.encodeCall(
                book.extend, (SHARES, lien, day, evidence(), _agreed(EXTEND, abi.encode(SHARES, lien, day)))
            )
        );
    }

    function enforce(uint256 from, uint256 to, uint256 number, uint256 units) external {
        IRegisterLiens.Enforcement memory act =
            IRegisterLiens.Enforcement(SHARES, _numberOf(from, number), idOf(from), idOf(to), uint80(1 + units % 60));
        _try(abi.encodeCall(book.enforce, (act, evidence(), _agreed(ENFORCE, abi.encode(act)))));
    }

    function transferPledged(uint256 from, uint256 to, uint256 number, uint256 units) external {
        IRegister.Transfer memory act = deal(idOf(from), idOf(to), uint80(1 + units % 40));
        uint16 lien = _numberOf(from, number);
        _try(abi.encodeCall(book.transferPledged, (act, lien, evidence(), _agreed(PLEDGED, abi.encode(act, lien)))));
    }

    function transferEstate(uint256 from, uint256 to, uint256 place, uint256 units) external {
        uint256[] memory lots = book.lotsOf(SHARES, idOf(from));
        if (lots.length == 0) return;
        uint256 lot = lots[place % lots.length];
        IRegister.Transfer memory act = deal(idOf(from), idOf(to), uint80(1 + units % uint80(lot)));
        act.reason = IRegister.Reason.Inheritance;
        _try(abi.encodeCall(book.transferEstate, (act, uint176(lot >> 80), evidence(), none())));
    }

    /// @dev What is available can be had, whatever liens are over.
    function spend(uint256 from, uint256 to) external {
        uint256 available = book.availableOf(SHARES, idOf(from));
        if (available == 0 || idOf(from) == idOf(to)) return;
        IRegister.Transfer memory act = deal(idOf(from), idOf(to), uint80(available));
        act.reason = IRegister.Reason.Gift;
        bool passed = _try(abi.encodeCall(book.transfer, (act, evidence(), none())));
        _note(passed, "available units were not to be had");
        _note(book.availableOf(SHARES, idOf(from)) == 0, "more than the available units was available");
    }

    function bonus(uint256 numerator) external {
        IRegisterActions.Payout memory payout = IRegisterActions.Payout(
            SHARES, bytes16(uint128(++_action)), uint32(1 + numerator % 3), 10, new bytes16[](INVESTORS)
        );
        for (uint256 i = 0; i < INVESTORS; ++i) payout.investors[i] = idOf(i);
        _note(_try(abi.encodeCall(book.bonus, (payout, evidence(), none()))), "a bonus was refused");
    }

    function cancel(uint256 who, uint256 units) external {
        (bytes16[] memory whom, uint80[] memory amounts) = one(idOf(who), uint80(1 + units % 20));
        bytes memory fields =
            abi.encode(SHARES, keccak256(abi.encodePacked(whom)), keccak256(abi.encodePacked(amounts)));
        Authorisation[] memory auths =
            by(book, "CancelUnits(bytes16 security,bytes16[] investors,uint80[] units,", fields, CHECKER);
        _try(abi.encodeCall(book.cancel, (SHARES, whom, amounts, evidence(), auths)));
    }

    function sweep(uint256 who) external {
        book.sweep(SHARES, idOf(who));
    }

    /// @dev Stays within the published year.
    function wait_(uint256 days_) external {
        if (_day + 9 > NEW_YEAR + 364) return;
        _day += days_ % 9;
        atDay(_day);
    }

    // ---- helpers

    /// @dev A lien that lies on a holder's units, most times.
    function _numberOf(uint256 who, uint256 seed) private view returns (uint16) {
        uint256[] memory lots = book.lotsOf(SHARES, idOf(who));
        if (lots.length == 0 || seed % 16 == 0) return uint16(seed % 8);
        uint256 lot = lots[seed % lots.length];
        uint16 number = uint16(lot >> (80 + 16 * ((seed >> 8) % 3)));
        return number == 0 ? uint16(lot >> 80) : number;
    }

    function _agreed(string memory action, bytes memory fields) private returns (Authorisation[] memory auths) {
        auths = new Authorisation[](3);
        auths[0] = by(book, action, fields, LIAISON)[0];
        auths[1] = by(book, action, fields, PLEDGEE)[0];
        auths[2] = by(book, action, fields, CHECKER)[0];
    }

    function _try(bytes memory call) private returns (bool passed) {
        bytes memory answer;
        maker();
        (passed, answer) = address(book).call(call);
        if (passed) ++done[bytes4(call)];
        _note(passed || (answer.length >= 4 && bytes4(answer) != 0x4e487b71), "an act failed without a reason");
    }

    function _note(bool right, string memory what) private {
        if (!right && bytes(violation).length == 0) violation = what;
    }
}
