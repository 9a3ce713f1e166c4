"""The rounds of a witness, and how it tells what it found."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from functools import partial
from pathlib import Path

from chain.party.clock import Now, rfc3339, system_now
from chain.party.durable import read_optional, write_json, write_private
from chain.party.errors import ApiProblem, PartyError, Unreachable
from chain.party.http import ApiClient, segment
from chain.party.keystore import NoteKey
from chain.party.rpc import JsonRpc
from chain.party.witness.config import WitnessConfig
from chain.party.witness.epochs import Comparison, seen_tree
from chain.party.witness.follow import Anchor, AnchorBlock, ChainFollower
from chain.party.witness.refusal import Alarm, Refusal
from chain.party.witness.store import SHARD, keep_evidence
from chain.party.witness.watch import ListedLog, LogWatch, keys_of_epochs, read_listed
from chain.proof.checkpoint import Checkpoint, HeaderAttestation
from chain.proof.encoding import to_hex
from chain.proof.entries import MAX_BUNDLE
from chain.proof.epoch import EpochStatement
from chain.proof.errors import ProofError
from chain.proof.ethereum import log_id
from chain.proof.note import NoteSigner, SignatureType, sign_note

STATUS_FILE = "status.json"
TOKEN_FILE = "token"  # noqa: S105 (a file's name)
_STATUS_AGE_S = 10
_log = logging.getLogger("regseal.witness")


class State(StrEnum):
    """How one log, the chain or the service stands after a round, from good to grave."""

    OK = "ok"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    ALARM = "alarm"


@dataclass(frozen=True)
class Finding:
    """What a round found about one subject; `kind` is a stable name, `detail` is for people."""

    state: State = State.OK
    kind: str = ""
    detail: str = ""


@dataclass
class Round:
    """What a round found about the service, the chain, its beginning after a lost one, and each log by origin."""

    service: Finding = field(default_factory=Finding)
    chain: Finding = field(default_factory=Finding)
    epoch: Finding = field(default_factory=Finding)
    logs: dict[str, Finding] = field(default_factory=dict)

    @property
    def worst(self) -> State:
        """The gravest state of all."""
        order = list(State)
        return max((one.state for one in (self.service, self.chain, self.epoch, *self.logs.values())), key=order.index)


class Witness:
    """A witness in its home. The caller holds the home's lock (`chain.party.durable.only_process`)."""

    def __init__(self, home: Path, config: WitnessConfig, key: NoteKey, *, now: Now = system_now) -> None:
        self._home = home
        self._config = config
        self._key = key
        self._now = now
        self._api = ApiClient(config.api, timeout=10.0)
        self._auditor = _auditor(home, config.api)
        self._plain = NoteSigner(key.name, SignatureType.ED25519, key.secret)
        wanted = None if config.logs is None else frozenset(log_id(origin) for origin in config.logs)
        nodes = [JsonRpc(url) for url in config.chain.rpc]
        self._follower = ChainFollower(home / config.chain.folder, config.chain, nodes, wanted=wanted)
        self._past = [ChainFollower(home / pin.folder, pin, ()) for pin in config.past]
        self._comparison = Comparison()
        self._stated = False
        self._watches: dict[str, LogWatch] = {}
        self._told: dict[str, Finding] = {}
        self._reported: tuple[dict[str, object], float] = ({}, 0)

    def run(self, stop: threading.Event) -> Round:
        """Rounds until `stop` is set; gives the last one."""
        found = self.round()
        while not stop.wait(self._config.interval_ms / 1000):
            found = self.round()
        return found

    def round(self) -> Round:
        """One look at the chain and at every log.

        Never raises for what others did wrong; that is told in the result, the status file, the log and the evidence
        folder. A full disk or a damaged home does raise: a witness that cannot remember must not sign.
        """
        found = Round()
        self._auditor = self._auditor or _auditor(self._home, self._config.api)
        found.chain = self._guard("chain", self._follower.advance)
        listed: list[ListedLog] = []
        found.service = self._guard("service", partial(self._list, listed))
        for log in listed:
            found.logs[log.origin] = self._guard(log.origin, partial(self._visit, log))
        if found.service.state is State.OK:
            for origin in self._missing(found):
                detail = "the service does not list this log"
                found.logs[origin] = self._guard(origin, partial(_refuse, "not-listed", detail))
        for follower in (*self._past, self._follower):
            self._settle(follower, found)
        if self._past:
            found.epoch = self._guard("epoch", partial(self._state_epoch, self._past[-1]))
        self._report(found)
        return found

    def _list(self, listed: list[ListedLog]) -> None:
        wanted, seen = self._config.logs, set[str]()
        for item in self._api.items("/v1/logs"):
            if not item.get("vkeys"):
                continue  # its opening is not done yet
            log = read_listed(item)
            if log.origin not in seen and (wanted is None or log.origin in wanted):
                seen.add(log.origin)
                listed.append(log)

    def _missing(self, found: Round) -> set[str]:
        known = {origin for origin, watch in self._watches.items() if watch.store.head is not None}
        return (known | set(self._config.logs or {})) - set(found.logs)

    def _visit(self, log: ListedLog) -> None:
        watch = self._watch(log.origin)
        watch.answer_challenge(self._api, log)
        standing = watch.store.alarm()
        if standing is not None:
            raise Alarm(str(standing.get("kind")), str(standing.get("detail")))
        states = [one.state for one in (*self._past, self._follower) if one.state is not None]
        chain_keys = keys_of_epochs([one.keys.get(watch.store.log_id, ()) for one in states])
        frozen = next((one.frozen[log_id] for one in states if (log_id := watch.store.log_id) in one.frozen), None)
        entries = _Entries(watch, log, self._api, self._auditor, self._now().timestamp())
        try:
            watch.observe(self._api, log, chain_keys, frozen=frozen, ready=entries.ready)
        except ApiProblem as error:
            if error.status == 404 and watch.store.head is None:
                return  # the log has no checkpoint yet
            raise
        if watch.cosign(self._api, log, self._now, refresh_s=self._config.refresh_s):
            size = watch.store.head.checkpoint.size if watch.store.head else 0
            _log.info("cosigned origin=%s size=%d", log.origin, size)
        watch.copy_tiles(self._api, log)
        entries.copy()

    def _watch(self, origin: str) -> LogWatch:
        if origin not in self._watches:
            configured = (self._config.logs or {}).get(origin, ())
            self._watches[origin] = LogWatch(self._home, origin, self._key, configured=configured)
        return self._watches[origin]

    def _settle(self, follower: ChainFollower, found: Round) -> None:
        """Compares anchored heads with what was cosigned, and attests the blocks that carry them."""
        by_id = {watch.store.log_id: watch for watch in self._watches.values()}
        blocks = follower.state.blocks if follower.state else []
        changed = False
        for block in blocks:
            for anchor in block.anchors:
                if anchor.verdict is None and anchor.log in by_id:
                    changed |= self._judge(by_id[anchor.log], anchor, found)
            if block.may_attest:
                finding = self._guard("attestation", partial(self._attest, follower, block))
                changed |= block.attested
                if finding.state is not State.OK:
                    found.service = finding
                    break  # the next one would fare no better; all are kept
        if changed:
            follower.save()

    def _judge(self, watch: LogWatch, anchor: Anchor, found: Round) -> bool:
        def judge() -> None:
            anchor.verdict = watch.judge(anchor)

        finding = self._guard(watch.store.origin, judge)
        if finding.state is State.ALARM:
            anchor.verdict = False
        if finding.state is not State.OK:
            found.logs[watch.store.origin] = finding
        return anchor.verdict is not None

    def _state_epoch(self, lost: ChainFollower) -> None:
        """Says that the chain begins with what was seen on the lost one, once it does; remembers it, then posts it."""
        logs = frozenset(bytes.fromhex(one.name[2:]) for one in (self._home / "logs").glob("0x*"))
        if self._stated or not self._comparison.advance(lost.seen, self._follower.seen, logs):
            return
        text = EpochStatement(lost.pin.pinned, self._follower.pin.pinned, *seen_tree(lost.seen, logs)).text()
        note = sign_note(text, self._plain)
        write_private(self._follower.folder / "statement.note", note.encode())
        self._api.post_text(f"/v1/chains/{segment(lost.pin.name)}/statements", note)
        self._stated = True
        _log.info("stated epoch=%d heads=%d", self._follower.pin.epoch, self._comparison.equal)

    def _attest(self, follower: ChainFollower, block: AnchorBlock) -> None:
        """Signs, remembers, then posts."""
        chain = follower.pin
        text = HeaderAttestation(chain.chain_id, chain.genesis, block.number, block.hash).text()
        note = sign_note(text, self._plain)
        file = follower.folder / "attestations" / str(block.number // SHARD) / f"{block.number}.note"
        if not file.exists():
            write_private(file, note.encode())
        self._api.post_text(f"/v1/chains/{segment(chain.name)}/attestations", note)
        block.attested = True
        _log.info("attested block=%d hash=%s", block.number, to_hex(block.hash))

    def _guard(self, subject: str, act: Callable[[], None]) -> Finding:
        """Runs `act`; what others did wrong becomes a finding, with its evidence kept and an alarm made to stand."""
        try:
            act()
        except Refusal as refusal:
            finding = self._refused(subject, refusal)
        except Unreachable as error:
            finding = Finding(State.UNREACHABLE, "unreachable", str(error))
        except ApiProblem as error:
            state = State.UNREACHABLE if error.status >= 500 or error.status == 429 else State.REFUSED
            finding = Finding(state, error.slug, str(error))
        except ProofError as error:
            finding = Finding(State.REFUSED, error.code, str(error))
        except PartyError as error:
            finding = Finding(State.REFUSED, type(error).__name__, str(error))
        else:
            finding = Finding()
        self._tell(subject, finding)
        return finding

    def _refused(self, subject: str, refusal: Refusal) -> Finding:
        at = rfc3339(self._now())
        evidence = keep_evidence(self._home, subject, refusal, at=at)
        if not isinstance(refusal, Alarm):
            return Finding(State.REFUSED, refusal.kind, refusal.detail)
        body = {"kind": refusal.kind, "detail": refusal.detail, "raised_at": at}
        self._watch(subject).store.raise_alarm({**body, "evidence": evidence.name if evidence else None})
        return Finding(State.ALARM, refusal.kind, refusal.detail)

    def _tell(self, subject: str, finding: Finding) -> None:
        """One line in the log whenever something changes, not every second."""
        if self._told.get(subject, Finding()) == finding:
            return
        self._told[subject] = finding
        levels = {State.OK: logging.INFO, State.UNREACHABLE: logging.WARNING, State.REFUSED: logging.ERROR}
        level = levels.get(finding.state, logging.CRITICAL)
        _log.log(level, "%s subject=%s kind=%s %s", finding.state.upper(), subject, finding.kind, finding.detail)

    def _report(self, found: Round) -> None:
        """Writes the status file when something changed, and now and then to show that the witness lives."""
        state = self._follower.state
        followed = {"number": state.number, "hash": to_hex(state.hash)} if state else {}
        body: dict[str, object] = {
            "name": self._config.name,
            "role": self._config.role,
            "worst": found.worst,
            "service": asdict(found.service),
            "chain": {**asdict(found.chain), **followed},
            "epoch": {**asdict(found.epoch), **self._epoch_progress()},
            "logs": {origin: {**asdict(one), **self._head(origin)} for origin, one in found.logs.items()},
        }
        now = self._now()
        before, at = self._reported
        if before == body and 0 <= now.timestamp() - at < _STATUS_AGE_S:
            return
        write_json(self._home / STATUS_FILE, {"at": rfc3339(now), **body})
        self._reported = (body, now.timestamp())

    def _epoch_progress(self) -> dict[str, object]:
        """Which epoch is followed, and how many of the lost one's heads it began with."""
        progress = {"equal": self._comparison.equal, "stated": self._stated} if self._past else {}
        return {"epoch": self._follower.pin.epoch, **progress}

    def _head(self, origin: str) -> dict[str, object]:
        watch = self._watches.get(origin)
        head = watch.store.head.checkpoint if watch and watch.store.head else None
        if watch is None or head is None:
            return {}
        mirrored = {"mirrored": watch.mirror.size, "entries": watch.entries.size}
        return {"size": head.size, "root": to_hex(head.root), **mirrored}


class _Entries:
    """The mirror of one log's entries in one round. Without an auditor's token there is none, and all is ready."""

    def __init__(self, watch: LogWatch, log: ListedLog, api: ApiClient, auditor: ApiClient | None, at_s: float) -> None:
        self._watch, self._log, self._api, self._auditor, self._at_s = watch, log, api, auditor, at_s

    def ready(self, head: Checkpoint) -> bool:
        """Whether all below `head` is mirrored. A token that is refused stops the copying, not the witness."""
        try:
            return self._copy(head)
        except ApiProblem as problem:
            if problem.status not in (401, 403, 404):
                raise
            return True

    def copy(self) -> None:
        """What is left of the head that was accepted, erasures, and the keyring now and then."""
        head = self._watch.store.head
        try:
            self._copy(head.checkpoint if head else None)
        except ApiProblem as problem:
            if problem.status != 404:  # a log of another region is not this auditor's to mirror
                raise

    def _copy(self, head: Checkpoint | None) -> bool:
        if self._auditor is None:
            return True
        return self._watch.copy_entries(self._api, self._log, head, auditor=self._auditor, at_s=self._at_s)


def _auditor(home: Path, url: str) -> ApiClient | None:
    """A client with the token in `token`, when there is one: then entries are mirrored too."""
    token = read_optional(home / TOKEN_FILE)
    if token is None:
        return None
    return ApiClient(url, token.decode("ascii", "replace").strip(), timeout=30.0, max_answer=2 * MAX_BUNDLE)


def _refuse(kind: str, detail: str) -> None:
    raise Refusal(kind, detail)
