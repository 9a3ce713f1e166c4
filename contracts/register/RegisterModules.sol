// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {Authorisation} from "../identity/IAuthorised.sol";
import {IInstitutionRegistry} from "../identity/IInstitutionRegistry.sol";
import {IRegister} from "./IRegister.sol";
import {IRegisterActions} from "./IRegisterActions.sol";
import {IRegisterLiens} from "./IRegisterLiens.sol";
import {RegisterStorage} from "./RegisterStorage.sol";

/// @title What the register has two other contracts do, on its own storage and under its own address
/// @dev One contract may have 24,576 bytes of code (EIP-170). Each act that is delegated is named here, with its types; nothing falls through.
abstract contract RegisterModules is IRegisterLiens, IRegisterActions, RegisterStorage {
    /// @notice The code of the acts on liens.
    address public immutable liens;
    /// @notice The code of the acts on many positions.
    address public immutable actions;

    /// @notice A module works for another market than the register that is deployed with it.
    error RegisterModule(address module);

    /// @dev A function without a body of its own: its call goes to `module` as it came.
    modifier by(address module) {
        Address.functionDelegateCall(module, msg.data);
        _;
    }

    constructor(IRegisterLiens liens_, IRegisterActions actions_) {
        _requireSameMarket(liens_);
        _requireSameMarket(actions_);
        (liens, actions) = (address(liens_), address(actions_));
    }

    /// @inheritdoc IRegisterLiens
    function encumber(
        LienOpening calldata opening,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external by(liens) {}

    /// @inheritdoc IRegisterLiens
    function release(
        LienRelease calldata act,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external by(liens) {}

    /// @inheritdoc IRegisterLiens
    function revokePledge(
        LienRelease calldata act,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external by(liens) {}

    /// @inheritdoc IRegisterLiens
    function extend(
        bytes16 id,
        uint16 number,
        uint24 until,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external by(liens) {}

    /// @inheritdoc IRegisterLiens
    function enforce(
        Enforcement calldata act,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external by(liens) {}

    /// @inheritdoc IRegisterLiens
    function transferPledged(
        Transfer calldata act,
        uint16 number,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external by(liens) {}

    /// @inheritdoc IRegisterLiens
    function transferEstate(
        Transfer calldata act,
        uint176 lot,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external by(liens) {}

    /// @inheritdoc IRegisterLiens
    function sweep(bytes16 id, bytes16 who) external by(liens) {}

    /// @inheritdoc IRegisterActions
    function openInvestors(
        Openings calldata openings,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external by(actions) {}

    /// @inheritdoc IRegisterActions
    function transferBatch(
        Batch calldata acts,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external by(actions) {}

    /// @inheritdoc IRegisterActions
    function confirm(
        bytes16 id,
        bytes16[] calldata investors,
        bool confirmed,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external by(actions) {}

    /// @inheritdoc IRegisterActions
    function setOfficer(
        bytes16 id,
        bytes16 who,
        bool serving,
        uint24 leftOn,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external by(actions) {}

    /// @inheritdoc IRegisterActions
    function bonus(
        Payout calldata payout,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external by(actions) {}

    /// @inheritdoc IRegisterActions
    function cancel(
        bytes16 id,
        bytes16[] calldata investors,
        uint80[] calldata units,
        IInstitutionRegistry.Evidence calldata evidence,
        Authorisation[] calldata auths
    ) external by(actions) {}

    function _requireSameMarket(IRegister module) private view {
        bool same = address(module).code.length != 0 && address(module.registry()) == address(registry)
            && address(module.calendar()) == address(calendar) && module.region() == region && module.checked() == checked;
        if (!same) revert RegisterModule(address(module));
    }
}
