// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IEquityRegister} from "../../contracts/register/IEquityRegister.sol";
import {IRegister} from "../../contracts/register/IRegister.sol";
import {Registers} from "./Registers.sol";

/// @dev The operator tries anything with five investors and a share whose cap is 4, and a model that counts weekdays one by one says what
/// must come of it. The first thing on which chain and model disagree is noted.
contract RegisterActors is Registers {
    uint256 private constant INVESTORS = 5;
    uint256 private constant CAP = 4;
    uint256 private constant INTERVAL = 5;

    struct Holder {
        uint256 units;
        uint256 counted;
        uint256 addend;
        uint256 suitableUntil;
        uint256 bought;
        uint256 sold;
        uint256 changes;
    }

    string public violation;
    mapping(bytes4 verdict => uint256) public seen;
    Holder[INVESTORS] public holders;
    uint256 public issued;
    uint256 private _day = TODAY;

    constructor() {
        foundRegisters();
        IEquityRegister.Opening memory o = opening();
        o.terms.cap = uint32(CAP);
        openShares(o);
        for (uint256 i = 0; i < INVESTORS; ++i) {
            openInvestor(idOf(i), LONG, 0);
            holders[i].suitableUntil = LONG;
        }
        for (uint256 i = 0; i < 2; ++i) {
            issueTo(idOf(i), 500);
            (holders[i].units, holders[i].changes) = (500, 1);
        }
        issued = 1000;
        admitShares(1000);
    }

    function idOf(uint256 i) public pure returns (bytes16) {
        return bytes16(uint128(0x1000 + i));
    }

    function chain() external view returns (IEquityRegister) {
        return book;
    }

    // ---- what the operator tries

    function transfer(uint256 from, uint256 to, uint256 units, uint256 reason) external {
        (from, to) = (from % INVESTORS, to % INVESTORS);
        IRegister.Transfer memory act = deal(idOf(from), idOf(to), uint80(units % 4 == 0 ? holders[from].units : units % 400));
        act.reason = IRegister.Reason(reason % 10 < 6 ? 0 : reason % 6);
        bytes4 wanted = _judge(from, to, act.units, act.reason);
        maker();
        try book.transfer(act, evidence(), none()) {
            _note(wanted == 0, "a transfer was let through");
            ++seen[bytes4(0)];
            _apply(from, to, act.units, act.reason == IRegister.Reason.Agreed);
        } catch (bytes memory reason_) {
            _note(bytes4(reason_) == wanted, "a transfer was refused for another reason");
            ++seen[bytes4(reason_)];
        }
    }

    function subscribe(uint256 who, uint256 units) external {
        who %= INVESTORS;
        units = 1 + units % 300;
        Holder storage h = holders[who];
        bytes4 wanted = 0;
        if (h.suitableUntil < _day) wanted = IRegister.RegisterUnsuitable.selector;
        else if (h.sold != 0 && _tradingDays(h.sold) < INTERVAL) wanted = IRegister.RegisterInterval.selector;
        else if (h.units == 0 && count() + 1 + h.addend > CAP) wanted = IRegister.RegisterCap.selector;
        (bytes16[] memory list, uint80[] memory amounts) = one(idOf(who), uint80(units));
        maker();
        try book.issue(SHARES, list, amounts, evidence(), none()) {
            _note(wanted == 0, "a subscription was let through");
            (h.units, h.bought, h.counted) = (h.units + units, _day, h.addend);
            ++h.changes;
            issued += units;
        } catch (bytes memory reason) {
            _note(bytes4(reason) == wanted, "a subscription was refused for another reason");
        }
    }

    function raise(uint256 who, uint256 by_) external {
        Holder storage h = holders[who % INVESTORS];
        h.addend += by_ % 3 == 0 ? 1 : 0;
        maker();
        book.setAddend(idOf(who % INVESTORS), uint16(h.addend), evidence(), none());
    }

    function recount(uint256 who) external {
        Holder storage h = holders[who % INVESTORS];
        h.counted = h.addend;
        ++h.changes;
        maker();
        book.recount(SHARES, idOf(who % INVESTORS), evidence(), none());
    }

    function suit(uint256 who, uint256 days_) external {
        Holder storage h = holders[who % INVESTORS];
        h.suitableUntil = _day + days_ % 40;
        maker();
        book.setSuitability(idOf(who % INVESTORS), uint24(h.suitableUntil), evidence(), none());
    }

    /// @dev Stays within the published year.
    function wait_(uint256 days_) external {
        if (_day + 9 > NEW_YEAR + 364) return;
        _day += days_ % 9;
        atDay(_day);
    }

    // ---- the model

    function count() public view returns (uint256 n) {
        for (uint256 i = 0; i < INVESTORS; ++i) n += _weight(holders[i]);
    }

    function _judge(uint256 from, uint256 to, uint256 units, IRegister.Reason reason) private view returns (bytes4) {
        (Holder memory giver, Holder memory taker) = (holders[from], holders[to]);
        if (reason == IRegister.Reason.Judicial) return IRegister.RegisterNeeds.selector;
        if (units == 0) return IRegister.RegisterZero.selector;
        if (from == to) return IRegister.RegisterSelf.selector;
        if (reason == IRegister.Reason.Agreed) {
            if (taker.suitableUntil < _day) return IRegister.RegisterUnsuitable.selector;
            bool soon = giver.bought != 0 && _tradingDays(giver.bought) < INTERVAL;
            if (soon || (taker.sold != 0 && _tradingDays(taker.sold) < INTERVAL)) {
                return IRegister.RegisterInterval.selector;
            }
        }
        if (units > giver.units) return IRegister.RegisterUnits.selector;
        if (taker.units != 0 || reason > IRegister.Reason.Gift) return 0;
        uint256 then = count() + 1 + taker.addend - (units == giver.units ? _weight(giver) : 0);
        return then > CAP && then > count() ? IRegister.RegisterCap.selector : bytes4(0);
    }

    function _apply(uint256 from, uint256 to, uint256 units, bool agreed) private {
        (Holder storage giver, Holder storage taker) = (holders[from], holders[to]);
        giver.units -= units;
        taker.units += units;
        taker.counted = taker.addend;
        ++giver.changes;
        ++taker.changes;
        if (agreed) (giver.sold, taker.bought) = (_day, _day);
    }

    function _tradingDays(uint256 after_) private view returns (uint256 n) {
        for (uint256 day = after_ + 1; day <= _day; ++day) if ((day + 3) % 7 < 5) ++n;
    }

    function _weight(Holder memory h) private pure returns (uint256) {
        return h.units == 0 ? 0 : 1 + h.counted;
    }

    function _note(bool right, string memory what) private {
        if (!right && bytes(violation).length == 0) violation = what;
    }
}
