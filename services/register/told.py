"""How a recovered log's records of the register are read: what they say, by member."""

from collections.abc import Iterator, Sequence

from chain.proof.canonical import JsonObject
from services.evidence.recovery.plan import Told
from services.register.names import FACT

__all__ = ["about", "body", "facts", "member", "number_of"]


def about(told: Told) -> str:
    """The security, company or account."""
    return str(told.document["subject"])


def body(told: Told) -> JsonObject:
    """What it says."""
    found = told.document["body"]
    return found if isinstance(found, dict) else {}


def member(told: Told, name: str) -> str:
    """A text, empty where there is none."""
    found = body(told).get(name)
    return found if isinstance(found, str) else ""


def number_of(told: Told, name: str) -> int:
    """A number, 0 where there is none."""
    found = body(told).get(name)
    return found if isinstance(found, int) else 0


def facts(told: Sequence[Told], *names: str, prefix: str = "") -> Iterator[tuple[str, Told]]:
    """The facts of these names, or those that begin so, with the rest of their names, in the order of the log."""
    for each in told:
        name = member(each, "fact") if each.type_name == FACT else ""
        if name in names:
            yield name, each
        elif prefix and name.startswith(prefix):
            yield name.removeprefix(prefix), each
