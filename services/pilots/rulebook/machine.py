"""The table at work (状态机): where a project stands, what a step makes of it, and why a step is refused.

The checks come in the contract's order, so that both refuse the same step for the same reason:
project known → rule exists → body → evidence → sequence → flags required → flags forbidden → none open → some open →
notice → end → value and effect → proof of the evidence. What the chain cannot see is checked elsewhere (`checks`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from services.days import add_months
from services.pilots.rulebook.compile import Table
from services.pilots.rulebook.model import Effect, Guard, ItemKind, RuleId, Transition

__all__ = ["ABSENT", "REACH", "Refused", "Standing", "Step", "WorkingDays", "advance", "needs_proof"]

REACH = 2_048
"""How far beyond the newest proven leaf a body may claim its step's leaf to stand; the lead and senders reach half."""

_TERM = (Effect.SET_END, Effect.EXTEND)
_ITEM = (Effect.OPEN_ITEM, Effect.CLOSE_ITEM, Effect.TURN_ITEM)
_DAY_MAX = 2**24 - 1
_COUNT_MAX = 2**32 - 1


class WorkingDays(Protocol):
    """The calendar that counts."""

    def working_days_after(self, since: int, until: int) -> int | None:
        """Working days after day `since`, up to `until` included; None when a year of the span is not published."""
        ...


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a project stands. `count` is one more than the number of its newest step's leaf.

    `proven_count` is one more than the number of the newest leaf that was proven to the chain, by a step or a seal.
    `notice_from` and `ends_on` are day numbers, 0 while there is none. An item is a kind and a number, and is opened
    once.
    """

    state: str | None = None
    flags: frozenset[str] = frozenset()
    opened: frozenset[tuple[ItemKind, int]] = frozenset()
    closed: frozenset[tuple[ItemKind, int]] = frozenset()
    notice_from: int = 0
    ends_on: int = 0
    count: int = 0
    proven_count: int = 0

    def open_of(self, kind: ItemKind) -> frozenset[int]:
        """The numbers of the open items of a kind."""
        return frozenset(number for its, number in self.opened if its is kind)


ABSENT = Standing()
"""No project yet: the standing that an opening starts from."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step as the chain gets it. `body` is who signs, by its code in the rulebook; `today` a day number.

    `evidence` says that commitment and leaf are given, `proven` that the leaf is the project's requested leaf of this
    sequence number under an anchored head, so that the step comes with a proof where it needs one.
    """

    action: str
    body: str
    today: int
    seq: int
    value: int = 0
    evidence: bool = True
    proven: bool = True


class Refused(Exception):
    """The table refuses a step: the contract's error, the rule it stands for, and the numbers that decided."""

    def __init__(self, guard: str, rule: RuleId | None, source: str, numbers: Mapping[str, int | str]) -> None:
        shown = ", ".join(f"{name} {value}" for name, value in numbers.items())
        super().__init__(f"{guard} [{rule or 'table'}: {source}] {shown}".rstrip())
        self.guard = guard
        self.rule_id = rule
        self.source = source
        self.numbers = dict(numbers)


def advance(table: Table, standing: Standing, step: Step, calendar: WorkingDays) -> Standing:
    """The standing after a step; Refused when the table does not allow it. Opening starts from `ABSENT`."""
    row = table.rows.get((standing.state, step.action))
    if row is None:
        raise _no_rule(table, standing, step)
    move = _Move(table, standing, step, row, calendar)
    move.require_author()
    move.require_flags()
    move.require_items()
    move.require_time()
    after = move.effect()
    if row.gate and not step.proven:
        raise move.refused("PilotNeedsProof", row.rule)
    if needs_proof(table, standing, row, step.seq):
        after = replace(after, proven_count=max(standing.proven_count, step.seq + 1))
    return after


def needs_proof(table: Table, standing: Standing, row: Transition, seq: int) -> bool:
    """Whether a step by this row must come with the proof of its leaf: a gate, or one that is too far ahead."""
    return row.gate or seq >= _limit(table, standing, row)


def _limit(table: Table, standing: Standing, row: Transition) -> int:
    """The first number that the chain does not believe without a proof."""
    body = table.book.bodies[row.body]
    reach = REACH // 2 if body.role is None or body.by_sender else REACH
    return min(standing.proven_count + reach, _COUNT_MAX)


def _no_rule(table: Table, standing: Standing, step: Step) -> Refused:
    numbers = {"state": standing.state or "", "action": step.action}
    known = [row for (state, action), row in table.rows.items() if action == step.action and state is not None]
    if standing.state is None and known:
        return Refused("PilotUnknown", None, f"{table.book.id}: no such project", numbers)
    return Refused("PilotNoRule", None, f"{table.book.id}: no transition allows this", numbers)


@dataclass(frozen=True, slots=True)
class _Move:
    """One step against its row."""

    table: Table
    standing: Standing
    step: Step
    row: Transition
    calendar: WorkingDays

    def refused(self, guard: str, rule: RuleId, **numbers: int | str) -> Refused:
        return Refused(guard, rule, self.table.book.rule(rule).cited, numbers)

    def require_author(self) -> None:
        """The right body, with evidence, after the newest step's leaf, and not further ahead than can be believed."""
        if self.step.body != self.row.body:
            raise self.refused("PilotNotBody", self.row.rule, body=self.step.body, expected=self.row.body)
        if not self.step.evidence:
            raise self.refused("PilotZero", self.row.rule)
        seq, limit = self.step.seq, _limit(self.table, self.standing, self.row)
        if seq < self.standing.count:
            raise self.refused("PilotStale", self.row.rule, seq=seq, count=self.standing.count)
        proven = self.step.proven and self.row.state is not None and seq < _COUNT_MAX
        if seq >= limit and not proven:
            raise self.refused("PilotAhead", self.row.rule, seq=seq, limit=limit)

    def require_flags(self) -> None:
        """All that are required, none that is forbidden; the first rule in the author's order is named."""
        missing = [flag for flag in self.row.requires if flag not in self.standing.flags]
        if missing:
            mask = self.table.flag_mask(missing)
            raise self.refused("PilotFlagsMissing", self.row.requires[missing[0]], flags=mask, names=" ".join(missing))
        standing = [flag for flag in self.row.forbids if flag in self.standing.flags]
        if standing:
            mask = self.table.flag_mask(standing)
            names = " ".join(standing)
            raise self.refused("PilotFlagsForbidden", self.row.forbids[standing[0]], flags=mask, names=names)

    def require_items(self) -> None:
        """No open item where none may be, one at least where one must be."""
        for kind in sorted(self.row.none_open):
            if number := len(self.standing.open_of(kind)):
                raise self.refused("PilotItemsOpen", self.row.none_open[kind], kind=int(kind), count=number)
        needed = sorted(self.row.some_open)
        if needed and not any(self.standing.open_of(kind) for kind in needed):
            kinds = sum(1 << kind for kind in needed)
            raise self.refused("PilotNoItemOpen", self.row.some_open[needed[0]], kinds=kinds)

    def require_time(self) -> None:
        """The notice first, then the end of the pilot."""
        today, ends_on, guards = self.step.today, self.standing.ends_on, self.row.guards
        if Guard.NOTICE_RUNNING in guards or Guard.NOTICE_ELAPSED in guards:
            self._require_notice()
        if Guard.END_REACHED in guards and (ends_on == 0 or today <= ends_on):
            raise self.refused("PilotNotEnded", guards[Guard.END_REACHED], ends_on=ends_on, today=today)
        if Guard.BEFORE_END in guards and today > ends_on:
            raise self.refused("PilotEnded", guards[Guard.BEFORE_END], ends_on=ends_on, today=today)

    def _require_notice(self) -> None:
        """A period of n working days has elapsed on day t once n working days lie in (start, t - 1]."""
        since, days = self.standing.notice_from, self.row.days
        counted = self.calendar.working_days_after(since, self.step.today - 1) if since else None
        numbers = {"since": since, "days": days, "counted": counted or 0, "known": int(counted is not None)}
        elapsed = counted is not None and counted >= days
        if Guard.NOTICE_RUNNING in self.row.guards and (since == 0 or elapsed):
            raise self.refused("PilotNoticeNotRunning", self.row.guards[Guard.NOTICE_RUNNING], **numbers)
        if Guard.NOTICE_ELAPSED in self.row.guards and not elapsed:
            raise self.refused("PilotNoticeRunning", self.row.guards[Guard.NOTICE_ELAPSED], **numbers)

    def effect(self) -> Standing:
        """What the step makes of the standing."""
        row, step = self.row, self.step
        after = replace(
            self.standing,
            state=row.to if row.to is not None else self.standing.state,
            flags=(self.standing.flags - set(row.clears)) | set(row.sets),
            count=step.seq + 1,
        )
        if row.effect in _TERM:
            return replace(after, ends_on=self._term())
        if row.effect in _ITEM:
            return self._item(after)
        if step.value != 0:
            raise self.refused("PilotValue", row.rule, value=step.value)
        return replace(after, notice_from=step.today) if row.effect is Effect.START_NOTICE else after

    def _term(self) -> int:
        """The new end: after today or after the old end, and not beyond the limit unless it was lifted."""
        row, value = self.row, self.step.value
        rule = row.term_rule or row.rule
        since = self.step.today if row.effect is Effect.SET_END else self.standing.ends_on
        if since == 0 or not since < value <= _DAY_MAX:
            raise self.refused("PilotValue", rule, value=value)
        lifted = row.lifted_by is not None and row.lifted_by in self.standing.flags
        limit = add_months(since, row.months)
        if row.months and not lifted and value > limit:
            raise self.refused("PilotTerm", rule, value=value, limit=limit, months=row.months)
        return value

    def _item(self, after: Standing) -> Standing:
        """Opens, closes or turns the item of the step's number."""
        row, number = self.row, self.step.value
        if row.kind_a is None:  # the loader gives every effect its kinds
            raise ValueError(f"{row.action} moves an item of no kind")
        first = (row.kind_a, number)
        opened, closed = self.standing.opened, self.standing.closed
        if row.effect is Effect.OPEN_ITEM:
            return replace(after, opened=self._opened(first, opened))
        if first not in opened:
            raise self.refused("PilotItem", row.rule, kind=int(first[0]), id=number)
        opened, closed = opened - {first}, closed | {first}
        if row.effect is Effect.TURN_ITEM and row.kind_b is not None:
            opened = self._opened((row.kind_b, number), opened)
        return replace(after, opened=opened, closed=closed)

    def _opened(
        self, item: tuple[ItemKind, int], opened: frozenset[tuple[ItemKind, int]]
    ) -> frozenset[tuple[ItemKind, int]]:
        if item in self.standing.opened or item in self.standing.closed:
            raise self.refused("PilotItem", self.row.rule, kind=int(item[0]), id=item[1])
        return opened | {item}
