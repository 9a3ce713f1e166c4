"""Puts the context together (试点项目)."""

from collections.abc import Callable
from dataclasses import dataclass

from services.evidence.keys import LogKeys
from services.evidence.service import EvidenceService
from services.pilots.activation import Activation
from services.pilots.applications import ApplicationDesk
from services.pilots.books import Books
from services.pilots.dossier.chain_word import ChainWord
from services.pilots.dossier.desk import DossierDesk, StoredFiles
from services.pilots.facts.comments import Comments
from services.pilots.facts.facts import Facts
from services.pilots.files import FileDesk
from services.pilots.parts import Parts
from services.pilots.projects.checking import Checking
from services.pilots.projects.confirming import Confirmations
from services.pilots.projects.forms import Forms
from services.pilots.projects.materials import ProjectMaterials
from services.pilots.reading import ReadChain, ReadDesk, RulebookDesk
from services.pilots.reads import Reads
from services.pilots.running import Running, open_running
from services.pilots.stepping import StepDesk
from services.pilots.steps.commands import Steps
from services.pilots.steps.gates import Gates
from services.pilots.steps.projections import PilotEvents
from services.pilots.stream import Stream
from services.platform.atrest import Vault
from services.platform.clock import Clock
from services.platform.database import Database
from services.platform.settings import Settings
from services.transactions.service import Transactions

__all__ = ["Pilots", "open_pilots"]


@dataclass(frozen=True, slots=True)
class Pilots:
    """The doors of the context."""

    rulebooks: RulebookDesk
    applications: ApplicationDesk
    files: FileDesk
    steps: StepDesk
    reads: ReadDesk
    running: Running
    dossiers: DossierDesk


def open_pilots(
    settings: Settings,
    database: Database,
    clock: Clock,
    *,
    vault: Vault,
    evidence: EvidenceService,
    transactions: Transactions,
    ask: ChainWord,
    files: StoredFiles,
) -> Pilots:
    """The context, its handlers subscribed: before the indexer starts.

    ``ask`` asks the supervision chain, ``files`` are the stored materials.
    """
    read, chain, days = ask.read, settings.supervision_chain, settings.authorisation_days
    stream, books = Stream(evidence), Books()
    forms, materials = Forms(vault, stream), ProjectMaterials(vault, stream)
    steps = Steps(stream, transactions, chain=chain, days=days)
    parts = Parts(
        database=database,
        clock=clock,
        evidence=evidence,
        transactions=transactions,
        stream=stream,
        books=books,
        forms=forms,
        materials=materials,
        confirmations=Confirmations(stream),
        checking=Checking(evidence, forms, materials),
        steps=steps,
        facts=Facts(stream),
        comments=Comments(evidence, stream, steps, keys=LogKeys(vault), anchor_by_ms=settings.anchor_by_ms),
        reads=Reads(books, forms),
        chain=chain,
        count_days=_counting(read),
    )
    activation = Activation(evidence, transactions, chain=chain, days=days)
    activation.register()
    PilotEvents(stream, books, chain=chain).register(transactions)
    Gates().register(transactions)
    return Pilots(
        rulebooks=RulebookDesk(parts, activation),
        applications=ApplicationDesk(parts),
        files=FileDesk(parts, files),
        steps=StepDesk(parts),
        reads=ReadDesk(parts, read),
        running=open_running(parts, transactions),
        dossiers=DossierDesk(parts, ask, files),
    )


def _counting(read: ReadChain) -> Callable[[int, int, int], tuple[bool, int]]:
    def count(region: int, since: int, until: int) -> tuple[bool, int]:
        known, counted = read("Calendar", "workingDaysAfter", region, since, until)
        return bool(known), int(counted)

    return count
