"""A process that does the manager's and the indexer's work until nothing is left of it; may be killed at a failpoint.

Arguments: database URL, node URL, address file.
"""

import sys
import time
from pathlib import Path

from services.platform.database import Database
from tests.integration.services.transactions.rig import ENDED, Rig, client_of


def main() -> int:
    database_url, node_url, address_file = sys.argv[1:]
    rig = Rig(Database(database_url), client_of(node_url, Path(address_file)))
    until = time.monotonic() + 60
    while time.monotonic() < until:
        rig.tick()
        with rig.database.read() as session:
            operations = rig.service.list_operations(session, institution_id=None, limit=500)
        if all(each.state in ENDED for each in operations):
            return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
