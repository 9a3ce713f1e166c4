"""Rulebooks and projects of a chain that is lost (链纪元): the chain in its place knows nothing of them.

A rulebook is put in force there again. A project is not carried over: nobody but the bodies themselves could say on the
new chain where it stood, step by step; what it was stays proven by its receipts and its dossier.
"""

from contextlib import suppress

from sqlalchemy.orm import Session

from services.pilots import repository
from services.pilots.models import ProjectRow, RulebookRow
from services.platform.errors import Conflict, NotFound
from services.transactions.service import Transactions

__all__ = ["require_project", "require_rulebook", "stands"]


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
