"""What is told of a project, and what may be decided about it: pure. Days are numbers of dates in Shanghai.

``A25`` is the hard rule of the alert catalogue: a report overdue, an incident not reported, a plan changed without
approval, an extension beyond its limit, a pilot that runs past its end. The other codes are ours; those that only
remind close of themselves when their cause has gone.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.days import add_months, on
from services.pilots.duties import rules as duties
from services.pilots.rulebook.model import Deadline, Rulebook, RuleId

__all__ = [
    "BY_HAND", "CLOSED", "KINDS", "MOVES", "NEAR_DAYS", "NEW", "Cause", "Extension", "Owed", "Seen", "Signature",
    "causes", "moves_in", "past_end",
]  # fmt: skip

NEAR_DAYS = 14
"""So many days before a day matters, whoever must act is reminded."""
_HOUR_S = 3_600
_SOON_S = 24 * _HOUR_S
_WORKING_GROUP, _STB, _LEAD = "working_group", "stb", "lead"
NEW, CLOSED = "NEW", "CLOSED"
BY_HAND = "plan-unapproved"
"""The kind that no watch can see: a body raises it from what it has found out."""
MOVES: Mapping[str, tuple[tuple[str, ...], str]] = {
    "assign": (("NEW",), "ASSIGNED"),
    "investigate": (("ASSIGNED",), "INVESTIGATING"),
    "dismiss": (("INVESTIGATING",), "FALSE_POSITIVE"),
    "confirm": (("INVESTIGATING",), "CONFIRMED"),
    "measure": (("CONFIRMED",), "MEASURE"),
    "close": (("FALSE_POSITIVE", "MEASURE"), CLOSED),
}
"""The decisions about an alert: from which states, and to which."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of alert: its code, its Chinese term, whether it only reminds."""

    code: str
    term: str
    reminds: bool = False


KINDS: Mapping[str, Kind] = {
    "report-overdue": Kind("A25", "运行报告逾期"),
    "incident-unreported": Kind("A25", "异常情形未按期报告"),
    BY_HAND: Kind("A25", "方案变更未经同意而执行"),
    "extension-over-limit": Kind("A25", "延期超过 12 个月"),
    "second-extension": Kind("A25", "再次延期"),
    "past-end": Kind("A25", "到期后仍在运行"),
    "duty-overdue": Kind("P01", "义务逾期"),
    "tutoring-ended": Kind("P02", "辅导期满"),
    "correction-overdue": Kind("P03", "补正逾期"),
    "notice-ending": Kind("P04", "公示期将满", reminds=True),
    "end-near": Kind("P05", "试点将到期", reminds=True),
    "duty-near": Kind("P06", "义务将到期", reminds=True),
    "signature-near": Kind("P07", "待签署的授权将过期", reminds=True),
}
_OVERDUE = {"incident": "incident-unreported", "report": "report-overdue", "ad-hoc-report": "report-overdue"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why there is an alert; ``key`` is what makes it one and the same."""

    key: str
    kind: str
    rule: RuleId
    body: str
    day: int
    subject: int = 0
    proposal: str = ""


@dataclass(frozen=True, slots=True)
class Owed:
    """A duty that has not ended, with its due day."""

    number: int
    code: str
    state: str
    due: int


@dataclass(frozen=True, slots=True)
class Signature:
    """A step that waits for its body's signature until a moment (Unix seconds)."""

    seq: int
    body: str
    rule: RuleId
    until: int


@dataclass(frozen=True, slots=True)
class Extension:
    """An extension that stands: its place in the stream, the end before and after."""

    seq: int
    before: int
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the watch sees of a project. ``counted``: working days of the notice that are over, None while unknown.

    ``settled``: the end of the pilot has been answered by the step that the rulebook's deadline names.
    ``correction``: the place and the last day of the correction that is awaited.
    """

    state: str
    notice_from: int
    ends_on: int
    today: int
    now_s: int
    counted: int | None = None
    settled: bool = False
    duties: Sequence[Owed] = ()
    signatures: Sequence[Signature] = ()
    extensions: Sequence[Extension] = ()
    correction: tuple[int, int] | None = None


def causes(book: Rulebook, seen: Seen) -> Iterator[Cause]:
    """Everything that is to be told of a project now."""
    yield from _of_duties(book, seen)
    yield from _of_deadlines(book, seen)
    yield from _of_extensions(book, seen)
    for one in seen.signatures:
        if one.until - seen.now_s <= _SOON_S:
            day = (one.until + 8 * _HOUR_S) // 86_400
            yield Cause(
                key=f"signature/{one.seq}",
                kind="signature-near",
                rule=one.rule,
                body=one.body,
                day=day,
                subject=one.seq,
            )
    if seen.correction is not None and seen.correction[1] < seen.today:
        seq, due = seen.correction
        rule = next(row.rule for row in book.transitions if row.action == "correction.request")
        key = f"correction/{seq}"
        yield Cause(key=key, kind="correction-overdue", rule=rule, body=_WORKING_GROUP, day=due, subject=seq)


def moves_in(state: str, *, cleared: bool) -> Mapping[str, str]:
    """What can be decided in a state, and where it leads; what has gone by itself needs no measure to be closed."""
    found = {name: to for name, (states, to) in MOVES.items() if state in states}
    return {**found, "close": CLOSED} if cleared and state == "CONFIRMED" else found


def _of_duties(book: Rulebook, seen: Seen) -> Iterator[Cause]:
    for one in seen.duties:
        duty = duties.duty_of(book, one.code)
        if duty is None or one.due >= duties.NEVER:
            continue
        if one.due < seen.today:
            when, kind, body = "overdue", _OVERDUE.get(one.code, "duty-overdue"), duties.overseer(duty)
        elif one.due - seen.today <= NEAR_DAYS:
            when, kind = "near", "duty-near"
            body = duties.expected(duty, book.courses[duty.course], one.state) or duty.body
        else:
            continue
        key = f"{when}/{one.number}/{on(one.due).isoformat()}"
        yield Cause(key=key, kind=kind, rule=duty.rule, body=body, day=one.due, subject=one.number)


def _of_deadlines(book: Rulebook, seen: Seen) -> Iterator[Cause]:
    for one in book.deadlines:
        row = book.transition(seen.state, one.ends_with)
        if one.unit == "working-days" and row is not None and seen.counted is not None:
            if seen.counted + 1 >= (one.length or 0):
                key = f"{one.code}/{seen.notice_from}"
                body = _WORKING_GROUP
                yield Cause(
                    key=key, kind="notice-ending", rule=one.rule, body=body, day=seen.today, proposal=one.ends_with
                )
        elif one.unit == "months" and row is not None and seen.ends_on and past_end(seen):
            key = f"{one.code}/{seen.ends_on}"
            yield Cause(
                key=key, kind="tutoring-ended", rule=one.rule, body=row.body, day=seen.ends_on, proposal=one.ends_with
            )
        elif one.unit == "day" and seen.ends_on and not seen.settled and not _tutoring(book, seen):
            yield from _of_end(one, seen)


def _of_end(one: Deadline, seen: Seen) -> Iterator[Cause]:
    key = f"{seen.ends_on}"
    if past_end(seen):
        yield Cause(key=f"past-end/{key}", kind="past-end", rule=one.rule, body=_WORKING_GROUP, day=seen.ends_on)
    elif seen.ends_on - seen.today <= 2 * NEAR_DAYS:
        yield Cause(key=f"end/{key}", kind="end-near", rule=one.rule, body=_LEAD, day=seen.ends_on)


def _of_extensions(book: Rulebook, seen: Seen) -> Iterator[Cause]:
    row = next((each for each in book.transitions if each.action == "exit.implement.extend"), None)
    if row is None:
        return
    for number, one in enumerate(seen.extensions):
        broken = []
        if number:
            broken.append(("second-extension", row.forbids["extended"]))
        if row.months and one.after > add_months(one.before, row.months):
            broken.append(("extension-over-limit", row.term_rule or row.rule))
        for kind, rule in broken:
            yield Cause(key=f"{kind}/{one.seq}", kind=kind, rule=rule, body=_STB, day=one.after, subject=one.seq)


def past_end(seen: Seen) -> bool:
    """Whether the last day is over."""
    return seen.today > seen.ends_on > 0


def _tutoring(book: Rulebook, seen: Seen) -> bool:
    """Whether the end is that of a tutoring period, which has a deadline of its own."""
    return any(one.unit == "months" and book.transition(seen.state, one.ends_with) for one in book.deadlines)
