"""The receipt file (凭证): reading and writing, nothing verified (docs/spec/receipt.md)."""

import json
from dataclasses import dataclass

from chain.proof.canonical import MAX_DEPTH, JsonObject, JsonValue, parse_json
from chain.proof.encoding import from_hex, to_hex
from chain.proof.errors import FormatError
from chain.proof.record import MAX_FIELDS, SALT_BYTES, SECRET_BYTES, Disclosure, Disclosures
from chain.proof.shape import array, members, natural, one_of, text

FORMAT = "regseal/receipt@v1"
MAX_BYTES = 1_048_576
MAX_PROOF = 64
MAX_PROOF_NODES = 16
MAX_ATTESTATIONS = 64
_REQUIRED = ("format", "origin", "leaf", "inclusion", "checkpoint")
_OPTIONAL = ("record", "disclosures", "submitter", "anchor", "attestations")
_ANCHOR = ("chain_id", "genesis", "contract", "header", "transaction_index", "log_index", "receipt_proof")


@dataclass(frozen=True, slots=True)
class Opening:
    """The record itself, not yet checked, and its 32-byte secret: what makes a receipt private."""

    document: JsonValue
    secret: bytes


@dataclass(frozen=True, slots=True)
class Submitter:
    """The submitter's 32-byte Ed25519 key and 64-byte signature."""

    public_key: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where and how the head stands on a chain.

    `receipt_proof` are trie nodes, the root first; `log_index` counts within the transaction.
    """

    chain_id: int
    genesis: bytes
    contract: bytes
    header: bytes
    transaction_index: int
    log_index: int
    receipt_proof: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A receipt. `proof` is the inclusion proof, from the leaf on; `checkpoint` and `attestations` are signed notes."""

    origin: str
    leaf: bytes
    index: int
    proof: tuple[bytes, ...]
    checkpoint: str
    record: Opening | None = None
    disclosures: Disclosures | None = None
    submitter: Submitter | None = None
    anchor: Anchor | None = None
    attestations: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.record and self.disclosures:
            raise FormatError("/disclosures", "stand instead of the record, not beside it")
        if self.submitter and not self.record:
            raise FormatError("/submitter", "is for receipts that carry the record")


def parse_receipt(data: bytes | str) -> Receipt:
    """The receipt of the bytes of its file. Raises FormatError."""
    document = members(parse_json(data, max_bytes=MAX_BYTES, max_depth=MAX_DEPTH + 2), "", _REQUIRED, _OPTIONAL)
    one_of(document["format"], "/format", (FORMAT,))
    inclusion = members(document["inclusion"], "/inclusion", ("index", "proof"))
    attestations = array(document.get("attestations", []), "/attestations", MAX_ATTESTATIONS)
    return Receipt(
        origin=text(document["origin"], "/origin"),
        leaf=from_hex(document["leaf"], "/leaf"),
        index=natural(inclusion["index"], "/inclusion/index"),
        proof=_hashes(inclusion["proof"], "/inclusion/proof", MAX_PROOF),
        checkpoint=text(document["checkpoint"], "/checkpoint"),
        record=_opening(document["record"]) if "record" in document else None,
        disclosures=_disclosures(document["disclosures"]) if "disclosures" in document else None,
        submitter=_submitter(document["submitter"]) if "submitter" in document else None,
        anchor=read_anchor(document["anchor"]) if "anchor" in document else None,
        attestations=tuple(text(note, f"/attestations[{i}]") for i, note in enumerate(attestations)),
    )


def _hashes(value: JsonValue, field: str, maximum: int) -> tuple[bytes, ...]:
    return tuple(from_hex(item, f"{field}[{i}]") for i, item in enumerate(array(value, field, maximum)))


def _opening(value: JsonValue) -> Opening:
    parts = members(value, "/record", ("document", "secret"))
    return Opening(parts["document"], from_hex(parts["secret"], "/record/secret", SECRET_BYTES))


def _disclosures(value: JsonValue) -> Disclosures:
    parts = members(value, "/disclosures", ("fields", "items"))
    items = array(parts["items"], "/disclosures/items", MAX_FIELDS)
    return Disclosures(
        natural(parts["fields"], "/disclosures/fields", least=1),
        tuple(_disclosure(item, f"/disclosures/items[{i}]") for i, item in enumerate(items)),
    )


def _disclosure(value: JsonValue, field: str) -> Disclosure:
    parts = members(value, field, ("path", "value", "salt", "index", "proof"))
    return Disclosure(
        text(parts["path"], f"{field}/path"),
        parts["value"],
        from_hex(parts["salt"], f"{field}/salt", SALT_BYTES),
        natural(parts["index"], f"{field}/index"),
        _hashes(parts["proof"], f"{field}/proof", MAX_PROOF),
    )


def _submitter(value: JsonValue) -> Submitter:
    parts = members(value, "/submitter", ("public_key", "signature"))
    return Submitter(
        from_hex(parts["public_key"], "/submitter/public_key", 32),
        from_hex(parts["signature"], "/submitter/signature", 64),
    )


def read_anchor(value: JsonValue, field: str = "/anchor") -> Anchor:
    """The member `anchor` of a receipt. Raises FormatError."""
    parts = members(value, field, _ANCHOR)
    return Anchor(
        chain_id=natural(parts["chain_id"], f"{field}/chain_id"),
        genesis=from_hex(parts["genesis"], f"{field}/genesis", 32),
        contract=from_hex(parts["contract"], f"{field}/contract", 20),
        header=from_hex(parts["header"], f"{field}/header"),
        transaction_index=natural(parts["transaction_index"], f"{field}/transaction_index"),
        log_index=natural(parts["log_index"], f"{field}/log_index"),
        receipt_proof=_hashes(parts["receipt_proof"], f"{field}/receipt_proof", MAX_PROOF_NODES),
    )


def format_receipt(receipt: Receipt) -> bytes:
    """The bytes of the receipt's file. Raises FormatError when they are more than `parse_receipt` reads."""
    document: JsonObject = {"format": FORMAT, "origin": receipt.origin}
    if receipt.record:
        document["record"] = {"document": receipt.record.document, "secret": to_hex(receipt.record.secret)}
    if receipt.disclosures:
        document["disclosures"] = _disclosures_document(receipt.disclosures)
    if receipt.submitter:
        document["submitter"] = {
            "public_key": to_hex(receipt.submitter.public_key),
            "signature": to_hex(receipt.submitter.signature),
        }
    document["leaf"] = to_hex(receipt.leaf)
    document["inclusion"] = {"index": receipt.index, "proof": _hex_list(receipt.proof)}
    document["checkpoint"] = receipt.checkpoint
    if receipt.anchor:
        document["anchor"] = anchor_document(receipt.anchor)
    if receipt.attestations:
        document["attestations"] = list(receipt.attestations)
    data = (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()
    if len(data) > MAX_BYTES:
        raise FormatError("", f"{len(data)} bytes are more than a receipt's {MAX_BYTES}")
    return data


def _hex_list(items: tuple[bytes, ...]) -> list[JsonValue]:
    return [to_hex(item) for item in items]


def _disclosures_document(disclosures: Disclosures) -> JsonObject:
    items: list[JsonValue] = [
        {
            "path": item.path,
            "value": item.value,
            "salt": to_hex(item.salt),
            "index": item.index,
            "proof": _hex_list(item.proof),
        }
        for item in disclosures.items
    ]
    return {"fields": disclosures.count, "items": items}


def anchor_document(anchor: Anchor) -> JsonObject:
    """As it stands in a receipt."""
    return {
        "chain_id": anchor.chain_id,
        "genesis": to_hex(anchor.genesis),
        "contract": to_hex(anchor.contract),
        "header": to_hex(anchor.header),
        "transaction_index": anchor.transaction_index,
        "log_index": anchor.log_index,
        "receipt_proof": _hex_list(anchor.receipt_proof),
    }
