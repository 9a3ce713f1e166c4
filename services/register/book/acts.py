"""What acts change beside positions, lots and what liens cover: securities, investors, the liens themselves."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from services.evidence.group import Group
from services.platform.ids import from_bytes16
from services.register.book import events, repository
from services.register.book.alerts import Alarm, Alerts
from services.register.book.models import InvestorRow, LienRow, SecurityRow
from services.register.book.rules import FREEZE
from services.transactions.views import ChainEvent

__all__ = ["Acts", "evidence_of"]

_NO_ADDRESS = "0x" + "0" * 40


def evidence_of(event: ChainEvent) -> tuple[bytes, bytes]:
    """(commitment, requested leaf) of an act; zero where nobody asked for it."""
    return event.args.get("commitment", events.NOBODY), event.args.get("leaf", events.NOBODY)


class Acts:
    """The acts of one block."""

    def __init__(self, group: Group, chain: str, alerts: Alerts) -> None:
        self._session = group.session
        self._now = 0
        self._chain = chain
        self._alerts = alerts
        self._rows: list[dict[str, Any]] = []
        self._investors: list[dict[str, Any]] = []
        self._handlers: Mapping[str, Callable[[ChainEvent], None]] = {
            "SecurityOpened": self._opened,
            "TermsChanged": self._terms_changed,
            "StateSet": self._state_set,
            "InvestorOpened": self._investor_opened,
            "SuitabilitySet": self._suitability_set,
            "AddendSet": self._addend_set,
            "LienOpened": self._lien_opened,
            "CapExceeded": self._cap_exceeded,
        }

    def take(self, event: ChainEvent, moved: Sequence[str]) -> None:
        """One act. ``moved``: the accounts whose positions changed before it in the transaction, in order."""
        self._now = events.moment(event)
        handler = self._handlers.get(event.name)
        if handler is not None:
            handler(event)
        giver, taker = events.account(event), None
        if event.name in events.OUTGOING:  # two positions changed before it, the giver's first
            giver, taker = moved[-2:]
        commitment, leaf = evidence_of(event)
        self._rows.append(
            {
                "chain": self._chain,
                "block_number": event.block_number,
                "log_index": event.log_index_in_block,
                "name": event.name,
                "security_id": events.security(event),
                "account_id": giver,
                "other_id": taker,
                "number": event.args.get("number"),
                "args": events.said(event),
                "subject_to": None,
                "commitment": commitment,
                "leaf": leaf,
                "tx_hash": bytes.fromhex(event.tx_hash[2:]),
                "block_time": events.moment(event),
            }
        )

    def write(self) -> None:
        """Writes down what was taken so far."""
        rows, self._rows = self._rows, []
        opened, self._investors = self._investors, []
        repository.insert(self._session, repository.EVENTS, rows)
        repository.insert(self._session, repository.INVESTORS, opened)
        self._session.flush()

    def _opened(self, event: ChainEvent) -> None:
        row = SecurityRow(chain=self._chain, security_id=events.security(event), state=1, issued=0, count=0, liens=0)
        row.issuer_id = from_bytes16("cmp", event.args["issuer"])
        row.issuer_region, row.opened_at = int(event.args["issuerRegion"]), events.moment(event)
        _put_terms(row, event.args["terms"])
        repository.add(self._session, row)

    def _terms_changed(self, event: ChainEvent) -> None:
        _put_terms(self._security(event), event.args["terms"])

    def _state_set(self, event: ChainEvent) -> None:
        self._security(event).state = int(event.args["state"])

    def _investor_opened(self, event: ChainEvent) -> None:
        said = {"chain": self._chain, "account_id": events.account(event), "kind": int(event.args["kind"])}
        said |= {"suitable_until": int(event.args["suitableUntil"]), "addend": int(event.args["addend"])}
        self._investors.append({**said, "opened_at": events.moment(event)})

    def _suitability_set(self, event: ChainEvent) -> None:
        self._investor(event).suitable_until = int(event.args["until"])

    def _addend_set(self, event: ChainEvent) -> None:
        self._investor(event).addend = int(event.args["addend"])

    def _cap_exceeded(self, event: ChainEvent) -> None:
        security = self._security(event)
        said = {"count": event.args["count"], "cap": event.args["cap"], "basis": security.basis}
        said |= {"transaction": event.tx_hash}
        cause = f"cap-exceeded/{security.security_id}"
        alarm = Alarm(kind="cap-exceeded", cause=cause, security_id=security.security_id, said=said)
        self._alerts.tell(self._session, alarm, self._now)

    def _lien_opened(self, event: ChainEvent) -> None:
        security, secured = self._security(event), str(event.args["secured"])
        row = LienRow(chain=self._chain, security_id=security.security_id, number=int(event.args["number"]))
        row.account_id, row.kind = events.account(event) or "", int(event.args["kind"])
        row.since, row.secured = int(event.args["since"]), None if secured == _NO_ADDRESS else secured
        row.opened_units, row.opened_at = int(event.args["units"]), events.moment(event)
        for name, value in events.place(event).items():
            setattr(row, name, value)
        row.leaf = evidence_of(event)[1]
        row.lien_id = row.received_at = None
        security.liens = max(security.liens, row.number)
        repository.add(self._session, row)
        if row.kind == FREEZE:
            self._mark(row)

    def _mark(self, freeze: LienRow) -> None:
        """Transfers registered since the freeze was published cannot be asserted against its applicant."""
        self.write()
        found = repository.outgoing(
            self._session,
            self._chain,
            freeze.security_id,
            freeze.account_id,
            names=events.OUTGOING,
            since=freeze.since * 1000,
        )
        for each in found:
            each.subject_to = [*(each.subject_to or ()), freeze.number]
            said = {"freeze": freeze.number, "published": freeze.since, "units": each.args.get("units")}
            said |= {"transaction": "0x" + each.tx_hash.hex(), "taker": each.other_id}
            alarm = Alarm(
                kind="subject-to-freeze",
                cause=f"subject/{freeze.security_id}/{freeze.number}/{each.block_number}/{each.log_index}",
                security_id=freeze.security_id,
                account_id=freeze.account_id,
                said=said,
            )
            self._alerts.tell(self._session, alarm, self._now)

    def _security(self, event: ChainEvent) -> SecurityRow:
        security_id = events.security(event) or ""
        row = repository.security(self._session, self._chain, security_id)
        if row is None:
            raise LookupError(f"{event.name} of {security_id}, which was never opened")
        return row

    def _investor(self, event: ChainEvent) -> InvestorRow:
        account_id = events.account(event) or ""
        if self._investors:  # perhaps opened in this very block
            self.write()
        row = repository.investor(self._session, self._chain, account_id)
        if row is None:
            raise LookupError(f"{event.name} of {account_id}, which was never opened")
        return row


def _put_terms(row: SecurityRow, terms: Any) -> None:
    """``terms``: the event's tuple, in the order of the contract's struct."""
    row.form, row.kinds, row.cap, row.grandfathered = (int(each) for each in terms[:4])
    row.interval, row.subscription_counts = int(terms[4]), bool(terms[5])
    row.basis = bytes(terms[6]).rstrip(b"\0").decode("ascii", "replace")
