"""Rulebooks and projects of a chain that is lost (链纪元) or of a log that is frozen (日志冻结).

The chain in a lost one's place knows nothing of them. A rulebook is put in force there again. A project is not carried
over: nobody but the bodies themselves could say on the new chain where it stood, step by step; what it was stays proven
by its receipts and its dossier. Nor does a project go over to the successor of its log: a stream is what one log says
about it, and the chain bound the project to that stream.
"""

from collections.abc import Sequence
from contextlib import suppress

from sqlalchemy.orm import Session

from services.evidence.inclusion import frozen_origin
from services.pilots import repository
from services.pilots.models import ProjectRow, RulebookRow
from services.platform.errors import Conflict, NotFound
from services.platform.settings import is_first_epoch
from services.transactions.service import Transactions

__all__ = ["here", "log_frozen", "require_log", "require_project", "require_rulebook", "stands"]


def stands(session: Session, transactions: Transactions, chain: str, operation_id: str) -> bool:
    """Whether what an operation did is on ``chain`` (as rows call the present epoch) and not on a lost one."""
    with suppress(NotFound):
        return transactions.get_operation(session, operation_id).chain == chain
    return True  # of a restored database: then the chain itself decides


def require_rulebook(session: Session, transactions: Transactions, chain: str, row: RulebookRow) -> None:
    """Conflict ``rulebook-chain-lost`` names what must be done."""
    if not stands(session, transactions, chain, row.operation_id):
        raise Conflict(
            f"The chain on which {row.version} was put in force is lost. The working group asks for it again with the "
            "same settings and log (`regseal pilot activate`), and the region's authority signs.",
            slug="rulebook-chain-lost",
        )


def require_project(session: Session, transactions: Transactions, chain: str, row: ProjectRow) -> None:
    """Conflict ``project-chain-lost`` for a project that was opened on a lost chain."""
    opening = repository.opening(session, row.id) if row.count else None
    if opening is not None and not stands(session, transactions, chain, opening):
        raise Conflict(
            "This project was opened on a chain that is lost; the chain in its place does not know it and takes none "
            "of its steps. Timeline, receipts and dossier stay. To go on, its lead submits it anew as another project, "
            "and the bodies may rest their decisions on the records of this one.",
            slug="project-chain-lost",
        )


def here(session: Session, transactions: Transactions, chain: str, rows: Sequence[ProjectRow]) -> list[ProjectRow]:
    """Those that were not opened on a lost chain."""
    if is_first_epoch(chain):
        return list(rows)
    openings = repository.openings(session, [row.id for row in rows])
    chains = transactions.chains_of(session, list(openings.values()))
    lost = {project for project, operation in openings.items() if chains.get(operation, chain) != chain}
    return [row for row in rows if row.id not in lost]


def require_log(session: Session, log_id: str) -> None:
    """Conflict ``project-log-frozen`` when the log that must take the next entry takes none."""
    origin = frozen_origin(session, log_id)
    if origin is not None:
        raise log_frozen(origin)


def log_frozen(origin: str) -> Conflict:
    """What to do about a project whose log is frozen."""
    return Conflict(
        f"The log {origin} of this project is frozen and takes no entry of it any more, nor does its successor: the "
        "chain bound the project to its stream in that log. Timeline, receipts and dossier stay. To go on, the working "
        "group puts the rulebook in force over the successor (`regseal log succeed`, then `regseal pilot activate`), "
        "the lead submits the project anew under it, and the bodies may rest their decisions on the records of this "
        "one.",
        slug="project-log-frozen",
    )
