"""To be called by every test of the register on a real node when it has done something."""

from services.register.book.reconcile import Reconciliation
from tests.integration.register.world import MarketWorld


def assert_reconciled(world: MarketWorld) -> Reconciliation:
    """Reads everything from the chain, then compares all rows with the contract's storage: nothing may differ."""
    world.settle()
    done = world.services.register.book.reconciler.run()
    assert done.differences == (), done.differences
    return done
