"""The service behind a socket, and a party's folder."""

from tests.integration.api.conftest import market  # noqa: F401 (a fixture)
from tests.integration.cli.test_submit import served  # noqa: F401 (a fixture)
from tests.integration.services.identity.conftest import deployed  # noqa: F401 (a fixture)
