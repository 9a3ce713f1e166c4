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
from chain.party.witness.follow import Anchor, AnchorBlock, ChainFollower
from chain.party.witness.refusal import Alarm, Refusal
from chain.party.witness.store import SHARD, keep_evidence
from chain.party.witness.watch import ListedLog, LogWatch, read_listed
from chain.proof.checkpoint import HeaderAttestation
from chain.proof.encoding import to_hex
from chain.proof.entries import MAX_BUNDLE
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
    """What a round found about the service, the chain, and each log by origin."""

    service: Finding = field(default_factory=Finding)
    chain: Finding = field(default_factory=Finding)
    logs: dict[str, Finding] = field(default_factory=dict)

    @property
    def worst(self) -> State:
        """The gravest state of all."""
        order = list(State)
        return max((one.state for one in (self.service, self.chain, *self.logs.values())), key=order.index)


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
        self._follower = ChainFollower(home / "chain", config.chain, nodes, wanted=wanted)
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
        found.chain = self._guard("chain", self._follower.advance)
        listed: list[ListedLog] = []
        found.service = self._guard("service", partial(self._list, listed))
        for log in listed:
            found.logs[log.origin] = self._guard(log.origin, partial(self._visit, log))
        if found.service.state is State.OK:
            for origin in self._missing(found):
                detail = "the service does not list this log"
                found.logs[origin] = self._guard(origin, partial(_refuse, "not-listed", detail))
        self._settle(found)
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
        state = self._follower.state
        chain_keys = state.keys.get(watch.store.log_id, ()) if state else ()
        try:
            watch.observe(self._api, log, chain_keys, frozen=state.frozen.get(watch.store.log_id) if state else None)
        except ApiProblem as error:
            if error.status == 404 and watch.store.head is None:
                return  # the log has no checkpoint yet
            raise
        if watch.cosign(self._api, log, self._now, refresh_s=self._config.refresh_s):
            size = watch.store.head.checkpoint.size if watch.store.head else 0
            _log.info("cosigned origin=%s size=%d", log.origin, size)
        watch.copy_tiles(self._api, log)
        if self._auditor is not None:
            watch.copy_entries(self._auditor, log, at_s=self._now().timestamp())

    def _watch(self, origin: str) -> LogWatch:
        if origin not in self._watches:
            configured = (self._config.logs or {}).get(origin, ())
            self._watches[origin] = LogWatch(self._home, origin, self._key, configured=configured)
        return self._watches[origin]

    def _settle(self, found: Round) -> None:
        """Compares anchored heads with what was cosigned, and attests the blocks that carry them."""
        by_id = {watch.store.log_id: watch for watch in self._watches.values()}
        blocks = self._follower.state.blocks if self._follower.state else []
        changed = False
        for block in blocks:
            for anchor in block.anchors:
                if anchor.verdict is None and anchor.log in by_id:
                    changed |= self._judge(by_id[anchor.log], anchor, found)
            if block.may_attest:
                finding = self._guard("attestation", partial(self._attest, block))
                changed |= block.attested
                if finding.state is not State.OK:
                    found.service = finding
                    break  # the next one would fare no better; all are kept
        if changed:
            self._follower.save()

    def _judge(self, watch: LogWatch, anchor: Anchor, found: Round) -> bool:
        def judge() -> None:
            anchor.verdict = watch.judge(anchor)

        finding = self._guard(watch.store.origin, judge)
        if finding.state is State.ALARM:
            anchor.verdict = False
        if finding.state is not State.OK:
            found.logs[watch.store.origin] = finding
        return anchor.verdict is not None

    def _attest(self, block: AnchorBlock) -> None:
        """Signs, remembers, then posts."""
        chain = self._config.chain
        text = HeaderAttestation(chain.chain_id, chain.genesis, block.number, block.hash).text()
        note = sign_note(text, self._plain)
        file = self._home / "chain" / "attestations" / str(block.number // SHARD) / f"{block.number}.note"
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
            "logs": {origin: {**asdict(one), **self._head(origin)} for origin, one in found.logs.items()},
        }
        now = self._now()
        before, at = self._reported
        if before == body and 0 <= now.timestamp() - at < _STATUS_AGE_S:
            return
        write_json(self._home / STATUS_FILE, {"at": rfc3339(now), **body})
        self._reported = (body, now.timestamp())

    def _head(self, origin: str) -> dict[str, object]:
        watch = self._watches.get(origin)
        head = watch.store.head.checkpoint if watch and watch.store.head else None
        if watch is None or head is None:
            return {}
        mirrored = {"mirrored": watch.mirror.size, "entries": watch.entries.size}
        return {"size": head.size, "root": to_hex(head.root), **mirrored}


def _auditor(home: Path, url: str) -> ApiClient | None:
    """A client with the token in `token`, when there is one: then entries are mirrored too."""
    token = read_optional(home / TOKEN_FILE)
    if token is None:
        return None
    return ApiClient(url, token.decode("ascii", "replace").strip(), timeout=30.0, max_answer=2 * MAX_BUNDLE)


def _refuse(kind: str, detail: str) -> None:
    raise Refusal(kind, detail)
