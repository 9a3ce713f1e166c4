// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Authorisation} from "../identity/IAuthorised.sol";
import {IInstitutionRegistry} from "../identity/IInstitutionRegistry.sol";
import {IRegister} from "./IRegister.sol";

/// @title Liens: pledges (质押), judicial freezes (司法冻结) and locks (锁定), each under a number of its own on the units it covers
/// @notice Encumbered units sit in lots. A lot has units and the numbers of all liens on them by rank: pledges and freezes by the moment
/// since which they are good, locks after them. No two lots of a position have the same liens. A lien whose last day is over hinders nothing
/// and leaves its lots with the next act that needs them, or by `sweep`.
interface IRegisterLiens is IRegister {
    /// @param units how many units it is to cover
    /// @param since Unix seconds. A freeze: when it was published (公示), which is its rank. A pledge and a lock: 0, for they are good from their
    /// registration on; in the first registration it may be the moment at which the pledge or lock was registered before
    /// @param until last day, in Shanghai. A freeze has one, a lock may, a pledge has none: 0
    /// @param secured who consents for a pledgee (质权人); zero for a freeze and a lock
    struct LienOpening {
        bytes16 security;
        bytes16 investor;
        LienKind lien;
        uint80 units;
        uint40 since;
        uint24 until;
        address secured;
    }

    struct LienRelease {
        bytes16 security;
        bytes16 investor;
        uint16 number;
        uint80 units;
    }

    struct Enforcement {
        bytes16 security;
        uint16 number;
        bytes16 from;
        bytes16 to;
        uint80 units;
    }

    /// @param units how many units it covers, over all positions; 0: it has ended, and its number is not given again
    struct Lien {
        LienKind kind;
        uint40 since;
        uint24 until;
        uint80 units;
        address secured;
    }

    event LienOpened(
        bytes16 indexed security,
        bytes16 indexed investor,
        uint16 indexed number,
        LienKind kind,
        uint80 units,
        uint40 since,
        uint24 until,
        address secured,
        bytes32 commitment,
        bytes32 leaf
    );
    event Released(
        bytes16 indexed security,
        bytes16 indexed investor,
        uint16 indexed number,
        uint256 units,
        bytes32 commitment,
        bytes32 leaf
    );
    event PledgeRevoked(
        bytes16 indexed security,
        bytes16 indexed investor,
        uint16 indexed number,
        uint256 units,
        bytes32 commitment,
        bytes32 leaf
    );
    event LienExtended(
        bytes16 indexed security, uint16 indexed number, uint24 before, uint24 until, bytes32 commitment, bytes32 leaf
    );
    /// @notice Units went to a buyer to satisfy a lien, and every lien on them ended: the `LienChanged` before, then the giver's and the
    /// buyer's `PositionChanged`.
    event Enforced(
        bytes16 indexed security, uint16 indexed number, uint256 units, Reason reason, bytes32 commitment, bytes32 leaf
    );
    /// @notice Pledged units went to another holder with the pledgee's consent, and the pledge ended on them.
    event PledgedTransferred(
        bytes16 indexed security, uint16 indexed number, uint256 units, Reason reason, bytes32 commitment, bytes32 leaf
    );
    /// @notice Units of one lot went to another holder with all their liens.
    event EstateTransferred(
        bytes16 indexed security, uint176 lot, uint256 units, Reason reason, bytes32 commitment, bytes32 leaf
    );

    /// @notice A pledge names who consents for the pledgee, another lien nobody.
    error RegisterSecured(address secured);
    error RegisterSince(uint256 since, uint256 first, uint256 last);
    /// @notice No lot of the giver has just these liens.
    error RegisterLot(uint176 lot);

    /// @notice Opens a lien under the security's next number. A pledge takes free and confirmed units only. A freeze and a lock take free
    /// units first, then those with the fewest liens, of these the newest. A freeze that so comes before a pledge or freeze which is there
    /// already needs the court liaison's (`register.court-liaison`) authorisation. A freeze ends within three years of its publication.
    function encumber(
        LienOpening calldata opening,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external;

    /// @notice Takes a lien off units: of those with the fewest liens first, of these the newest. Needs the authorisation of the pledgee, of the
    /// court's liaison, or, for a lock, of a checker.
    function release(
        LienRelease calldata act,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external;

    /// @notice Takes a pledge off units without its pledgee, by a document that has the force of law (撤销出质登记). Needs a checker's and the
    /// regulator's authorisation.
    function revokePledge(
        LienRelease calldata act,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external;

    /// @notice Changes the last day of a freeze or lock that is not over. A freeze goes on for three years at most each time; to shorten it
    /// needs the court's liaison. To shorten a lock needs a checker.
    function extend(
        bytes16 security,
        uint16 number,
        uint24 until,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external;

    /// @notice Sells units to a named buyer to satisfy the lien that covers them; of those where it has the first rank first. A pledge needs the
    /// pledgee's authorisation, takes units where it ranks first and no lock lies, and needs the court's liaison besides where they are
    /// frozen; its buyer keeps the rules of an agreed act and its giver the lock-up of officers. A freeze needs the court's liaison.
    function enforce(
        Enforcement calldata act,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external;

    /// @notice Moves units on which nothing but this pledge lies, by agreement or as a gift, with the pledgee's authorisation (民法典 443). The
    /// rules of `transfer` hold.
    function transferPledged(
        Transfer calldata act,
        uint16 number,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external;

    /// @notice Moves units of one lot together with its liens to an heir, to whom a division gives them, or to a successor.
    /// @param lot by the numbers of its liens: its word >> 80
    function transferEstate(
        Transfer calldata act,
        uint176 lot,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external;

    /// @notice Takes the liens that are over off a position. Anybody may.
    function sweep(bytes16 security, bytes16 investor) external;
}
