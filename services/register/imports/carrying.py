"""A clean list carried out (名册执行), group by group: accounts, their opening on the chain, then their units.

Each step of a group is one unit of the sequencer that also notes it: after a kill the next run goes on behind the last
note, and nothing is asked twice. Groups have queues of their own, since the entries of a first registration commute.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from chain.proof.canonical import JsonObject
from services.days import on
from services.evidence.group import Group as Unit
from services.platform.errors import RegsealError, Unavailable
from services.platform.logging import get_logger
from services.register.accounts.identity import kind_slug
from services.register.accounts.keeping import Keeping
from services.register.accounts.views import Entered
from services.register.acts.accounts import Opening, OpenInvestors
from services.register.acts.holders import Confirm, Officer
from services.register.acts.said import Document, Said
from services.register.acts.securities import Entry, Issue
from services.register.asking import REFUSED, REQUESTED, Ask, Outcome, Outcomes
from services.register.book import repository as book
from services.register.book.holdings import are_investors
from services.register.imports import repository
from services.register.imports.examining import WAITING, group_aad
from services.register.imports.grouping import HOLDERS, holders_of
from services.register.imports.liens import lien_of, lien_said
from services.register.imports.models import GroupRow, ImportRow
from services.register.parts import RegisterParts
from services.register.rules.positions import Position
from services.register.stream import Entry as LeafEntry
from services.register.stream import Stream

__all__ = ["CARRIED_OUT", "DONE", "EXECUTION", "OPENED", "RUNNING", "STOPPED", "Carrying", "note", "resumed"]

EXECUTION, CARRIED_OUT = "list-execution", "list-carried-out"
"""Facts of a company: that its list is being carried out, and how that ended."""
RUNNING, DONE, STOPPED = "running", "done", "stopped"
ISSUING, ISSUED, MARKING = "issuing", "issued", "marking"
OPENING, OPENED = "opening", "opened"
"""Steps of their own in earlier versions: such a group begins anew, and finds its accounts."""
GROUP_DONE, GROUP_REFUSED = "done", "refused"
_UNDER_WAY = (OPENING, ISSUING, MARKING)
_PER_RUN, _ALL = 50, 1 << 20
_UNREADABLE = "atrest-unreadable"
_log = get_logger("register.imports")


class Carrying:
    """``run(import)`` from a job, again and again, until the import is done or stopped."""

    def __init__(self, parts: RegisterParts, keeping: Keeping, ask: Ask, outcomes: Outcomes) -> None:
        self._parts = parts
        self._keeping = keeping
        self._ask = ask
        self._outcomes = outcomes

    def run(self, import_id: str) -> bool:
        """Hears what became of groups, asks for the next step of some, closes what is over; whether any of it moved."""
        heard = self._hear(import_id)
        steps: Mapping[str, Callable[[Unit, ImportRow, GroupRow], None]] = {
            WAITING: self._begin,
            OPENED: self._begin,
            ISSUED: self._mark,
        }
        following = self._next(import_id)
        for number, state in following:
            self._step(import_id, number, state, steps[state])
        self._close(import_id)
        return heard or bool(following)

    # --- one group

    def _begin(self, unit: Unit, row: ImportRow, group: GroupRow) -> None:
        """Accounts and the act that opens the new ones; of a lien, the act itself."""
        if group.kind != HOLDERS:
            self._encumber(unit, row, group)
            return
        holders = holders_of(self._content(unit.reading, row, group))
        told = [each.details for each in holders]
        entered = self._keeping.enter(unit, row.owner_id, row.actor_id, told, about=row.company_id)
        pairs = list(zip(entered, holders, strict=True))
        group.entries = [[one.account_id, str(holder.units), holder.officer] for one, holder in pairs]
        unknown = self._unknown(unit.session, entered)
        self._issue(unit, row, group, *([opening(row.company_id, unknown)] if unknown else ()))

    def _issue(self, unit: Unit, row: ImportRow, group: GroupRow, *before: Said) -> None:
        """The units, behind what opens their accounts: both wait for one look of the checker."""
        entries = tuple(Entry(account=account, units=units) for account, units, _ in group.entries)
        self._asked(unit, row, group, *before, Issue(security=_security(row), entries=entries))
        group.state = ISSUING

    def _mark(self, unit: Unit, row: ImportRow, group: GroupRow) -> None:
        """What units do not say: who of the group is not confirmed (未确权), and who is an officer (董监高)."""
        accounts = list(dict.fromkeys(account for account, _, _ in group.entries))
        words = book.current_words(unit.session, self._parts.chain, _security(row), accounts)
        held = {account: Position.of(int.from_bytes(word)) for account, _, word in words}
        marks = _marks(_security(row), group, held)
        if marks:
            self._asked(unit, row, group, *marks)
            group.state = MARKING
        else:
            group.state, group.content = GROUP_DONE, None

    def _encumber(self, unit: Unit, row: ImportRow, group: GroupRow) -> None:
        content = self._content(unit.reading, row, group)
        self._asked(unit, row, group, lien_said(content, _security(row), group.entries[0][0]))
        group.state = MARKING

    def _asked(self, unit: Unit, row: ImportRow, group: GroupRow, *saids: Said) -> None:
        """Each group has a queue of its own: no group needs another's acts, but for liens on one holder's units."""
        queue = f"{row.id}/{group.number}"
        rested = [replace(each, documents=_documents(row)) for each in saids]
        group.acts = [self._ask(unit, row.owner_id, each, batch=row.id, queue=queue).id for each in rested]

    def _unknown(self, session: Session, entered: Sequence[Entered]) -> list[Entered]:
        """Those that the chain does not know yet, each once."""
        each_once = {one.account_id: one for one in entered}
        known = are_investors(session, self._parts.chain, list(each_once))
        return [one for account_id, one in each_once.items() if account_id not in known]

    def _content(self, session: Session, row: ImportRow, group: GroupRow) -> bytes:
        return self._parts.vault.decrypt(session, row.owner_id, group.content or b"", group_aad(row.id, group.number))

    # --- the import

    def _next(self, import_id: str) -> list[tuple[int, str]]:
        """Groups whose next step can be asked for: holders first, liens once these are all done."""
        with self._parts.database.read() as session:
            found = repository.next_steps(session, import_id, HOLDERS, (ISSUED, OPENED, WAITING), _PER_RUN)
            if found or repository.unfinished(session, import_id, HOLDERS):
                return found
            liens = repository.groups(session, import_id, (MARKING, WAITING), _ALL)
            placed = [(each.number, each.state, each.entries[0][0] if each.entries else "") for each in liens]
        if any(not account for _, _, account in placed):
            self._place(import_id)
            return []
        return _firsts(placed)

    def _place(self, import_id: str) -> None:
        """Notes whose units each lien is on."""

        def unit(unit_: Unit) -> None:
            for group in repository.groups(unit_.session, import_id, (WAITING,), _ALL):
                row, _ = self._rows(unit_.session, import_id, group.number)
                holder = lien_of(self._content(unit_.session, row, group))
                (entered,) = self._keeping.enter(unit_, row.owner_id, row.actor_id, [holder], about=row.company_id)
                group.entries = [[entered.account_id, "", False]]

        self._parts.evidence.sequencer.run(unit)

    def _step(self, import_id: str, number: int, state: str, act: Callable[[Unit, ImportRow, GroupRow], None]) -> None:
        def unit(unit_: Unit) -> None:
            row, group = self._rows(unit_.session, import_id, number)
            if row.state == RUNNING and group.state == state:
                act(unit_, row, group)
                row.updated_at = unit_.now_ms

        try:
            self._parts.evidence.sequencer.run(unit)
        except RegsealError as error:
            if isinstance(error, Unavailable) and error.slug != _UNREADABLE:
                raise  # passes by itself: the next run asks
            self._refuse(import_id, number, str(error.detail))

    def _refuse(self, import_id: str, number: int, reason: str) -> None:
        def unit(unit_: Unit) -> None:
            _, group = self._rows(unit_.session, import_id, number)
            group.state, group.reason = GROUP_REFUSED, reason

        self._parts.evidence.sequencer.run(unit)

    def _hear(self, import_id: str) -> bool:
        """Takes over what the chain made of the acts that were asked for; whether it was anything."""
        with self._parts.database.read() as session:
            under_way = repository.steps(session, import_id, _UNDER_WAY)
            waiting = {number: (state, acts) for number, state, acts in under_way}
            told = self._outcomes(session, [act for _, acts in waiting.values() for act in acts])
        heard = {
            number: one
            for number, (state, acts) in waiting.items()
            if (one := _together([told[act] for act in acts], issuing=state == ISSUING))
        }
        if not heard:
            return False

        def unit(unit_: Unit) -> None:
            for number, outcome in heard.items():
                group = repository.group(unit_.session, import_id, number)
                if group is None or group.state not in _UNDER_WAY:
                    continue
                if outcome.state == REFUSED:
                    group.state, group.reason = GROUP_REFUSED, outcome.reason
                else:
                    _go_on(group)

        self._parts.evidence.sequencer.run(unit)
        return True

    def _close(self, import_id: str) -> None:
        with self._parts.database.read() as session:
            counts = repository.states(session, import_id)
        done, refused = counts.get(GROUP_DONE, 0), counts.get(GROUP_REFUSED, 0)
        if done + refused != sum(counts.values()) and not (refused and self._stands_still(counts)):
            return
        state = DONE if not refused else STOPPED

        def unit(unit_: Unit) -> None:
            row = repository.one(unit_.session, import_id)
            if row is not None and row.state == RUNNING:
                row.state, row.updated_at = state, unit_.now_ms
                note(self._parts.stream, unit_, row, CARRIED_OUT, {"state": state, "progress": {**counts}})

        self._parts.evidence.sequencer.run(unit)
        _log.info("list_carried_out", register_import=import_id, state=state, groups=done, refused=refused)

    @staticmethod
    def _stands_still(counts: Mapping[str, int]) -> bool:
        """Whether nothing is under way: liens wait for holders that were refused."""
        return not any(counts.get(each) for each in (*_UNDER_WAY, OPENED, ISSUED))

    @staticmethod
    def _rows(session: Session, import_id: str, number: int) -> tuple[ImportRow, GroupRow]:
        row, group = repository.one(session, import_id), repository.group(session, import_id, number)
        if row is None or group is None:
            raise LookupError(import_id)
        return row, group


def note(stream: Stream, unit: Unit, row: ImportRow, name: str, said: JsonObject) -> None:
    """A fact about an import."""
    entry = LeafEntry(name=name, about=row.company_id, actor=row.actor_id, body={"import": row.id, **said})
    stream.fact(unit, entry)


def _security(row: ImportRow) -> str:
    if row.security_id is None:
        raise LookupError(row.id)
    return row.security_id


def _documents(row: ImportRow) -> tuple[Document, ...]:
    return tuple(Document(code=each["code"], record=each["record"]) for each in row.documents)


def _go_on(group: GroupRow) -> None:
    """After a step that the chain has taken. Units that it has entered are struck out, never to be asked for again."""
    before, group.state = group.state, _after(group)
    if before == ISSUING:
        group.entries = [[account, "", officer] for account, _, officer in group.entries]
    if group.state == GROUP_DONE:
        group.content = None


def resumed(group: GroupRow) -> str:
    """From where a refused group goes on: behind its units, once these are entered."""
    entered = group.kind == HOLDERS and group.entries and not any(units for _, units, _ in group.entries)
    return ISSUED if entered else WAITING


def _marks(security: str, group: GroupRow, held: Mapping[str, Position]) -> list[Said]:
    """What is left to mark: the chain refuses what is so already, as after a marking that succeeded by half."""
    serving = {account for account, each in held.items() if each.officer}
    unconfirmed = {account for account, each in held.items() if each.unconfirmed}
    officers = dict.fromkeys(account for account, _, officer in group.entries if officer and account not in serving)
    marks: list[Said] = [Officer(security=security, account=each, serving=True) for each in officers]
    accounts = tuple(dict.fromkeys(account for account, _, _ in group.entries if account not in unconfirmed))
    if accounts and not group.confirmed:
        marks.append(Confirm(security=security, accounts=accounts, confirmed=False))
    return marks


def _after(group: GroupRow) -> str:
    """The state after a step that the chain has taken."""
    if group.state == OPENING:
        return WAITING
    marked = group.confirmed and not any(officer for _, _, officer in group.entries)
    return ISSUED if group.state == ISSUING and not marked else GROUP_DONE


def opening(company_id: str, unknown: Sequence[Entered]) -> Said:
    """What tells the chain of new accounts."""
    return OpenInvestors(
        company=company_id,
        openings=tuple(
            Opening(
                account=each.account_id,
                kind=kind_slug(each.kind),
                suitable_until=on(each.suitable_until) if each.suitable_until else None,
                addend=each.addend or None,
            )
            for each in unknown
        ),
    )


def _together(outcomes: Sequence[Outcome], *, issuing: bool) -> Outcome | None:
    """What has become of several acts: None while one is open, the first refusal if there is one.

    Of the acts that enter units the last one tells: where the chain has taken it, the accounts were open already.
    """
    if any(each.state == REQUESTED for each in outcomes):
        return None
    if issuing and outcomes[-1].state != REFUSED:
        return outcomes[-1]
    return next((each for each in outcomes if each.state == REFUSED), outcomes[-1])


def _firsts(placed: Sequence[tuple[int, str, str]]) -> list[tuple[int, str]]:
    """Of each holder's liens the first, once the one before it is registered: a list's order is their rank."""
    firsts = {account: (number, state) for number, state, account in reversed(placed)}
    return [(number, state) for number, state in sorted(firsts.values()) if state == WAITING][:_PER_RUN]
