"""Acts that end in the service, under a second person's key (复核): asked by the maker, done when the checker signed.

In a checked market what a door of the register is told here takes no effect. It is tried, and undone; then a fact
``check-asked`` keeps what was asked, and an operation waits for a checker's signature over it. Once signed, a job does
it in one unit: the door's own method, every rule again, and its facts name who checked. What cannot be done any more
ends the operation with the reason. What the chain decides goes there at once: its contract asks for the checker.
"""

import inspect
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NoReturn, get_type_hints

from pydantic import TypeAdapter
from sqlalchemy.orm import Session

from chain.party.describe_register import FACTS
from chain.proof.canonical import JsonObject
from chain.proof.encoding import to_hex
from chain.proof.record import check_record, commit
from services.evidence.group import Group
from services.evidence.once import do_once, made_before
from services.identity.policy import Principal
from services.identity.rules import Role
from services.identity.service import IdentityService
from services.platform.errors import Conflict, Forbidden, Invalid, NotFound, RegsealError, RuleRefused
from services.platform.idempotency import Once
from services.platform.ids import new_id
from services.platform.logging import get_logger
from services.register.accounts.desk import Accounts
from services.register.acts.legal import LegalDesk
from services.register.companies.desk import Companies
from services.register.companies.further import Further
from services.register.companies.rules import FURTHER_STEPS, STEPS
from services.register.dividends.desk import Dividends
from services.register.names import CHECKER, CONTRACT, FACT, OPERATOR
from services.register.parts import RegisterParts
from services.register.stream import Entry
from services.register.within import within
from services.transactions import local
from services.transactions.encoding import json_safe
from services.transactions.needs import Need
from services.transactions.views import OperationView, TxView

__all__ = ["ASKED", "ENDED", "STRUCT", "Checked", "Desks"]

ASKED, ENDED = "check-asked", "check-ended"
"""The facts: something waits for the checker; it ended without effect."""
STRUCT = "RegisterFact"
_DAY_S, _PAGE = 86_400, 50
_NO = (RuleRefused, Conflict, Invalid, NotFound, Forbidden)
_log = get_logger("register")

Door = Callable[..., Future[Any]]
"""A desk's method ``(caller, …, *, once)``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desks:
    """The doors behind."""

    accounts: Accounts
    companies: Companies
    further: Further
    dividends: Dividends
    legal: LegalDesk


class _Tried(Exception):
    """Nothing speaks against it; whatever was done is undone."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind: the door, the members of what it is told, and whether the chain checks it anyway."""

    door: Door
    by_chain: Callable[..., bool] = lambda *_said: False
    about: Callable[..., str] = lambda first, *_rest: str(first)
    members: Mapping[str, TypeAdapter[Any]] = field(init=False)

    def __post_init__(self) -> None:
        named = [each for each in inspect.signature(self.door).parameters if each not in ("caller", "once")]
        hints = get_type_hints(self.door)
        object.__setattr__(self, "members", {each: TypeAdapter(hints[each]) for each in named})

    def said(self, arguments: tuple[Any, ...]) -> JsonObject:
        """The arguments as a record holds them."""
        pairs = zip(self.members.items(), arguments, strict=True)
        return {name: adapter.dump_python(value, mode="json") for (name, adapter), value in pairs}

    def arguments(self, said: Mapping[str, Any]) -> tuple[Any, ...]:
        """The same again."""
        return tuple(adapter.validate_python(said[name]) for name, adapter in self.members.items())


class Checked:
    """The door to all of it. Its kinds are those of :data:`FACTS`, whose words a signer reads."""

    def __init__(self, parts: RegisterParts, desks: Desks) -> None:
        self._parts = parts
        self._kinds: Mapping[str, _Kind] = _kinds(desks)
        if self._kinds.keys() != FACTS.keys():
            raise ValueError("a signer has no words for each kind")
        parts.transactions.on_refused(FACT, self._not_done)

    def ask(
        self, name: str, caller: Principal, *arguments: Any, once: Once | None
    ) -> Future[Any] | Future[OperationView]:
        """What the door gives, where nobody has to check it; else the operation that waits for the checker.

        Whatever the door refuses, it refuses now. ``arguments``: those of the door's method, without ``once``.
        """
        kind = self._kinds[name]
        if self._parts.venue is None or not self._parts.venue.checked or kind.by_chain(*arguments):
            return kind.door(caller, *arguments, once=once)
        with self._parts.database.read() as session:
            host = self._parts.require(session, caller, "register.act")
            known = made_before(session, host, once)
            if known is not None:
                return _given(self._parts.transactions.get_operation(session, known))
        self._try(kind, caller, arguments)

        def unit(group: Group) -> OperationView:
            def make() -> tuple[str, OperationView]:
                made = self._asked(group, caller, name, kind.about(*arguments), kind.said(arguments))
                return made.id, made

            again = partial(self._parts.transactions.get_operation, group.session)
            return do_once(group, host, once, kind="register-checked", make=make, again=again)

        return self._parts.evidence.sequencer.submit(unit)

    def run(self) -> None:
        """The job: does what is signed. What has to ask a chain waits for it; what breaks holds up no other."""
        with self._parts.database.read() as session:
            found = local.signed(session, FACT, _PAGE)
        broken: Exception | None = None
        for operation_id in found:
            try:
                self._do(operation_id)
            except RegsealError as error:
                _log.info("checked_act_waits", operation=operation_id, reason=str(error))
            except Exception as error:  # noqa: BLE001 -- told to the job, once the others had their turn
                _log.error("checked_act_broke", operation=operation_id, error=type(error).__name__)
                broken = broken or error
        if broken is not None:
            raise broken

    # --- asking

    def _try(self, kind: _Kind, caller: Principal, arguments: tuple[Any, ...]) -> None:
        def unit(group: Group) -> NoReturn:
            with within(group, None):
                kind.door(caller, *arguments, once=None).result()
            group.session.flush()
            raise _Tried

        try:
            self._parts.evidence.sequencer.run(unit)
        except _Tried:
            return

    def _asked(self, group: Group, caller: Principal, name: str, about: str, said: JsonObject) -> OperationView:
        host = caller.institution_id
        body: JsonObject = {"act": name, "said": said, "maker": caller.person_id or caller.token_id}
        body |= {"chain": self._parts.chain, "operation": new_id("op", group.now_ms)}
        written = self._parts.stream.fact(group, Entry(name=ASKED, about=about, actor=host, body=body))
        told = {"commitment": to_hex(written.commitment), "leaf": to_hex(written.leaf.leaf_hash)}
        told = {"subject": about, "act": name, **told}
        deadline = group.now_ms // 1000 + self._parts.days * _DAY_S
        return self._parts.transactions.create_operation(
            group.session,
            kind=FACT,
            chain=self._parts.chain,
            contract=CONTRACT,
            function="",
            args=told,
            queue=f"{FACT}/{about}",
            typed_data=self._parts.transactions.typed_data(STRUCT, told, self._parts.chain, deadline=deadline),
            needs=[self._need()],
            institution_id=host,
            record_id=written.record_id,
            reference=about,
            operation_id=str(body["operation"]),
        )

    def _need(self) -> Need:
        return Need(CHECKER, region=self._parts.market.region, unless=OPERATOR)

    # --- doing

    def _do(self, operation_id: str) -> None:
        submit = self._parts.evidence.sequencer.run
        try:
            self._require_signed(operation_id)
            submit(partial(self._done, operation_id))
        except _NO as error:
            submit(partial(self._refused, operation_id, _reason(error)))

    def _require_signed(self, operation_id: str) -> None:
        """What the rows say is not believed: the signature is verified again, and that it is still a checker's."""
        with self._parts.database.read() as session:
            found = local.look(session, operation_id)
        if found is not None and found.needs != (self._need(),):
            raise Conflict("The row names other signers than a checker.", slug="signers-differ")
        for each in found.signatures if found else ():
            self._parts.transactions.check_signature(operation_id, signer=each.signer, signature=each.signature)

    def _done(self, operation_id: str, group: Group) -> None:
        """In one unit; does nothing when it was done before."""
        found = local.take(group.session, operation_id)
        if found is None:
            return
        body = self._content(found)
        kind, caller = self._kinds[str(body["act"])], _maker(group.session, found.institution_id)
        with within(group, _checked(found)):
            kind.door(caller, *kind.arguments(body["said"]), once=None).result()
        local.finish(group.session, operation_id, group.now_ms)

    def _content(self, found: local.Signed) -> dict[str, Any]:
        """What was signed. Conflict unless it is this record, for this register: a row may hold another's."""
        opening = self._parts.evidence.opening(found.record_id)
        record = check_record(opening.document)
        message, chain = found.typed_data["message"], self._parts.chain
        told = {"subject": message["subject"], "act": message["act"], "leaf": found.leaf}
        told["commitment"] = to_hex(commit(record, opening.secret))
        due = self._parts.transactions.typed_data(STRUCT, told, chain, deadline=int(message["deadline"]))
        due["message"]["nonce"] = message["nonce"]
        body: dict[str, Any] = dict(record["body"])  # type: ignore[arg-type]
        same = (found.chain, found.typed_data, message["act"]) == (chain, due, body.get("act"))
        if not same or not found.signatures:
            raise Conflict("What was signed is not this record for this register.", slug="record-differs")
        return body

    def _refused(self, operation_id: str, reason: dict[str, Any], group: Group) -> None:
        ended = local.refuse(group.session, operation_id, reason, group.now_ms)
        if ended is not None:
            self._not_done(group, ended, "refused")

    def _not_done(self, group: Group, operation: TxView, state: str) -> None:
        """It ended without effect: refused, expired, cancelled, or its chain was lost."""
        reason = operation.reason or {"error": state, "args": {}}
        request = str(operation.args["leaf"])
        body: JsonObject = {"request": request, "operation": operation.operation_id, "state": state, "reason": reason}
        about, actor = str(operation.reference), str(operation.institution_id)
        self._parts.stream.fact(group, Entry(name=ENDED, about=about, actor=actor, body=body))


def _kinds(desks: Desks) -> Mapping[str, _Kind]:
    accounts, companies, dividends = desks.accounts, desks.companies, desks.dividends

    def steps(table: Mapping[str, Any]) -> Callable[..., bool]:
        """A step that the chain decides, or that there is not."""
        return lambda *said: said[-1].step not in table or table[said[-1].step].chain is not None

    return {
        "account-state": _Kind(accounts.move),
        "account-code": _Kind(accounts.allocate_code),
        "account-erasure": _Kind(accounts.erase),
        "lien-legal-status": _Kind(desks.legal.tell),
        "dividend-resolve": _Kind(dividends.resolve, about=lambda said: str(said.security)),
        "dividend-fund": _Kind(dividends.fund),
        "dividend-pay": _Kind(dividends.pay),
        "dividend-release": _Kind(dividends.release),
        "company-step": _Kind(companies.step, by_chain=steps(STEPS)),
        "company-layer": _Kind(companies.change_layer),
        "company-articles": _Kind(companies.change_articles),
        "company-institution": _Kind(companies.name_institution),
        "security-add": _Kind(desks.further.add),
        "security-step": _Kind(desks.further.step, by_chain=steps(FURTHER_STEPS)),
    }


def _maker(session: Session, host: str) -> Principal:
    """The operator as it stands now, whose clerk asked; which one, the record says."""
    found = IdentityService.view(session, host)
    return Principal(
        institution_id=host,
        token_id="",
        person_id=None,
        roles=frozenset({Role.SUBMITTER}),
        region=found.region,
        kind=found.kind,
        status=found.status,
        host=True,
    )


def _checked(found: local.Signed) -> JsonObject:
    """Who signed what, so that an auditor can verify it with the record that asked."""
    (by, *_), said, domain = found.signatures, found.typed_data["message"], found.typed_data["domain"]
    return {
        "request": found.leaf,
        "operation": found.id,
        "signer": by.signer,
        "signature": to_hex(by.signature),
        "nonce": str(said["nonce"]),
        "deadline": said["deadline"],
        "chain_id": domain["chainId"],
        "contract": domain["verifyingContract"],
    }


def _reason(error: RegsealError) -> dict[str, Any]:
    """As the reasons of other operations; the rule's own members are its numbers."""
    told = {"detail": error.detail, **error.extra}
    told |= {"rule": error.rule, "source": error.source} if error.rule else {}
    return {"error": error.slug, "args": json_safe(told), "stage": "service"}


def _given(view: OperationView) -> Future[OperationView]:
    future: Future[OperationView] = Future()
    future.set_result(view)
    return future
