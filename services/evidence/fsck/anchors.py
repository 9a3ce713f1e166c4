"""What the chain says of a log, against the rows that repeat it."""

from collections.abc import Iterator, Sequence

from sqlalchemy.orm import Session

from chain.proof.encoding import to_hex
from chain.proof.errors import ProofError
from chain.proof.ethereum import BlockHeader, decode_receipt, log_id
from chain.proof.hashing import keccak256
from chain.proof.trie import index_key, verify_trie_proof
from services.evidence.anchoring import unpack_anchor
from services.evidence.epochs.models import PastAnchorRow
from services.evidence.fsck import repository
from services.evidence.fsck.findings import Finding
from services.evidence.fsck.outside import ChainLog, ChainView, Cursor, Event
from services.evidence.keys import KeyRange
from services.evidence.models import AnchorRow, LogRow

__all__ = ["check_anchors", "check_cursors", "check_keys", "proof_fault"]

_LISTENER = "HeadAnchored"


def check_anchors(session: Session, log: LogRow, chain: ChainView | None) -> Iterator[Finding]:
    """The anchors' rows against the events, and their stored proofs by themselves."""
    known = chain.logs.get(log.origin, ChainLog((), None, ())) if chain else None
    events = {event.size: event for event in known.events} if known else {}
    for row in repository.anchors(session, log.id):
        wrong = _against_event(row, events.pop(row.size, None), chain)
        if wrong is not None:
            yield _finding("anchor-differs", log, row.size, *wrong)
        fault = proof_fault(log.origin, row) if row.proof is not None else None
        if fault is not None:
            yield _finding("anchor-proof", log, row.size, fault, (f"the proof stored with anchor {row.size}",))
    for event in events.values():
        if chain is not None and event.block_number <= _scanned(chain):
            detail = f"the chain has the head {event.size}; the cursor has passed it, and there is no row"
            yield _finding("anchor-missing", log, event.size, detail, (_tx(event),))


def _against_event(row: AnchorRow, event: Event | None, chain: ChainView | None) -> tuple[str, tuple[str, ...]] | None:
    if chain is None:
        return None
    if event is None:
        if row.state != "anchored" or (row.block_number or 0) > chain.final:
            return None
        told = f"the row says that {row.size} is anchored in block {row.block_number}; the chain has no such event"
        return told, (f"the chain {chain.name} up to block {chain.final}",)
    if row.state != "anchored":
        if event.block_number > _scanned(chain):
            return None
        return f"the row says {row.state}; the chain has the event", (_tx(event),)
    ours = (row.chain, row.block_number, row.block_hash, row.tx_hash, row.log_index_in_block)
    theirs = (chain.name, event.block_number, event.block_hash, event.tx_hash, event.log_index)
    names = ("chain", "block number", "block hash", "transaction", "log index")
    wrong = [
        f"{name} is {our}, not {their}" for name, our, their in zip(names, ours, theirs, strict=True) if our != their
    ]
    return ("; ".join(wrong), (_tx(event),)) if wrong else None


def proof_fault(origin: str, row: AnchorRow | PastAnchorRow) -> str | None:
    """Why the stored event proof does not prove this anchor."""
    try:
        anchor = unpack_anchor(row.proof or "")
        header = BlockHeader.decode(anchor.header)
        key = index_key(anchor.transaction_index)
        receipt = decode_receipt(verify_trie_proof(header.receipts_root, key, anchor.receipt_proof))
        event = receipt.logs[anchor.log_index]
        size = int.from_bytes(event.data[:32])
    except (ProofError, ValueError, KeyError, IndexError, TypeError) as error:
        return f"it cannot be read: {error}"
    if to_hex(keccak256(anchor.header)) != row.block_hash:
        return f"its header is that of block {to_hex(keccak256(anchor.header))[:18]}…, the row says {row.block_hash}"
    if event.address != anchor.contract or len(event.topics) != 2 or event.topics[1] != log_id(origin):
        return "its event is of another log or contract"
    return None if size == row.size else f"its event is the head {size}, the row says {row.size}"


def check_keys(
    log: LogRow, keys: Sequence[KeyRange], key_ids: Sequence[str], chain: ChainView | None
) -> Iterator[Finding]:
    """The log's keys against those that the chain recorded."""
    known = chain.logs.get(log.origin) if chain else None
    if known is None or not known.keys:
        return
    ours = {key.from_size: key_id for key, key_id in zip(keys, key_ids, strict=True)}
    for from_size, key_id in known.keys:
        if not from_size and log.epoch > 1 and key_id in key_ids:
            continue  # a chain that took a lost one's place opened the log with the key in force then
        if ours.get(from_size) != key_id:
            stored = str(ours.get(from_size))[:18]
            detail = f"from size {from_size} on the chain has {key_id[:18]}…, the database {stored}…"
            against = (f"the chain {chain.name if chain else ''}",)
            yield Finding(kind="log-key", origin=log.origin, detail=detail, contradicted_by=against)


def check_cursors(session: Session, chain: ChainView, logs: Sequence[LogRow]) -> Iterator[Finding]:
    """Where the listeners stand, against the chain's blocks, its events and the anchors' rows."""
    for cursor in chain.cursors:
        for fault in _cursor_faults(cursor):
            yield Finding(
                kind="cursor-moved",
                origin=chain.name,
                detail=f"{cursor.listener}: {fault}",
                contradicted_by=(f"the chain {chain.name}",),
            )
    heads = next((one for one in chain.cursors if one.listener.endswith(_LISTENER)), None)
    if heads is None:
        return
    handled = heads.handled[0] if heads.handled else -1
    rows = [row for log in logs for row in repository.anchors(session, log.id) if row.state == "anchored"]
    late = max(rows, key=lambda row: row.block_number or 0, default=None)
    if late is not None and (late.block_number or 0) > handled:
        detail = (
            f"{heads.listener}: handled up to {handled}, yet the anchor {late.size} in {late.block_number} is there"
        )
        against = (f"the row of anchor {late.size}", f"the transaction {late.tx_hash}")
        yield Finding(kind="cursor-moved", origin=chain.name, detail=detail, contradicted_by=against)
    events = [event for one in chain.logs.values() for event in one.events]
    passed = [event for event in events if handled < event.block_number <= heads.scanned[0]]
    if passed:
        detail = f"{heads.listener}: handled up to {handled}, scanned to {heads.scanned[0]}, with anchors in between"
        yield Finding(
            kind="cursor-moved", origin=chain.name, detail=detail, contradicted_by=tuple(_tx(one) for one in passed[:6])
        )


def _cursor_faults(cursor: Cursor) -> Iterator[str]:
    places = (("scanned", cursor.scanned, cursor.chain_scanned), ("handled", cursor.handled, cursor.chain_handled))
    for name, place, found in places:
        if place is not None and found != place[1]:
            yield f"{name} block {place[0]} is {place[1][:18]}…, the chain has {(found or 'no such block')[:18]}"
    if cursor.handled is not None and cursor.handled[0] > cursor.scanned[0]:
        yield f"it has handled block {cursor.handled[0]} before it scanned it"


def _scanned(chain: ChainView) -> int:
    return next((one.scanned[0] for one in chain.cursors if one.listener.endswith(_LISTENER)), -1)


def _tx(event: Event) -> str:
    return f"the anchor transaction {event.tx_hash} in block {event.block_number}"


def _finding(kind: str, log: LogRow, size: int, detail: str, against: tuple[str, ...]) -> Finding:
    return Finding(kind=kind, origin=log.origin, first=size - 1, end=size, detail=detail, contradicted_by=against)
