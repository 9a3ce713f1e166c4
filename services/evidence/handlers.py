"""What the chain says about logs, taken over: final events only, each once, in the sequencer's own transaction."""

from typing import Any

from chain.proof.canonical import JsonObject
from chain.proof.encoding import to_hex
from chain.proof.note import parse_note, sign_note, with_signatures
from chain.proof.types import Phase
from services.evidence import repository
from services.evidence.anchoring import CONTRACT, PURPOSE, chain_log
from services.evidence.commands import write_command
from services.evidence.gate import Gate
from services.evidence.group import Group
from services.evidence.models import LogRow
from services.evidence.submission import Desk
from services.platform.failpoints import hit
from services.platform.logging import get_logger
from services.transactions.service import Transactions
from services.transactions.views import ChainEvent, TxView

__all__ = ["LogEvents"]

_log = get_logger("evidence")
_COMMANDS = ("log.opening", "log.rotation", "log.freeze", "log.succession")


class LogEvents:
    """Handlers of the EvidenceLog's events and of refused log commands and anchors."""

    def __init__(self, desk: Desk, *, chain: str, gate: Gate, epoch: int = 1) -> None:
        self._desk = desk
        self._chain = chain
        self._gate = gate
        self._epoch = epoch

    def register(self, transactions: Transactions) -> None:
        """Asks to be told."""
        for name, handler in (
            ("LogOpened", self.opened),
            ("LogRotated", self.rotated),
            ("LogFrozen", self.frozen),
            ("HeadAnchored", self.anchored),
        ):
            transactions.on_event(CONTRACT, name, handler, chain=self._chain)
        transactions.on_refused(PURPOSE, self.anchor_refused)
        for kind in _COMMANDS:
            transactions.on_refused(kind, self.command_refused)

    def opened(self, group: Group, event: ChainEvent) -> None:
        """A log is open when the chain opened it with our key. With another key the origin is somebody else's."""
        row = repository.log_by_origin(group.session, event.args["origin"])
        if row is None or row.state not in ("opening", "refused"):
            if row is not None and row.epoch < self._epoch:
                self._opened_again(group, row, event)
            return
        kind = "log.succession" if row.predecessor_id else "log.opening"
        first = repository.keys_of(group.session, row.id)[0]
        if to_hex(event.args["keyId"]) != first.key_id:
            self._refuse(group, row, kind, {"reason": "the origin was opened with another key", **_where(event)})
            return
        group.change_state(row.id, "open")
        marks = {"opened_at": group.now_ms, "epoch": self._epoch, "state_epoch": self._epoch}
        repository.mark_log(group.session, row.id, **marks)
        self._outcome(group, row, kind, Phase.REGISTERED, _where(event))

    def _opened_again(self, group: Group, row: LogRow, event: ChainEvent) -> None:
        """On the chain that took a lost one's place, with the key that is ours now; else its heads are not ours."""
        keys = repository.keys_of(group.session, row.id)
        ours = max((key for key in keys if key.from_size is not None), key=lambda key: (key.from_size or 0, key.id))
        if to_hex(event.args["keyId"]) != ours.key_id:
            self._gate.put_behind(self._gate.check_of(row.id, row.origin), "the chain")
            return
        same = {"state_epoch": self._epoch} if row.state == "open" else {}
        repository.mark_log(group.session, row.id, epoch=self._epoch, **same)
        self._outcome(group, row, "log.opening", Phase.REGISTERED, _where(event))

    def rotated(self, group: Group, event: ChainEvent) -> None:
        """From ``fromSize`` on heads are the new key's: those sealed before we heard of it are signed once more."""
        row = self._known(group, event)
        if row is None:
            return
        key_id, size = to_hex(event.args["keyId"]), int(event.args["fromSize"])
        taken = repository.activate_key(
            group.session, key_id, from_size=size, from_index=group.log(row.id).frontier.size
        )
        if not taken:
            self._gate.put_behind(self._gate.check_of(row.id, row.origin), "the chain")
            return
        signer = self._desk.keys.head_signer(group.session, row.id, size)
        group.change_signer(row.id, signer)
        for checkpoint in repository.checkpoints_from(group.session, row.id, size):
            note = parse_note(checkpoint.note)
            again = with_signatures(note, parse_note(sign_note(note.text, signer)).signatures)
            repository.set_note(group.session, row.id, checkpoint.size, again.format())
        self._outcome(group, row, "log.rotation", Phase.REGISTERED, _where(event) | {"from_size": size})

    def frozen(self, group: Group, event: ChainEvent) -> None:
        """A frozen log takes nothing more; the outcome of freezing the house log is its last leaf."""
        row = self._known(group, event)
        if row is None or (row.state == "frozen" and row.state_epoch == self._epoch):
            return
        again = row.state == "frozen"  # it was so on the lost chain already: then nothing follows its last leaf
        if not (again and row.house):
            details = _where(event) | {"size": int(event.args["size"])}
            self._outcome(group, row, "log.freeze", Phase.REGISTERED, details)
        group.change_state(row.id, "frozen")
        marks = {} if again else {"frozen_at": group.now_ms}
        repository.mark_log(group.session, row.id, state_epoch=self._epoch, **marks)

    def anchored(self, group: Group, event: ChainEvent) -> None:
        """A head of ours stands on the chain. One that we never sealed means that this database is not the log's."""
        row = self._known(group, event)
        if row is None:
            return
        size = int(event.args["size"])
        checkpoint = repository.checkpoint(group.session, row.id, size)
        if checkpoint is None or checkpoint.root != event.args["root"]:
            self._gate.put_behind(self._gate.check_of(row.id, row.origin), "the chain")
            return
        repository.put_anchored(group.session, _anchored(row, size, event, group.now_ms))
        hit("anchor-event.before-commit")

    def anchor_refused(self, group: Group, transaction: TxView, reason: str) -> None:
        """The append failed for good; another attempt is made later, with the chain as it is then."""
        if transaction.id is not None:
            _log.warning("anchor_refused", transaction=transaction.id, reason=reason)
            repository.refuse_anchor(group.session, transaction.id, reason)

    def command_refused(self, group: Group, transaction: TxView, reason: str) -> None:
        """A log command ended unfulfilled.

        A log that it should have opened is refused (the house log stays as it is).
        """
        row = repository.log_by_id(group.session, transaction.reference or "")
        if row is not None:
            details: JsonObject = {"reason": reason, "transaction": transaction.tx_hash or ""}
            details["request"] = str(transaction.args["leaf"])
            self._refuse(group, row, transaction.purpose, details)

    def _refuse(self, group: Group, row: LogRow, kind: str, details: JsonObject) -> None:
        if row.state == "opening" and not row.house:
            group.change_state(row.id, "refused")
        self._outcome(group, row, kind, Phase.REFUSED, details)

    def _outcome(self, group: Group, row: LogRow, kind: str, phase: Phase, details: JsonObject) -> None:
        body: JsonObject = {"log_origin": row.origin, **details}
        write_command(group, self._desk, type_name=kind, phase=phase, subject=row.origin, actor=row.owner_id, body=body)

    def _known(self, group: Group, event: ChainEvent) -> LogRow | None:
        """Our log of the event; a chain holds the logs of other gateways too."""
        named: bytes = event.args["log"]
        return next((row for row in repository.logs(group.session) if chain_log(row.origin) == named), None)


def _where(event: ChainEvent) -> dict[str, Any]:
    """Where the chain decided, and which request: the hash of its ``requested`` leaf."""
    where = {"chain": event.chain, "block": event.block_number, "transaction": event.tx_hash}
    return where | {"request": to_hex(event.args["leaf"])}


def _anchored(row: LogRow, size: int, event: ChainEvent, now_ms: int) -> dict[str, Any]:
    return {
        "log_id": row.id,
        "size": size,
        "chain": event.chain,
        "tx_id": "",
        "state": "anchored",
        "requested_at": now_ms,
        "attempts": 1,
        "block_number": event.block_number,
        "block_hash": event.block_hash,
        "tx_hash": event.tx_hash,
        "log_index_in_block": event.log_index_in_block,
        "anchored_at": now_ms,
    }
