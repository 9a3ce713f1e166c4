"""The process that is killed while it takes an upload.

python -m tests.integration.services.evidence.bulkworker DATABASE_URL HOME LOG_ID UPLOAD_ID FILE
"""

import sys
from pathlib import Path

from services.platform.clock import FixedClock
from services.platform.database import Database
from services.platform.logging import configure
from tests.integration.services.evidence.bulkhouse import bulk_of
from tests.integration.services.evidence.house import OPERATOR, open_house


def main(url: str, home: str, log_id: str, upload_id: str, file: str) -> None:
    """Sends the file from where the upload stands, a little at a time."""
    configure("error")
    house = open_house(Path(home), Database(url), FixedClock())
    house.log_id = log_id
    with bulk_of(house) as bulk:
        position = bulk.get(OPERATOR, upload_id).position
        data = Path(file).read_bytes()[position:]
        with bulk.receiving(OPERATOR, upload_id, position) as intake:
            for start in range(0, len(data), 10_000):
                intake.feed(data[start : start + 10_000])
            intake.finish()
    raise SystemExit("the failpoint was never reached")


if __name__ == "__main__":
    main(*sys.argv[1:])
