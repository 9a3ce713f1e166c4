"""Names of what goes to the chain with a proof."""

__all__ = ["SEAL"]

SEAL = "pilot.seal"
