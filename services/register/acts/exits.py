"""An exit from custody (退托管) that nobody has signed yet gives way to what came in between."""

from contextlib import suppress

from services.evidence.group import Group
from services.platform.errors import Conflict
from services.register.acts import repository
from services.register.parts import RegisterParts
from services.register.rules.values import State

__all__ = ["withdraw_exit"]

_SET_STATE = "set-state"


def withdraw_exit(parts: RegisterParts, group: Group, security_id: str, detail: str) -> None:
    """Takes back every undecided act that lets ``security_id`` leave custody; its guards are tried when asked again.

    One that is on its way to the chain stays: what comes after it waits in the same queue, and the chain says no.
    """
    for _, message, operation_id in repository.undecided(group.session, parts.chain, security_id, names=[_SET_STATE]):
        if int(message["state"]) == State.EXITED:
            with suppress(Conflict):
                parts.transactions.cancel(group, operation_id, detail=detail)
