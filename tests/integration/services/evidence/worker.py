"""The process that is killed: submits, seals, anchors, and says on its output what it was told is durable.

python -m tests.integration.services.evidence.worker DATABASE_URL HOME LOG_ID
"""

import itertools
import json
import sys
from pathlib import Path
from typing import Any

from chain.proof.checkpoint import Checkpoint
from chain.proof.note import parse_note
from services.evidence import repository
from services.evidence.anchoring import chain_log
from services.evidence.group import Group
from services.evidence.handlers import LogEvents
from services.platform.clock import FixedClock
from services.platform.database import Database
from services.platform.logging import configure
from services.transactions.views import ChainEvent
from tests.integration.services.evidence.house import OPERATOR, House, open_house, record


def say(**line: Any) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def mine(house: House) -> None:
    """What the indexer does when the pending append is final."""
    with house.database.read() as session:
        pending = repository.last_anchor(session, house.log_id, "pending")
        checkpoint = repository.checkpoint(session, house.log_id, pending.size) if pending else None
    if checkpoint is None:
        return
    args = {"log": chain_log(house.origin), "size": checkpoint.size, "root": checkpoint.root, "previousSize": 0}
    place = {"block_number": 7, "block_hash": "0x" + "5a" * 32, "block_time": 0, "tx_hash": "0x" + "5b" * 32}
    event = ChainEvent(
        chain="supervision",
        contract="EvidenceLog",
        name="HeadAnchored",
        args=args,
        transaction_index=0,
        log_index_in_block=0,
        **place,  # type: ignore[arg-type]
    )
    events = LogEvents(house.service._desk, chain="supervision", gate=house.service.gate)

    def unit(group: Group) -> None:
        events.anchored(group, event)

    house.service.sequencer.run(unit)
    say(anchored=checkpoint.size)


def main(url: str, home: str, log_id: str) -> None:
    configure("error")
    house = open_house(Path(home), Database(url), FixedClock())
    house.log_id = log_id
    say(ready=house.service.gate.ready())
    for turn in itertools.count():
        key = [f"{home[-4:]}-{turn}-{number}" for number in range(3)]
        futures = [
            house.service.submit_record(OPERATOR, record(f"s{turn % 5}"), log_id=log_id, idempotency_key=each)
            for each in key
        ]
        for each, future in zip(key, futures, strict=True):
            accepted = future.result(60)
            say(key=each, index=accepted.index, leaf=accepted.leaf.hex(), acknowledgement=accepted.acknowledgement)
        house.service.sealer.run()
        head = Checkpoint.parse(parse_note(house.service.public.checkpoint(log_id)).text)
        say(sealed=head.size, root=head.root.hex())
        house.clock.advance(seconds=20)
        house.service.anchorer.run()
        mine(house)
        if turn > 50:
            raise SystemExit("the failpoint was never reached")


if __name__ == "__main__":
    main(*sys.argv[1:])
