"""Facts (试点项目事实): what happened around a project, told by its applicants or by the bodies; it moves nothing."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chain.proof.canonical import JsonObject
from services.evidence.group import Group
from services.pilots.books import Book
from services.pilots.models import EventRow, ProjectRow
from services.pilots.projects.checking import OPINION, REVIEW
from services.pilots.projects.formats import OpinionForm, read_as
from services.pilots.steps.names import ELSEWHERE, FILLER, READING
from services.pilots.stream import Entry, Evidence, Stream
from services.pilots.views import Item
from services.platform.errors import Forbidden, Invalid

__all__ = ["FactRequest", "Facts", "check_fact"]

_KIND = re.compile(r"[a-z][a-z-]{1,31}(\.[a-z][a-z-]{0,31}){0,3}")
_OURS = frozenset({"draft", "material", "confirmation", "comment", ELSEWHERE, FILLER, READING})
_TOLD = re.compile(r"(duty|alert)\.")
"""How the names begin of what duties and alerts leave."""
_BY_BODIES = frozenset({OPINION, "conflict.declaration", "municipal.evaluation", "consultation"})
"""Kinds that only a body of the rulebook can tell of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactRequest:
    """A fact: its kind (``expert.opinion``, ``municipal.evaluation``), what it says, what it rests on."""

    kind: str
    content: Mapping[str, Any] = field(default_factory=dict)
    evidence: Sequence[Item] = ()


class Facts:
    """In units of the sequencer."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def add(
        self, group: Group, project: ProjectRow, actor: str, request: FactRequest, *, evidence: Sequence[Evidence]
    ) -> EventRow:
        """The fact as a leaf of the project's stream; also after its end, when duties go on."""
        said: JsonObject = {"kind": request.kind}
        if request.content:
            said["content"] = dict(request.content)
        entry = Entry(name=request.kind, actor=actor, content=said, evidence=evidence)
        event, _ = self._stream.append(group, project, entry)
        project.updated_at = group.now_ms
        return event


def check_fact(request: FactRequest, book: Book, *, applicant: bool, lead: bool) -> None:
    """Invalid or Forbidden unless who asks may tell of such a fact, in the shape that rules read."""
    actions = {each.action for each in book.rulebook.transitions}
    if not _KIND.fullmatch(request.kind) or request.kind in _OURS | actions or _TOLD.match(request.kind):
        raise Invalid(
            "/kind", "Expected the kind of a fact, such as expert.opinion; steps and comments have their own."
        )
    if applicant and request.kind in _BY_BODIES:
        raise Forbidden(f"{request.kind} is told by the bodies of the rulebook.", rule="pilot.decide")
    if request.kind == REVIEW and not lead:
        raise Forbidden("The lead institution reviews the materials of its co-applicants.", rule="pilot.act")
    if request.kind == OPINION:
        read_as(OpinionForm, request.content, "/content")
