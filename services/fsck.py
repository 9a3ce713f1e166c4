"""fsck (核验) of an installation, put together: its database, its head file, its chain, and what others kept.

Nothing is written, and the service may run meanwhile: whatever the database is compared with is read before the
database's snapshot is taken, so that it cannot know more.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from sqlalchemy.orm import Session

from chain.client import ChainClient
from chain.errors import ChainError
from chain.proof.checkpoint import Acknowledgement
from chain.proof.encoding import to_hex
from chain.proof.ethereum import log_id
from chain.proof.merkle import empty_root
from chain.proof.note import VerifierKey
from chain.proof.receipt import Receipt
from services.chains import Chains
from services.evidence.fsck.findings import Report
from services.evidence.fsck.fsck import Fsck, Progress, Scope
from services.evidence.fsck.outside import ChainLog, ChainView, Cursor, Event, MirrorFolder, Outside, read_paper
from services.evidence.fsck.papers import sound_receipt
from services.evidence.fsck.selfaudit import Keeper, SelfAudit
from services.evidence.heads import read_heads
from services.evidence.materials.wiring import store_of
from services.platform.clock import Clock, SystemClock
from services.platform.settings import Settings
from services.register.examining import Examining
from services.transactions import cursor
from services.transactions.encoding import EventDecoder

__all__ = ["Report", "Scope", "chain_view", "fsck", "self_audit"]

_CONTRACT = "EvidenceLog"
_STEP = 10_000


def fsck(
    settings: Settings,
    scope: Scope,
    *,
    mirror: Path | None = None,
    receipts: Sequence[Path] = (),
    progress: Progress = lambda _origin, _done, _all: None,
) -> Report:
    """Examines the installation. StartRefused when its keys cannot be read, Invalid when a file from outside cannot."""
    outside = Outside(heads=read_heads(settings.heads_dir))
    if mirror is not None:
        outside = replace(outside, mirror=MirrorFolder.open(mirror))
    outside = _with_papers(outside, receipts)
    chains = Chains(settings, SystemClock())
    client = chains.clients[settings.supervision_chain]
    outside = replace(outside, closing=chains.closing)
    try:
        client.handshake()
        outside = replace(outside, chain=chain_view(client))
    except ChainError as error:
        missing = f"the chain {settings.supervision} cannot be asked ({error}): anchors, cursors and keys are unchecked"
        outside = replace(outside, missing=[*outside.missing, missing])
    found = Fsck(
        settings.url,
        settings.master_key_file,
        outside,
        witnesses={VerifierKey.parse(one.vkey).name: (one.vkey, one.role) for one in settings.witnesses},
        quorum=dict(settings.witness_quorum),
        store=store_of(settings),
        cursors=_cursors(client),
        others=Examining(settings, chains),
        progress=progress,
    )
    return found.run(scope)


def _with_papers(outside: Outside, paths: Sequence[Path]) -> Outside:
    receipts: list[tuple[str, Receipt]] = []
    promises: list[tuple[str, Acknowledgement]] = []
    for path in paths:
        paper = read_paper(path)
        if isinstance(paper, Receipt):
            sound_receipt(path.name, paper)
            receipts.append((path.name, paper))
        else:
            promises.append((path.name, paper[0]))
    return replace(outside, receipts=tuple(receipts), acknowledgements=tuple(promises))


def chain_view(client: ChainClient) -> ChainView:
    """The log events of the chain's final blocks."""
    decoder = EventDecoder(client.abi(_CONTRACT))
    final = client.final()
    events: dict[str, list[Event]] = defaultdict(list)
    keys: dict[str, list[tuple[int, str]]] = defaultdict(list)
    origins: dict[str, str] = {}
    for start in range(client.first_block, final + 1, _STEP):
        for raw in client.logs(start, min(final, start + _STEP - 1), [_CONTRACT]):
            name, args = decoder.decode(raw.topics, raw.data) or ("", {})
            if name == "LogOpened":
                log = to_hex(log_id(args["origin"]))
                origins[log] = args["origin"]
                keys[log].append((0, to_hex(args["keyId"])))
            elif name == "LogRotated":
                keys[to_hex(args["log"])].append((int(args["fromSize"]), to_hex(args["keyId"])))
            elif name == "HeadAnchored":
                event = Event(
                    int(args["size"]), bytes(args["root"]), raw.block_number, raw.block_hash, raw.tx_hash, raw.log_index
                )
                events[to_hex(args["log"])].append(event)
    logs = {
        origin: ChainLog(tuple(events[log]), _held(client, log), tuple(dict(keys[log]).items()))
        for log, origin in origins.items()
    }
    return ChainView(client.name, final, logs)


def _held(client: ChainClient, log: str) -> tuple[int, bytes] | None:
    held = client.read(_CONTRACT, "logOf", bytes.fromhex(log[2:]))
    size = int(held[2])
    return size, bytes(held[5]) if size else empty_root()


def _cursors(client: ChainClient) -> Callable[[Session], tuple[Cursor, ...]]:
    """Where the listeners of the snapshot stand, and what the chain has there."""

    def read(session: Session) -> tuple[Cursor, ...]:
        found = []
        hashes: dict[int, str | None] = {}

        def block(number: int) -> str | None:
            if number not in hashes:
                known = client.block(number) if number >= 0 else None
                hashes[number] = known.hash if known else None
            return hashes[number]

        for name, handled, scanned in cursor.places(session, client.name):
            here = (handled.block, handled.hash) if handled else None
            found.append(
                Cursor(
                    name,
                    here,
                    (scanned.block, scanned.hash),
                    block(handled.block) if handled else None,
                    block(scanned.block),
                )
            )
        return tuple(found)

    return read


def self_audit(settings: Settings, clock: Clock, sizes: Callable[[], Mapping[str, int]], keeper: Keeper) -> SelfAudit:
    """The daily job of a running service; ``sizes``: the leaves of each log by origin."""
    return SelfAudit(clock, sizes=sizes, examine=partial(fsck, settings), keeper=keeper)
