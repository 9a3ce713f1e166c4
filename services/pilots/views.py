"""What the context shows to others: values without a session behind them. Times are UTC milliseconds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chain.proof.manifest import FileEntry

__all__ = [
    "ActionView",
    "ApplicationView",
    "ChainStanding",
    "CommentReceipt",
    "CommentView",
    "CompletenessView",
    "ConfirmationView",
    "EventDetail",
    "EventView",
    "Fault",
    "Item",
    "MaterialFiles",
    "MaterialView",
    "ProjectView",
    "PublicView",
    "QueueItem",
    "RulebookView",
    "StepRequest",
]


@dataclass(frozen=True, slots=True)
class RulebookView:
    """A rulebook with its settings (规则手册) as activated; ``settings_name`` names the file of the settings."""

    id: str
    version: str
    title: str
    region: int
    log_id: str
    state: str
    document: bytes
    settings_name: str
    settings: Mapping[str, Any]
    decided_by: str
    sample: bool
    operation_id: str
    created_at: int
    decided_at: int | None
    book: Any = field(repr=False, default=None)


@dataclass(frozen=True, slots=True)
class ProjectView:
    """A project as who may read it sees it; days are ISO dates in Shanghai, None while there is none."""

    id: str
    rulebook_id: str
    version: str
    region: int
    track: str
    title: str
    lead_id: str
    applicants: tuple[str, ...]
    state: str
    state_term: str
    flags: tuple[str, ...]
    items: Mapping[str, tuple[int, ...]]
    notice_from: str | None
    ends_on: str | None
    count: int
    last_leaf: bytes | None
    draft_version: int
    pending: tuple[str, ...]
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True)
class PublicView:
    """What a notice and a launch made public of a project; nothing of its form or its materials."""

    id: str
    region: int
    version: str
    state: str
    state_term: str
    notice_from: str | None
    ends_on: str | None
    published: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class MaterialView:
    """One version of a material; ``owner`` of one that each institution files."""

    code: str
    owner: str | None
    version: int
    institution_id: str
    manifest_id: str
    manifest_leaf: bytes
    details: Mapping[str, Any]
    record_id: str
    created_at: int


@dataclass(frozen=True, slots=True)
class MaterialFiles:
    """A material with what its manifest names; no files when that was erased."""

    material: MaterialView
    files: tuple[FileEntry, ...]


@dataclass(frozen=True, slots=True)
class ConfirmationView:
    """An applicant's signature over the present state of the application."""

    institution_id: str
    draft_version: int
    record_id: str
    created_at: int


@dataclass(frozen=True, slots=True)
class ApplicationView:
    """The application form with what is signed to confirm it: ``statement`` and its ``digest``."""

    project_id: str
    version: int
    form: Mapping[str, Any]
    statement: Mapping[str, Any]
    digest: bytes
    materials: tuple[MaterialView, ...]
    confirmations: tuple[ConfirmationView, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """What stands against an act: where, which rule of which source, and the value that offends.

    ``text`` is the rule in Chinese; what is not ``mandatory`` would only help.
    """

    field: str
    rule: str
    source: str
    message: str
    value: Any = None
    text: str = ""
    mandatory: bool = True

    def document(self) -> dict[str, Any]:
        """For a problem document."""
        return {
            "field": self.field,
            "rule": self.rule,
            "source": self.source,
            "message": self.message,
            "value": self.value,
            "text": self.text,
            "mandatory": self.mandatory,
        }


@dataclass(frozen=True, slots=True)
class CompletenessView:
    """What is missing before ``action``, why, and where the rule says so; nothing mandatory when ``complete``."""

    project_id: str
    action: str
    digest: bytes
    faults: tuple[Fault, ...]

    @property
    def complete(self) -> bool:
        """Whether the application can be submitted."""
        return not any(each.mandatory for each in self.faults)


@dataclass(frozen=True, slots=True)
class Item:
    """A document that a step or fact is to rest on: its code and the record that evidences it."""

    code: str
    record_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRequest:
    """A step that is asked for. ``value``: an item's number, or a day; ``content`` what the decision says.

    ``public`` is shown to everybody once the step stands.
    """

    action: str
    value: int = 0
    content: Mapping[str, Any] = field(default_factory=dict)
    evidence: Sequence[Item] = ()
    public: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class EventView:
    """One event of a project's timeline (时间线)."""

    seq: int
    phase: str
    name: str
    actor_id: str
    body: str | None
    rule: str | None
    source: str | None
    value: int
    evidence: tuple[Mapping[str, str], ...]
    record_id: str
    leaf_hash: bytes
    operation_id: str | None
    outcome: str | None
    request: int | None
    reason: str | None
    signer: str | None
    state: str | None
    tx_hash: str | None
    block_number: int | None
    accepted_at: int
    sealed: bool


@dataclass(frozen=True, slots=True)
class EventDetail:
    """An event with what its record says; None for who may not read that, or when it was erased."""

    event: EventView
    content: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class ActionView:
    """Something that can be done now: by whom, under which rule, and what it must bring."""

    action: str
    body: str
    rule: str
    to: str | None
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QueueItem:
    """A project that waits for the caller, and for what."""

    project: ProjectView
    since: int
    actions: tuple[ActionView, ...]
    signatures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CommentView:
    """A public comment; ``content`` only for who may read the project's application."""

    number: int
    state: str
    record_id: str
    received_at: int
    content: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class CommentReceipt:
    """What a commenter keeps: the comment's number, a signed acknowledgement, and what opens the leaf's commitment."""

    project_id: str
    number: int
    origin: str
    index: int
    leaf: bytes
    leaf_hash: bytes
    accepted_at: int
    anchor_by: int
    acknowledgement: str
    document: Mapping[str, Any]
    secret: bytes


@dataclass(frozen=True, slots=True)
class ChainStanding:
    """What the contract itself says of a project now."""

    state: str
    flags: tuple[str, ...]
    notice_from: str | None
    ends_on: str | None
    count: int
    last_leaf: bytes
    stream: bytes
    rulebook: str
