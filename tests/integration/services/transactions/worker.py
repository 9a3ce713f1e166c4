"""A process that does the manager's and the indexer's work until nothing is left of it; may be killed at a failpoint.

Arguments: database URL, node URL, address file.
"""

import sys
from pathlib import Path

from services.platform.database import Database
from services.transactions.desk import Policy
from tests.integration.services.transactions.rig import ENDED, Rig, client_of
from tests.waiting import until


def work(database: Database, node_url: str, address_file: Path) -> None:
    """As a new process does: it knows what is in the database and on the chain."""
    policy = Policy(stale_ms=0, sends_before_bump=1_000)  # a slow node is no reason to sign a second time
    rig = Rig(database, client_of(node_url, address_file), policy)

    def ended() -> bool:
        rig.tick()
        with rig.database.read() as session:
            operations = rig.service.list_operations(session, institution_id=None, limit=500)
        return all(each.state in ENDED for each in operations)

    until(ended)


if __name__ == "__main__":
    work(Database(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
