"""What runs beside the requests, put together: sealing, anchoring, collecting proofs, grading anew."""

from services.evidence.anchoring import Anchorer, ProofCollector
from services.evidence.epochs.service import Epochs
from services.evidence.gate import Gate, StartCheck
from services.evidence.heads import HeadFile
from services.evidence.keys import LogKeys
from services.evidence.ports import Ports
from services.evidence.regrading import Regrader
from services.evidence.sealing import Sealer
from services.evidence.standing import Standing
from services.platform.clock import Clock
from services.platform.database import Database
from services.platform.settings import Settings

__all__ = ["open_workers"]


def open_workers(
    settings: Settings,
    database: Database,
    clock: Clock,
    *,
    ports: Ports,
    keys: LogKeys,
    heads: HeadFile,
    gate: Gate,
    check: StartCheck,
    standing: Standing,
    epochs: Epochs,
) -> tuple[Sealer, Anchorer, ProofCollector, Regrader]:
    """The workers whose jobs the scheduler runs."""
    sealer = Sealer(
        database,
        clock,
        keys=keys,
        heads=heads,
        gate=gate,
        check=check,
        bare_grade=standing.bare_grade,
        fence=ports.fence,
    )
    anchorer = Anchorer(
        database,
        clock,
        queue=ports.transactions,
        chain=settings.supervision_chain,
        gate=gate,
        epochs=epochs,
        cadence=settings,
        fence=ports.fence,
    )
    collector = ProofCollector(database, collect=ports.collect, standing=standing, fence=ports.fence)
    return sealer, anchorer, collector, Regrader(database, clock, standing=standing, fence=ports.fence)
