"""Why a witness does not sign."""

from __future__ import annotations

from chain.party.errors import PartyError
from chain.proof.canonical import JsonObject


class Refusal(PartyError):
    """Nothing is signed this time; asked again next round, since the fault may be passing.

    Args:
        kind: stable name, lower-case words joined by hyphens.
        detail: for people.
        evidence: what was seen, JSON-safe; written to the evidence folder once.
    """

    def __init__(self, kind: str, detail: str, evidence: JsonObject | None = None) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind
        self.detail = detail
        self.evidence = evidence


class Alarm(Refusal):
    """Proof of misbehaviour: two signed statements, or a signed and an anchored one, that contradict each other.

    Nothing more is signed for this log until a person has looked and cleared the alarm.
    """
