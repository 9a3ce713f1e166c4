"""What one block changed in the register: rows staged in memory, then written many at a time.

A change of a position whose seq does not follow the one before means that an event was lost. It is written down as it
came, and an alert stands from then on: the register is to be reconciled with the contract.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from services.evidence.group import Group
from services.register.book import events, repository
from services.register.book.acts import Acts, evidence_of
from services.register.book.alerts import Alarm, Alerts
from services.register.book.rules import is_near, lien_of, lots_of
from services.register.book.staging import Staged
from services.register.rules.positions import Position
from services.register.rules.values import State
from services.transactions.views import ChainEvent

__all__ = ["Block"]


class Block:
    """The changes of one block in one chain's register. Used once."""

    def __init__(self, group: Group, chain: str, alerts: Alerts) -> None:
        self._session = group.session
        self._now = 0
        self._chain = chain
        self._alerts = alerts
        self._positions = Staged(repository.POSITIONS, chain, "account_id")
        self._lots = Staged(repository.LOTS, chain, "account_id")
        self._liens = Staged(repository.LIENS, chain, "number")
        self._lockups = Staged(repository.LOCKUPS, chain, "account_id")
        self._known: dict[tuple[str, str], Position] = {}
        self._acts = Acts(group, chain, alerts)

    def take(self, found: Sequence[ChainEvent]) -> None:
        """All of the block's events, in order. What they tell stands since the block's time."""
        self._now = events.moment(found[0])
        self._load(found)
        for _, of_transaction in groupby(found, key=lambda each: each.tx_hash):
            self._transaction(list(of_transaction))
        for staged in (self._positions, self._lots, self._liens, self._lockups):
            staged.write(self._session)
        self._acts.write()
        for security_id in dict.fromkeys((*self._positions.securities(), *_of_terms(found))):
            self._watch_cap(security_id)

    def _load(self, found: Iterable[ChainEvent]) -> None:
        wanted: defaultdict[str, dict[str, None]] = defaultdict(dict)
        for event in found:
            security_id, account_id = events.security(event), events.account(event)
            if event.name == events.POSITION and security_id is not None and account_id is not None:
                wanted[security_id][account_id] = None
        for security_id, accounts in wanted.items():
            for account_id, _seq, word in repository.current_words(self._session, self._chain, security_id, accounts):
                self._known[security_id, account_id] = Position.of(int.from_bytes(word))

    def _transaction(self, found: Sequence[ChainEvent]) -> None:
        unexplained: list[dict[str, Any]] = []
        moved: list[str] = []
        for event in found:
            if event.name == events.POSITION:
                unexplained.append(self._position(event))
                moved.append(str(unexplained[-1]["account_id"]))
            elif event.name == events.LOTS:
                unexplained.append(self._lots_of(event))
            elif event.name == events.LIEN:
                unexplained.append(self._lien(event))
            elif event.name == events.LOCKUP:
                unexplained.append(self._lockup(event))
            else:
                if event.name == events.OPENED:
                    unexplained.append(self._opened(event))
                self._acts.take(event, moved)
                _, leaf = evidence_of(event)
                for row in unexplained if any(leaf) else ():
                    row["leaf"] = leaf
                unexplained = [] if any(leaf) else unexplained

    # --- what is so from now on

    def _position(self, event: ChainEvent) -> dict[str, Any]:
        key = events.security(event) or "", events.account(event) or ""
        word = int(event.args["position"])
        after, before = Position.of(word), self._known.get(key, Position())
        if after.seq != before.seq + 1:
            self._gap(key, before.seq, after.seq, event)
        self._known[key] = after
        security = repository.security(self._session, self._chain, key[0])
        if security is not None:
            security.count += after.weight - before.weight
            security.issued += after.units - before.units
        row = {"seq": after.seq, "held": int(after.units > 0), "word": word.to_bytes(32)}
        return self._positions.put(key, events.moment(event), row | events.place(event))

    def _lots_of(self, event: ChainEvent) -> dict[str, Any]:
        key = events.security(event) or "", events.account(event) or ""
        return self._lots.put(key, events.moment(event), {"lots": lots_of(event.args["lots"])} | events.place(event))

    def _lien(self, event: ChainEvent) -> dict[str, Any]:
        key = events.security(event) or "", int(event.args["number"])
        units, until = lien_of(int(event.args["lien"]))
        if not units:
            because = f"The freeze covers nothing any more, since block {event.block_number} ({event.tx_hash})."
            self._alerts.clear_of_freeze(self._session, *key, self._now, because=because)
        return self._liens.put(key, events.moment(event), {"units": units, "until": until} | events.place(event))

    def _opened(self, event: ChainEvent) -> dict[str, Any]:
        """A lien as it begins: what it covers from the start on is told with its opening alone."""
        key = events.security(event) or "", int(event.args["number"])
        began = {"units": int(event.args["units"]), "until": int(event.args["until"])}
        return self._liens.put(key, events.moment(event), began | events.place(event))

    def _lockup(self, event: ChainEvent) -> dict[str, Any]:
        key = events.security(event) or "", events.account(event) or ""
        word = int(event.args["lockup"]).to_bytes(32)
        return self._lockups.put(key, events.moment(event), {"word": word} | events.place(event))

    def _gap(self, key: tuple[str, str], before: int, after: int, event: ChainEvent) -> None:
        numbers = {"expected": before + 1, "found": after, "block": event.block_number, "transaction": event.tx_hash}
        cause = f"seq-gap/{key[0]}/{key[1]}/{event.block_number}/{event.log_index_in_block}"
        alarm = Alarm(kind="seq-gap", cause=cause, security_id=key[0], account_id=key[1], said=numbers)
        self._alerts.tell(self._session, alarm, self._now)

    def _watch_cap(self, security_id: str) -> None:
        """That a cap is nearly reached; that one was exceeded the contract tells, and only its end is seen here.

        Beyond its cap without an alert is who lawfully was so when it came into custody (grandfathered).
        """
        security = repository.security(self._session, self._chain, security_id)
        if security is None:
            return
        left, near = security.state == State.EXITED, is_near(security.count, security.cap)
        because = "The security left custody." if left else f"{security.count} holders, and the cap is {security.cap}."
        if left or security.count > security.cap or not near:
            self._alerts.clear(self._session, f"cap-near/{security_id}", self._now, because=because)
        if left or security.count <= security.cap:
            self._alerts.clear(self._session, f"cap-exceeded/{security_id}", self._now, because=because)
        if near and not left and security.count <= security.cap:
            said = {"count": security.count, "cap": security.cap, "basis": security.basis}
            alarm = Alarm(kind="cap-near", cause=f"cap-near/{security_id}", security_id=security_id, said=said)
            self._alerts.tell(self._session, alarm, self._now)


def _of_terms(found: Iterable[ChainEvent]) -> Iterable[str]:
    """Securities whose cap, or custody, is another now."""
    return (events.security(each) or "" for each in found if each.name in ("TermsChanged", "StateSet"))
