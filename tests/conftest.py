"""What every test shares: hypothesis at two sizes, both seeded by the runner (`make test SEED=…`)."""

import os

from hypothesis import HealthCheck, settings

FULL = os.environ.get("REGSEAL_TEST_SIZE") == "full"

# shared machines are slow at times, which is no fault of the code under test
_common = settings(deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("reduced", _common, max_examples=50, stateful_step_count=30)
settings.register_profile("full", _common, max_examples=1_000, stateful_step_count=60)
settings.load_profile("full" if FULL else "reduced")
