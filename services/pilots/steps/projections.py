"""What the chain decided about projects: events move rows and write outcome leaves, refusals write theirs.

Each handler runs once for each event of a final block, in the transaction that moves the cursor.
"""

from chain.proof.canonical import JsonObject
from chain.proof.encoding import to_hex
from chain.proof.types import Phase
from services.evidence.group import Group
from services.identity.service import IdentityService
from services.pilots import repository
from services.pilots.books import Book, Books
from services.pilots.models import EventRow, ProjectRow
from services.pilots.rulebook.machine import Refused, Step, advance
from services.pilots.steps.calendars import Agreed
from services.pilots.steps.commands import CONTRACT
from services.pilots.steps.gates import SEAL
from services.pilots.steps.names import DRAFT, ELSEWHERE, FILLER, TAKEN
from services.pilots.steps.standing import put_standing, standing_of, today_of
from services.pilots.steps.waits import waits_of
from services.pilots.stream import FILING, STEP, Entry, Stream
from services.platform.ids import bytes16, from_bytes16
from services.platform.logging import get_logger
from services.transactions.service import Transactions
from services.transactions.views import ChainEvent, TxView

__all__ = ["PilotEvents"]

_COMMENT_STATES = {"file": "filed", "dismiss": "dismissed", "uphold": "upheld"}
_log = get_logger("pilots")


class PilotEvents:
    """Handlers of the lifecycle contract's events and of refused steps."""

    def __init__(self, stream: Stream, books: Books, *, chain: str) -> None:
        self._stream = stream
        self._books = books
        self._chain = chain

    def register(self, transactions: Transactions) -> None:
        """Asks to be told."""
        transactions.on_event(CONTRACT, "PilotOpened", self.opened, chain=self._chain)
        transactions.on_event(CONTRACT, "PilotMoved", self.moved, chain=self._chain)
        transactions.on_event(CONTRACT, "PilotSealed", self.sealed, chain=self._chain)
        for purpose in (STEP, FILING):
            transactions.on_refused(purpose, self.refused)
        transactions.on_refused(SEAL, self.seal_refused)

    def opened(self, group: Group, event: ChainEvent) -> None:
        """Comes before the first move. Whoever knows a draft's number could open it as a project of its own."""
        row = repository.project(group.session, from_bytes16("prj", event.args["project"]))
        if row is None or row.state != DRAFT:
            return
        ours = bytes16(row.lead_id), bytes.fromhex(row.rulebook_id.removeprefix("0x")), row.stream
        if ours != tuple(bytes(event.args[name]) for name in ("lead", "rulebook", "stream")):
            _log.error("pilot_taken", project=row.id, transaction=event.tx_hash)
            row.state, row.updated_at = TAKEN, group.now_ms
            repository.put_waits(group.session, row.id, ())

    def moved(self, group: Group, event: ChainEvent) -> None:
        """The project stands where the step led; a step that another gateway brought moves it too."""
        session, args = group.session, event.args
        row = repository.project(session, from_bytes16("prj", args["project"]))
        if row is None or row.state == TAKEN:
            return
        book = self._books.get(session, row.rulebook_id)
        self._follow(row, book, event)
        if args["from"] == 0:
            row.track = next((each.code for each in book.rulebook.tracks if args["action"] in each.opens), "")
        if args["seq"] >= row.count:  # not so when a later leaf was sealed before
            row.last_leaf, row.count = args["leaf"], args["seq"] + 1
        row.updated_at = group.now_ms
        repository.put_waits(session, row.id, waits_of(book, row, today_of(group.now_ms)))
        asked = repository.event_of_leaf(session, args["leaf"])
        if asked is None or not _is_this(asked, row, event):
            self._elsewhere(group, row, event)
        elif asked.outcome != "registered":
            self._registered(group, row, asked, event)

    def sealed(self, group: Group, event: ChainEvent) -> None:
        """The chain knows a later leaf of the project."""
        row = repository.project(group.session, from_bytes16("prj", event.args["project"]))
        if row is not None and row.state != TAKEN and event.args["count"] > row.count:
            row.count = row.proven_count = event.args["count"]
            row.last_leaf = event.args["lastLeaf"]

    def refused(self, group: Group, transaction: TxView, reason: str) -> None:
        """The step ended unfulfilled: by the contract, its deadline or its author."""
        leaf = str(transaction.args.get("leaf", "0x"))
        asked = repository.event_of_leaf(group.session, bytes.fromhex(leaf.removeprefix("0x")))
        row = repository.project(group.session, asked.project_id) if asked else None
        if asked is None or row is None or asked.outcome is not None:
            return
        said: JsonObject = {"reason": reason or "refused"}
        for each in self._settle(group, row, asked, Phase.REFUSED, said):
            each.reason = reason or "refused"
        if asked.name.endswith("comment.file"):
            self._comment(group, row, asked, "unfiled")

    def seal_refused(self, _group: Group, transaction: TxView, reason: str) -> None:
        """A seal harms nobody when it fails; the next one covers as much."""
        _log.warning("seal_refused", project=transaction.reference, reason=reason)

    def _follow(self, row: ProjectRow, book: Book, event: ChainEvent) -> None:
        args = event.args
        before = standing_of(row, book)
        transition = book.table.rows.get((before.state, args["action"]))
        step = Step(
            action=args["action"],
            body=transition.body if transition else "",
            today=today_of(event.block_time * 1000),
            seq=args["seq"],
            value=args["value"],
        )
        try:
            put_standing(row, book, advance(book.table, before, step, Agreed(transition)))
        except Refused as error:  # one table, three enforcers: this is a fault of ours, and the chain is right
            _log.error("pilot_disagreement", project=row.id, action=args["action"], guard=error.guard)
            row.state, row.step_count = book.table.state_name(args["to"]) or row.state, args["seq"] + 1

    def _elsewhere(self, group: Group, row: ProjectRow, event: ChainEvent) -> None:
        """A body may send its step by itself, and say of its evidence what it likes: the timeline shows that."""
        args, host = event.args, IdentityService.host_id(group.session)
        _log.warning("pilot_step_elsewhere", project=row.id, action=args["action"], transaction=event.tx_hash)
        if host is None or not self._stream.takes(group, row):
            return
        said: JsonObject = {name: args[name] for name in ("action", "value", "seq", "signer")}
        said |= {name: to_hex(args[name]) for name in ("commitment", "leaf")}
        said |= {"transaction": event.tx_hash, "block": event.block_number, "state": row.state}
        entry = Entry(name=ELSEWHERE, actor=host, content=said, value=args["value"])
        fact, _ = self._stream.append(group, row, entry)
        fact.signer, fact.state, fact.reason = args["signer"], row.state, args["action"]
        fact.tx_hash, fact.block_number = event.tx_hash, event.block_number
        self._catch_up(group, row, host, fact.seq, args["seq"])

    def _catch_up(self, group: Group, row: ProjectRow, host: str, seq: int, claimed: int) -> None:
        """The next step's leaf must stand after the one that was claimed: at most the contract's reach away.

        A recovery has put these leaves back already, and gives what it writes here no place.
        """
        while 0 <= seq < claimed:
            seq = self._stream.append(group, row, Entry(name=FILLER, actor=host, content={"until": claimed}))[0].seq

    def _registered(self, group: Group, row: ProjectRow, asked: EventRow, event: ChainEvent) -> None:
        where: JsonObject = {
            "chain": event.chain,
            "contract": event.contract,
            "event": event.name,
            "block": event.block_number,
            "block_hash": event.block_hash,
            "transaction": event.tx_hash,
            "signer": event.args["signer"],
            "state": row.state,
        }
        for each in self._settle(group, row, asked, Phase.REGISTERED, where):
            each.signer, each.state = event.args["signer"], row.state
            each.tx_hash, each.block_number = event.tx_hash, event.block_number
        if asked.public is not None:
            row.published = {**(row.published or {}), asked.name: asked.public}
            row.visible = True
        what, _, done = asked.name.removeprefix("tutoring.").partition(".")
        if what == "comment" and done in _COMMENT_STATES:
            self._comment(group, row, asked, _COMMENT_STATES[done])

    def _settle(
        self, group: Group, row: ProjectRow, asked: EventRow, phase: Phase, said: JsonObject
    ) -> tuple[EventRow, ...]:
        """The request, and its outcome's leaf unless the log was frozen in the meantime: the chain's word stands."""
        asked.outcome = phase.name.lower()
        if not self._stream.takes(group, row):
            _log.warning("pilot_outcome_without_leaf", project=row.id, action=asked.name, outcome=asked.outcome)
            return (asked,)
        entry = Entry(
            name=asked.name,
            actor=asked.actor_id,
            content={"request": to_hex(asked.leaf_hash), "action": asked.name, **said},
            phase=phase,
            value=asked.value,
            body=asked.body,
            rule=asked.rule,
            source=asked.source,
        )
        outcome, _ = self._stream.append(group, row, entry)
        outcome.request = asked.seq
        return asked, outcome

    @staticmethod
    def _comment(group: Group, row: ProjectRow, asked: EventRow, state: str) -> None:
        comment = repository.comment(group.session, row.id, asked.value)
        if comment is not None:
            comment.state = state


def _is_this(asked: EventRow, row: ProjectRow, event: ChainEvent) -> bool:
    """Whether the leaf that a step names is the request of this very step."""
    wanted = (row.id, int(Phase.REQUESTED), *(event.args[name] for name in ("action", "value", "seq")))
    return wanted == (asked.project_id, asked.phase, asked.name, asked.value, asked.seq)
