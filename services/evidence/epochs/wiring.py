"""Epochs and their jobs, from what the context has."""

from services.evidence.commands import LogCommands
from services.evidence.epochs.reopening import Reopening
from services.evidence.epochs.service import Epochs
from services.evidence.ports import Ports
from services.evidence.sequencer import Sequencer
from services.evidence.standing import Standing
from services.platform.clock import Clock
from services.platform.database import Database
from services.platform.settings import Settings

__all__ = ["open_epochs", "open_reopening"]


def open_epochs(settings: Settings, database: Database, clock: Clock, *, standing: Standing, ports: Ports) -> Epochs:
    """The epochs of the supervision chain."""
    return Epochs(
        database,
        clock,
        chain=settings.supervision_chain,
        pins=ports.chains,
        standing=standing,
        transactions=ports.transactions,
        fence=ports.fence,
    )


def open_reopening(
    settings: Settings, database: Database, *, epochs: Epochs, commands: LogCommands, ports: Ports, sequencer: Sequencer
) -> Reopening:
    """The job that asks for what the present chain does not know yet."""
    return Reopening(
        database,
        epochs=epochs,
        commands=commands,
        transactions=ports.transactions,
        sequencer=sequencer,
        chain=settings.supervision_chain,
        registered_in=ports.registered_in,
    )
