"""The register's leaves (登记事项与登记事实): every one of them is written here, into the house log."""

from dataclasses import dataclass

from chain.proof.canonical import JsonObject
from chain.proof.types import Phase
from services.evidence.commands import Written
from services.evidence.group import Group
from services.evidence.service import EvidenceService
from services.register.names import ACT, FACT
from services.register.within import current

__all__ = ["Entry", "Stream", "stream_key"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is to be written. ``about``: the security, company or account whose stream it is."""

    name: str
    about: str
    actor: str
    body: JsonObject


class Stream:
    """Appends in units of the sequencer."""

    def __init__(self, evidence: EvidenceService) -> None:
        self._evidence = evidence

    def act(self, group: Group, entry: Entry, phase: Phase) -> Written:
        """A leaf of a command: what was asked for, or what the chain made of it (then ``request`` in the body)."""
        return self._write(group, entry, ACT, phase, {"act": entry.name})

    def fact(self, group: Group, entry: Entry) -> Written:
        """A leaf about something that the register learns and does not decide; who checked it, where somebody did."""
        inside = current()
        checked: JsonObject = {"checked": inside.checked} if inside is not None and inside.checked else {}
        return self._write(group, entry, FACT, Phase.EVENT, {"fact": entry.name, **checked})

    def _write(self, group: Group, entry: Entry, type_name: str, phase: Phase, what: JsonObject) -> Written:
        return self._evidence.write_command(
            group,
            type_name=type_name,
            phase=phase,
            subject=entry.about,
            actor=entry.actor,
            body={**what, **entry.body},
            stream_key=stream_key(entry.about),
        )


def stream_key(about: str) -> str:
    """The name of a stream within the house log. No institution's own stream can have it."""
    return f"register/{about}"
