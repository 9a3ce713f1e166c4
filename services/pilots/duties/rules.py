"""What may become of a duty: pure. Days are numbers (see :mod:`services.days`)."""

from dataclasses import dataclass

from services.days import add_months, on
from services.pilots.rulebook.courses import Course, Dates, Move, Mover
from services.pilots.rulebook.model import Duty, Rulebook
from services.platform.errors import Invalid, RuleRefused

__all__ = [
    "LAPSED", "LAPSED_TERM", "NEVER", "Moved", "day_text", "duty_of", "expected", "judge", "moved", "mover", "overseer",
    "round_due",
]  # fmt: skip

NEVER = 2**31 - 1
"""The due day of what nobody has set a day for; after every real one, so that lists sort."""
LAPSED, LAPSED_TERM = "LAPSED", "不再到期"
"""Where a periodic duty ends that had not come due when its project ended."""
_WORKING_GROUP, _STB = "working_group", "stb"


@dataclass(frozen=True, slots=True)
class Moved:
    """What a move makes of a duty: its state, its due day, and whether what was due was done too late."""

    move: Move
    body: str
    state: str
    due: int
    late: bool


def duty_of(book: Rulebook, code: str) -> Duty | None:
    """The duty of a code, None when the rulebook has no such duty."""
    return next((duty for duty in book.duties if duty.code == code), None)


def overseer(duty: Duty) -> str:
    """Who receives and urges: the body reported to, else the working group, and the STB of the working group's own."""
    return duty.to or (_STB if duty.body == _WORKING_GROUP else _WORKING_GROUP)


def mover(duty: Duty, by: Mover) -> str:
    """The body that takes such a move."""
    return {Mover.RESPONSIBLE: duty.body, Mover.OVERSEER: overseer(duty), Mover.LEAD: "lead"}[by]


def expected(duty: Duty, course: Course, state: str) -> str | None:
    """Whose move comes next; None when the duty has ended."""
    return next((mover(duty, move.by) for move in course.moves_in(state)), None)


def round_due(duty: Duty, since: int, number: int) -> int:
    """When the periodic duty of a round is due; counted from the first day, so that no month's end is lost."""
    return add_months(since, (duty.every_months or 1) * number)


def judge(book: Rulebook, duty: Duty, state: str, due: int, *, name: str) -> Move:
    """The move of a name from a state. RuleRefused names the duty's rule, Invalid a name that no course has."""
    course = book.courses[duty.course]
    move = course.moves.get(name)
    if move is None:
        raise Invalid("/move", f"Expected one of {', '.join(course.moves)}.")
    if state not in move.states:
        rule = book.rule(duty.rule)
        allowed = [each.name for each in course.moves_in(state)]
        shown = course.states.get(state, LAPSED_TERM)
        raise RuleRefused(
            rule.id,
            f"{rule.text}: {name} is not possible while the duty stands at {state} {shown}.",
            source=rule.cited,
            extra={"state": state, "allowed": allowed, "due": day_text(due)},
        )
    return move


def moved(duty: Duty, move: Move, due: int, *, today: int, wanted: int | None) -> Moved:
    """What the move makes of the duty; ``wanted`` is the day that it sets. Invalid for a day that cannot be."""
    if wanted is not None and (move.dates is not Dates.SETS or wanted < today):
        raise Invalid("/due", "Only a move that sets a due date takes one, and none before today.")
    if move.dates is Dates.SETS and wanted is None and due < today:
        raise Invalid("/due", f"{day_text(due)} has gone by: say until when it is due now.")
    late = move.dates is Dates.MEETS and due < today
    after = NEVER if move.dates is Dates.MEETS else due if wanted is None else wanted
    return Moved(move, mover(duty, move.by), move.to, after, late)


def day_text(due: int) -> str | None:
    """A due day as an ISO date; None for never."""
    return None if due >= NEVER else on(due).isoformat()
