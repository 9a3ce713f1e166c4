"""What is kept of chains that are gone: by its own proofs, by what witnesses say of it, and by the present chain."""

from collections.abc import Iterator, Mapping

from sqlalchemy.orm import Session

from chain.proof.encoding import to_hex
from chain.proof.epoch import AnchoredHead, EpochStatement, heads_tree
from chain.proof.errors import ProofError
from chain.proof.ethereum import log_id
from chain.proof.merkle import Frontier
from chain.proof.note import SignatureType, VerifierKey, parse_note, verify_note
from services.evidence import repository as rows
from services.evidence.epochs import repository
from services.evidence.epochs.models import EpochStatementRow, PastAnchorRow
from services.evidence.fsck.anchors import proof_fault
from services.evidence.fsck.findings import Finding
from services.evidence.fsck.outside import ChainView

__all__ = ["check_epochs"]


def check_epochs(
    session: Session, chain: ChainView | None, witnesses: Mapping[str, tuple[str, str]]
) -> Iterator[Finding]:
    """``chain``: the present one, as far as it answers; ``witnesses``: name → (vkey, role)."""
    newest = repository.newest(session)
    origins = {row.id: row.origin for row in rows.logs(session)}
    for epoch in range(1, (newest or 0) + 1):
        yield from _check_heads(session, epoch, origins)
        for said in repository.statements_about(session, epoch + 1):
            fault = _statement_fault(session, said, origins, witnesses)
            if fault is not None:
                detail = f"{said.witness} on the beginning of epoch {said.epoch}: {fault}"
                yield Finding(
                    kind="epoch-heads",
                    origin=said.chain,
                    detail=detail,
                    contradicted_by=(f"the witness {said.witness}",),
                )
    if newest and chain is not None:
        yield from _check_beginning(session, newest, chain, origins)


def _check_heads(session: Session, epoch: int, origins: Mapping[str, str]) -> Iterator[Finding]:
    """Each head by itself, and their order by the blocks they stood in."""
    before = (-1, -1)
    for place, row in enumerate(repository.heads(session, epoch)):
        fault = _head_fault(session, row, place, before, origins[row.log_id])
        if fault is not None:
            yield _finding(row, origins[row.log_id], fault)
        if row.block_number is not None:
            before = row.block_number, row.log_index_in_block or 0


def _head_fault(session: Session, row: PastAnchorRow, place: int, before: tuple[int, int], origin: str) -> str | None:
    checkpoint = rows.checkpoint(session, row.log_id, row.size)
    if row.ordinal != place:
        return f"its number is {row.ordinal}, its place {place}"
    if checkpoint is None or checkpoint.root != row.root:
        return "its root is not that of the checkpoint"
    if row.block_number is not None and (row.block_number, row.log_index_in_block or 0) <= before:
        return "it stood on the chain before the one that comes before it here"
    return proof_fault(origin, row) if row.proof is not None else None


def _statement_fault(
    session: Session, row: EpochStatementRow, origins: Mapping[str, str], witnesses: Mapping[str, tuple[str, str]]
) -> str | None:
    """Why a stored statement does not hold here; one of a witness that is none any more is passed over."""
    if row.witness not in witnesses:
        return None
    try:
        note = parse_note(row.note)
        said = EpochStatement.parse(note.text)
        key = VerifierKey.parse(witnesses[row.witness][0]).of_type(SignatureType.ED25519)
        signed = verify_note(note, [key])
    except ProofError as error:
        return f"it cannot be read: {error}"
    if not signed or said.next.epoch != row.epoch:
        return "it is not signed by the witness, or is about another epoch"
    if _tree(session, said.lost.epoch, said.count, origins) != (said.count, said.root):
        return f"it saw {said.count} heads whose tree is {to_hex(said.root)[:18]}…; the ones kept here are others"
    return None


def _tree(session: Session, epoch: int, count: int, origins: Mapping[str, str]) -> tuple[int, bytes]:
    ids = {log: log_id(origin) for log, origin in origins.items()}
    found = repository.heads(session, epoch, limit=count)
    tree: Frontier = heads_tree(AnchoredHead(ids[row.log_id], row.size, row.root) for row in found)
    return tree.size, tree.root()


def _check_beginning(session: Session, epoch: int, chain: ChainView, origins: Mapping[str, str]) -> Iterator[Finding]:
    """The present chain begins with the heads of the one before, as far as it has come."""
    ours = set(origins.values())
    events = sorted(
        (event.block_number, event.log_index, origin, event.size, event.root)
        for origin, known in chain.logs.items()
        if origin in ours
        for event in known.events
    )
    for (number, _, origin, size, root), row in zip(events, repository.heads(session, epoch), strict=False):
        if (origin, size, root) != (origins[row.log_id], row.size, row.root):
            detail = (
                f"head {row.ordinal} of epoch {epoch} is {origins[row.log_id]} {row.size}; here it is {origin} {size}"
            )
            against = (f"the chain {chain.name}, block {number}",)
            yield Finding(kind="epoch-heads", origin=origins[row.log_id], detail=detail, contradicted_by=against)
            return


def _finding(row: PastAnchorRow, origin: str, fault: str) -> Finding:
    where = f"the transaction {row.tx_hash} on {row.chain}" if row.tx_hash else "the order of nonces"
    detail = f"head {row.ordinal} of epoch {row.epoch} ({origin} {row.size}): {fault}"
    return Finding(
        kind="epoch-heads", origin=origin, first=row.size - 1, end=row.size, detail=detail, contradicted_by=(where,)
    )
