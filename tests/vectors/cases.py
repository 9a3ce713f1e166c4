"""Good receipts, the trust files to try them against, and what a case is."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from chain.proof.canonical import JsonObject
from chain.proof.note import NoteSigner, SignatureType, VerifierKey
from chain.proof.receipt import Receipt
from chain.proof.trust import Policy, Trust, TrustedLog, format_trust
from tests.vectors.world import (
    ALL_STAGES,
    COSIGNED_AT,
    LOG,
    NEXT_LOG,
    ORIGIN,
    OTHER_ORIGIN,
    POLICY,
    REGULATOR,
    STRANGER,
    World,
    log_keys,
    trust,
)

GOOD = World()


@dataclass(frozen=True)
class Case:
    """A receipt file and what a verifier must say: `stage` is `parse` when the file is no receipt."""

    name: str
    receipt: bytes
    stage: str
    reason: str | None
    trust: str = "default"


def trusts() -> dict[str, Trust]:
    two = Policy(ALL_STAGES, {"regulator": 1, "auditor": 1}, {"regulator": 1, "auditor": 1})
    return {
        "default": trust(),
        "nothing required": trust(policy=Policy(frozenset(), {}, {})),
        "all stages": trust(policy=replace(POLICY, stages=ALL_STAGES | {"record", "submitter"})),
        "two witnesses": trust(policy=two),
        "two regulators": trust(policy=replace(POLICY, witness={"regulator": 2})),
        "two attesting regulators": trust(policy=replace(POLICY, header={"regulator": 2})),
        "submitter required": trust(
            logs={ORIGIN: TrustedLog(ORIGIN, log_keys((LOG.key, 0, None)), submitter_required=True)}
        ),
        "other logs": trust(logs={}),
        "no witness known": trust(witnesses=(), policy=Policy(ALL_STAGES, {}, {})),
        "no submitter known": trust(submitters=()),
    }


def good_receipts() -> Iterator[tuple[str, Receipt, tuple[str, ...]]]:
    """Name, receipt, and the trust files to try it against."""
    private, public = GOOD.private(), GOOD.public()
    yield "private", private, ("default", "all stages", "two witnesses", "submitter required", "no submitter known")
    yield "public", public, ("default", "all stages", "nothing required", "no witness known", "submitter required")
    yield "one field disclosed", GOOD.disclosed("/body/lots[1]/units"), ("default", "all stages")
    everything = ("/type", "/subject", "/actor", "/occurred_at", "/body/units", "/body/remark")
    yield "several fields disclosed", GOOD.disclosed(*everything), ("default",)
    yield "escaped and empty keys", World(index=1).disclosed("/body/~0~1~2", "/body/", "/body/{}"), ("default",)
    yield "private with escapes", World(index=1).private(), ("all stages",)
    yield "last leaf", World(index=10).private(), ("default",)
    yield "tree of one leaf", World(size=1).private(), ("default",)
    yield "rotated log key", World(size=64, log_signers=(NEXT_LOG,)).public(), ("default",)
    yield "untyped transaction", World(kind=0).public(), ("default",)
    yield (
        "witness that nobody knows beside",
        World(cosigners=((STRANGER, 1), (REGULATOR, COSIGNED_AT))).public(),
        ("default",),
    )
    yield "not yet anchored", replace(public, anchor=None, attestations=()), ("default", "nothing required")
    yield "not yet witnessed", World(cosigners=(), attesters=()).public(), ("nothing required", "no witness known")
    yield "record erased", replace(private, record=None, submitter=None), ("default",)


Change = Callable[[dict[str, Any]], object]
BAD_TRUSTS: tuple[tuple[str, Change], ...] = (
    ("format of a receipt", lambda d: d.update(format="regseal/receipt@v1")),
    ("unknown member", lambda d: d.update(note="")),
    ("no policy", lambda d: d.pop("policy")),
    ("one log twice", lambda d: d["logs"].append(d["logs"][0])),
    ("one log key twice", lambda d: d["logs"][0]["keys"].append(d["logs"][0]["keys"][0])),
    ("log key under another name", lambda d: d["logs"][0].update(origin=OTHER_ORIGIN)),
    ("witness key as a log key", lambda d: d["logs"][0]["keys"][0].update(vkey=d["witnesses"][0]["vkey"])),
    ("log key as a witness key", lambda d: d["witnesses"][0].update(vkey=d["logs"][0]["keys"][0]["vkey"])),
    ("key id of another key", lambda d: d["witnesses"][0].update(vkey=_other_key_id(d["witnesses"][0]["vkey"]))),
    ("key that is no key", lambda d: d["witnesses"][0].update(vkey="witness+00000000+AAAA")),
    ("key of unknown type", lambda d: d["witnesses"][0].update(vkey="witness+00000000+/w==")),
    ("key without a type", lambda d: d["witnesses"][0].update(vkey="witness+00000000+")),
    ("range that ends before it starts", lambda d: d["logs"][0]["keys"][0].update(from_size=9, to_size=8)),
    ("one witness under two names", lambda d: d["witnesses"].append(_renamed(REGULATOR))),
    ("two witnesses under one name", lambda d: d["witnesses"].append(_renamed(STRANGER, REGULATOR.key.name))),
    ("role of two words", lambda d: d["witnesses"][0].update(role="a regulator")),
    ("one epoch twice", lambda d: d["chains"].append(d["chains"][0] | {"genesis": "0x" + "01" * 32})),
    ("one genesis in two epochs", lambda d: d["chains"].append(d["chains"][0] | {"epoch": 2})),
    ("epoch 0", lambda d: d["chains"][0].update(epoch=0)),
    ("contract of 19 bytes", lambda d: d["chains"][0].update(contract="0x" + "00" * 19)),
    ("institution of upper case", lambda d: d["submitters"][0].update(institution="ins_" + "A" * 32)),
    ("date for a time", lambda d: d["submitters"][0].update({"from": "2026-11-20"})),
    ("time before 1970", lambda d: d["submitters"][0].update({"from": "1969-12-31T23:59:59.999Z"})),
    ("unknown stage", lambda d: d["policy"].update(stages=["seal"])),
    ("one stage twice", lambda d: d["policy"].update(stages=["leaf", "leaf"])),
    ("quorum of none", lambda d: d["policy"]["witness"].update(regulator=0)),
    ("quorum as an array", lambda d: d["policy"].update(header=[1])),
    ("submitter_required as text", lambda d: d["logs"][0].update(submitter_required="no")),
)


def _other_key_id(vkey: str) -> str:
    name, _, encoded = vkey.split("+", 2)
    return f"{name}+00000000+{encoded}"


def _renamed(signer: NoteSigner, name: str = "another.name") -> JsonObject:
    return {"vkey": VerifierKey(name, SignatureType.COSIGNATURE, signer.key.public).format(), "role": "regulator"}


def bad_trusts() -> Iterator[tuple[str, str]]:
    """Files that are no trust file."""
    for name, change in BAD_TRUSTS:
        document = json.loads(format_trust(trust()))
        change(document)
        yield name, json.dumps(document)


def trust_documents() -> JsonObject:
    return {name: format_trust(each).decode() for name, each in trusts().items()}
