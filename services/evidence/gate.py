"""The gate: no log takes a leaf before it was checked against what stands outside the database.

A database restored from a backup is whole, consistent, and older than what was acknowledged. Going on from it would
give indexes a second time. So a process that starts asks three who cannot have been restored with it:

- the **head file** (:mod:`services.evidence.heads`);
- the **chain**: the head that ``EvidenceLog`` holds; while a lost chain's heads are being anchored again on its
  successor, the closing heads kept beside the settings instead;
- the **witnesses**: the head each signed last, stated anew for a nonce of this start (a statement of yesterday proves
  nothing).

Until all agree a log is ``log-unchecked``; when one knows more than the database, or another tree, it is
``log-behind-anchor`` until recovered. Once checked it goes on while chain and witnesses are away. A new installation
passes when all say that the log is empty.
"""

import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from sqlalchemy.orm import Session

from chain.proof.checkpoint import HeadStatement
from chain.proof.errors import ProofError
from chain.proof.merkle import Frontier
from chain.proof.note import SignatureType, parse_note, verify_note
from services.evidence import repository, rules
from services.evidence.heads import Head, HeadFile
from services.evidence.models import LogRow
from services.evidence.recovery.acts import Acts, State
from services.evidence.tree import Tree
from services.platform import metrics
from services.platform.database import Database
from services.platform.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from services.platform.logging import get_logger

__all__ = ["Gate", "LogCheck", "StartCheck"]

ChainHeads = Callable[[str], tuple[int, bytes] | None]
_logger = get_logger("gate")


@dataclass(slots=True)
class LogCheck:
    """How far one log is checked. ``behind`` says what knows more than the database."""

    origin: str
    head_file: bool = False
    chain: bool = False
    again: bool = False  # the chain took a lost one's place and does not have all its heads yet
    witnesses: set[str] = field(default_factory=set)
    everyone: bool = False  # an act set the head file aside: every witness must be heard, not only a quorum
    passed: bool = False
    behind: str | None = None

    @property
    def state(self) -> str:
        """checked, unchecked or behind."""
        return "behind" if self.behind else "checked" if self.passed else "unchecked"

    @property
    def reason(self) -> str:
        """Why the log may not grow, in words; empty when it may. See docs/operations.md."""
        if self.behind:
            return f"behind: {self.behind} knows more of it than the database; recover the log, do not delete heads"
        missing = [name for name, heard in (("the head file", self.head_file), ("the chain", self.chain)) if not heard]
        return "" if self.passed else f"unchecked: waits for {' and '.join(missing) or 'a witness'}"


class Gate:
    """What is known of each log since this start; thread-safe. ``nonce`` is what witnesses must answer."""

    def __init__(self) -> None:
        self.nonce = secrets.token_hex(32)
        self._checks: dict[str, LogCheck] = {}
        self._lock = threading.Lock()

    def require(self, log_id: str) -> None:
        """Unavailable ``log-unchecked`` or ``log-behind-anchor`` unless the log may grow."""
        check = self._checks.get(log_id)
        if check is not None and check.passed and not check.behind:
            return
        if check is not None and check.behind:
            raise Unavailable(
                "log-behind-anchor", f"The database knows less of {check.origin} than {check.behind}: recover the log."
            )
        waits = f" ({check.reason})" if check is not None else ""
        raise Unavailable(
            "log-unchecked",
            f"The log was not yet checked against head file, chain and witnesses since the start{waits}.",
        )

    def check_of(self, log_id: str, origin: str) -> LogCheck:
        """The log's check, new when there was none."""
        with self._lock:
            return self._checks.setdefault(log_id, LogCheck(origin))

    def states(self) -> dict[str, LogCheck]:
        """By log id."""
        with self._lock:
            return dict(self._checks)

    def is_checked(self, log_id: str) -> bool:
        """Whether the log may grow."""
        check = self._checks.get(log_id)
        return check is not None and check.state == "checked"

    def ready(self) -> bool:
        """Whether every log may grow."""
        return all(check.state == "checked" for check in self.states().values())

    def behind(self) -> bool:
        """Whether the database is older than some log: it is no ground to send or remove anything."""
        return any(check.behind for check in self.states().values())

    def put_behind(self, check: LogCheck, what: str) -> None:
        """Closes a log: ``what`` knows more of it, or another tree."""
        check.behind = check.behind or what
        metrics.LOG_CHECKED.labels(check.origin).set(0)
        _logger.error("log_behind", origin=check.origin, contradicted_by=what)


class StartCheck:
    """Carries the checks out.

    ``chain_head(origin)`` gives (size, root), None for a log that the chain does not know, or raises.
    """

    def __init__(
        self,
        database: Database,
        gate: Gate,
        *,
        heads: HeadFile,
        chain_head: ChainHeads,
        witnesses: Mapping[str, rules.Witness],
        quorum: Mapping[str, int],
        acts: Acts,
        closing: Mapping[str, Head] | None = None,
    ) -> None:
        self._database = database
        self._gate = gate
        self._acts = acts
        self._heads = heads
        self._chain_head = chain_head
        self._closing = closing or {}
        self._witnesses = witnesses
        self._quorum = quorum

    def run(self) -> None:
        """Checks whatever is not yet checked; to be called until all are. An absent chain is no error here."""
        told = {head.origin for head in self._heads.heads().values() if head.size}
        with self._database.read() as session:  # after the heads: a log made meanwhile is no stranger
            rows = repository.logs(session)
            self._check_strangers(told - {row.origin for row in rows})
            for row in rows:
                check = self._gate.check_of(row.id, row.origin)
                if check.state == "unchecked" and self._acts.unfinished():
                    self._gate.put_behind(check, "a recovery that was not finished")
                if check.state == "unchecked":
                    self._check(session, row, check)

    def _check_strangers(self, origins: set[str]) -> None:
        """A head of a log that the database does not have: the database is older than the log."""
        for origin in origins:
            check = self._gate.check_of(origin, origin)
            if not check.behind:
                self._gate.put_behind(check, "the head file")

    def _check(self, session: Session, row: LogRow, check: LogCheck) -> None:
        if not check.head_file and not self._check_head_file(session, row, check):
            return
        if not check.chain:
            self._check_chain(session, row, check)
        self._conclude(row, check)

    def _check_head_file(self, session: Session, row: LogRow, check: LogCheck) -> bool:
        tree = Tree(session, row.id)
        last = repository.last_index(session, row.id)
        try:
            whole = (last is None and row.size == 0) or (last == row.size - 1 and tree.root(row.size) == _root(row))
        except ProofError:
            whole = False
        if not whole:
            self._gate.put_behind(check, "its own tree")
            return False
        if self._acts.asked(row.origin, row.size, _root(row)) is not None:
            check.head_file = check.everyone = True
            return True
        head = self._heads.heads().get(row.origin)
        if head is None and row.size > 0:
            return False  # nobody vouches for this database: docs/operations.md tells the ways out
        if head is not None and not self._agrees(tree, row, head):
            self._gate.put_behind(check, "the head file")
            return False
        self._heads.write([Head(row.origin, row.size, _root(row))])
        check.head_file = True
        return True

    def _check_chain(self, session: Session, row: LogRow, check: LogCheck) -> None:
        try:
            found = self._chain_head(row.origin)
        except Exception as error:  # noqa: BLE001 -- whatever a client raises: the chain did not answer
            _logger.info("chain_away", origin=row.origin, reason=type(error).__name__)
            return
        tree, closing = Tree(session, row.id), self._closing.get(row.origin)
        if found is not None and not self._agrees(tree, row, Head(row.origin, *found)):
            self._gate.put_behind(check, "the chain")
            return
        if closing is not None and not self._agrees(tree, row, closing):
            self._gate.put_behind(check, "the lost chain's last head")
            return
        check.chain = True
        check.again = closing is not None and (found is None or found[0] < closing.size)

    def _conclude(self, row: LogRow, check: LogCheck) -> None:
        roles = {name: witness.role for name, witness in self._witnesses.items()}
        # A chain that knows less than the lost one vouches for nothing: then all witnesses there are must speak.
        alone = row.size == 0 or check.again
        suffice = rules.statements_suffice(check.witnesses, roles, self._quorum, empty=alone)
        heard = not check.everyone or check.witnesses >= self._witnesses.keys()
        if check.head_file and check.chain and suffice and heard and not check.behind:
            if check.everyone:
                self._take_over(row)
            check.passed = True
            metrics.LOG_CHECKED.labels(row.origin).set(1)
            _logger.info("log_checked", origin=row.origin, size=row.size)

    def _take_over(self, row: LogRow) -> None:
        """All others vouch for what the head file does not: it says so from now on."""
        act = self._acts.asked(row.origin, row.size, _root(row))
        if act is not None:
            self._heads.write([Head(row.origin, row.size, _root(row))])
            self._acts.put(replace(act, state=State.DONE))

    def refuse_known(self, origin: str) -> None:
        """Conflict ``origin-taken`` when the head file knows leaves of a log of this origin."""
        head = self._heads.heads().get(origin)
        if head is not None and head.size:
            raise Conflict("The head file knows a log of this origin; an origin never restarts.", slug="origin-taken")

    def admit_new(self, log_id: str, origin: str) -> None:
        """Passes a log that this very process made: an origin is opened once, so nobody can know more of it."""
        check = self._gate.check_of(log_id, origin)
        check.head_file = check.chain = check.passed = True
        metrics.LOG_CHECKED.labels(origin).set(1)

    def statement(self, text: str) -> None:
        """Takes a witness's head statement. Forbidden when it is no configured witness's or answers another nonce."""
        statement, witness = self._verified(text)
        with self._database.read() as session:
            row = repository.log_by_origin(session, statement.origin)
            if row is None:
                if statement.size:
                    check = self._gate.check_of(statement.origin, statement.origin)
                    self._gate.put_behind(check, f"the witness {witness.name}")
                raise NotFound("No log of this origin.")
            check = self._gate.check_of(row.id, row.origin)
            if not self._agrees(Tree(session, row.id), row, Head(row.origin, statement.size, statement.root)):
                self._gate.put_behind(check, f"the witness {witness.name}")
                return
            check.witnesses.add(witness.name)
            if check.state == "unchecked":
                self._check(session, row, check)

    def _verified(self, text: str) -> tuple[HeadStatement, rules.Witness]:
        try:
            note = parse_note(text)
            statement = HeadStatement.parse(note.text)
            keys = [witness.key.of_type(SignatureType.ED25519) for witness in self._witnesses.values()]
            signed = verify_note(note, keys)
        except ProofError as error:
            raise Invalid("statement", str(error)) from error
        if not signed:
            raise Forbidden("Not signed by a configured witness: `witnesses` in settings.toml must name its vkey.")
        if statement.nonce != self._gate.nonce:
            raise Forbidden("This statement answers another challenge.")
        return statement, self._witnesses[signed[0].key.name]

    def recheck(self, row: LogRow, head: Head | None) -> None:
        """Before a seal, cheaply: Unavailable when ``row`` is behind ``head``, read from the head file *before* it."""
        if head is not None and (head.size > row.size or (head.size == row.size and head.root != _root(row))):
            self._gate.put_behind(self._gate.check_of(row.id, row.origin), "the head file")
        self._gate.require(row.id)

    def _agrees(self, tree: Tree, row: LogRow, head: Head) -> bool:
        """Whether the log extends ``head``."""
        try:
            return head.size <= row.size and tree.root(head.size) == head.root
        except ProofError:
            return False


def _root(row: LogRow) -> bytes:
    return Frontier.decode(row.frontier).root()
