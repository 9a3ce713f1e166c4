"""Watches one log: check and remember first, then sign, then post."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from chain.party.clock import Now
from chain.party.errors import ApiProblem, ResponseRefused
from chain.party.http import ApiClient, segment
from chain.party.keystore import NoteKey
from chain.party.witness.entries import EntryMirror
from chain.party.witness.follow import Anchor
from chain.party.witness.mirror import Mirror
from chain.party.witness.refusal import Alarm, Refusal
from chain.party.witness.store import Head, KeyRange, LogStore
from chain.proof.canonical import JsonObject
from chain.proof.checkpoint import Checkpoint, HeadStatement, check_origin
from chain.proof.encoding import from_hex, to_hex
from chain.proof.entries import entries_path
from chain.proof.errors import ProofError
from chain.proof.hashing import sha256
from chain.proof.merkle import HASH_BYTES, MAX_PROOF, empty_root, verify_consistency
from chain.proof.note import (
    Note,
    NoteSigner,
    SignatureType,
    VerifierKey,
    parse_note,
    sign_note,
    verify_note,
)
from chain.proof.tiles import TILE_WIDTH, Tile, tile_path

_LOG_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")
_KEYRING_S = 60
_PATIENCE_S = 5
_NONCE = re.compile(r"[0-9a-f]{64}")
Ready = Callable[[Checkpoint], bool]
ChainKeys = Sequence[tuple[int, bytes]]
"""(first size, SHA-256 of the public key) of a log as the chain tells them."""


@dataclass(frozen=True)
class ListedLog:
    """A log as the service lists it: material to check."""

    id: str
    origin: str
    keys: tuple[KeyRange, ...]

    @property
    def path(self) -> str:
        """Where its resources are."""
        return f"/v1/logs/{segment(self.id)}"


class LogWatch:
    """One log, seen by one witness."""

    def __init__(self, home: Path, origin: str, key: NoteKey, *, configured: Sequence[VerifierKey] = ()) -> None:
        self.store = LogStore(home, origin)
        self.mirror = Mirror(self.store.folder / "mirror")
        self.entries = EntryMirror(self.store.folder / "mirror")
        self._keyring_at = float("-inf")
        self._configured = tuple(KeyRange(0, one) for one in configured)
        self._plain = NoteSigner(key.name, SignatureType.ED25519, key.secret)
        self._cosigner = NoteSigner(key.name, SignatureType.COSIGNATURE, key.secret)
        self._posted: tuple[int, float] | None = None

    def answer_challenge(self, api: ApiClient, log: ListedLog) -> None:
        """Tells a service that starts the last head this witness signed, also when that shames the service."""
        body = api.get(f"{log.path}/challenge")
        nonce = body.get("nonce") if isinstance(body, dict) else None
        if not isinstance(nonce, str) or not _NONCE.fullmatch(nonce):
            return
        head = self.store.head
        size, root = (head.checkpoint.size, head.checkpoint.root) if head else (0, empty_root())
        statement = HeadStatement(self.store.origin, nonce, size, root)
        api.post_text(f"{log.path}/heads", sign_note(statement.text(), self._plain))

    def observe(
        self,
        api: ApiClient,
        log: ListedLog,
        chain_keys: ChainKeys,
        *,
        frozen: int | None = None,
        ready: Ready = lambda _head: True,
    ) -> None:
        """Fetches the log's checkpoint and accepts it, or not. One beyond the size at which it was `frozen` is let be.

        Leaves that were accepted while the freeze was on its way make such heads in all honesty; a thief makes others.
        A head that extends the last one is accepted once it is `ready`: what is not mirrored is not signed.

        Raises:
            Alarm: the log contradicts itself under its own signature.
            Refusal: it cannot be accepted (now).
        """
        try:
            note = parse_note(api.get_text(f"{log.path}/checkpoint"))
            seen = Head(Checkpoint.parse(note.text), note.format())
        except ProofError as error:
            raise Refusal("checkpoint-malformed", str(error)) from error
        self._check_signed(seen, note, self._key(log, chain_keys, seen.checkpoint.size))
        head, size = self.store.head, seen.checkpoint.size
        if frozen is None or size <= max(frozen, head.checkpoint.size if head else 0):
            self._check_extends(seen, api, log, ready)

    def cosign(self, api: ApiClient, log: ListedLog, now: Now, *, refresh_s: int) -> bool:
        """Posts a cosignature of the last accepted head, unless that was done lately. True when it was posted."""
        head, seconds = self.store.head, int(now().timestamp())
        if head is None:
            return False
        size = head.checkpoint.size
        if self._posted is not None and self._posted[0] == size and 0 <= seconds - self._posted[1] < refresh_s:
            return False
        note = parse_note(head.note)
        own = [one for one in note.signatures if one.name == self.store.origin]
        signed = Note(note.text, (*own, self._cosigner.sign(note.text, seconds=seconds)))
        self.store.keep_cosigned(size, signed.format())
        api.post_text(f"{log.path}/cosignatures", signed.format())
        self._posted = (size, seconds)
        return True

    def copy_tiles(self, api: ApiClient, log: ListedLog) -> None:
        """Brings the mirror one step closer to the last head. Raises Refusal `tiles-wrong`."""
        if self.store.head is not None:
            self._copy(self.store.head.checkpoint, api, log)

    def _copy(self, head: Checkpoint, api: ApiClient, log: ListedLog) -> None:
        self.mirror.extend(
            head, lambda tile: _fetch_tile(api, log, tile), lambda old, new: _fetch_proof(api, log, old, new)
        )

    def copy_entries(
        self, api: ApiClient, log: ListedLog, to: Checkpoint | None, *, auditor: ApiClient, at_s: float
    ) -> bool:
        """Brings tiles, entries and keyring to the head `to`, for a few seconds; whether they are there.

        Raises:
            Refusal: `tiles-wrong`, `entries-wrong`, `keyring-wrong`.
            ApiProblem: `auditor`'s token is not an auditor's of this log's region.
        """

        def fetch(index: int, width: int) -> bytes:
            return auditor.get_bytes(f"{log.path}/{entries_path(index, width)}")

        before, until = self.entries.size, time.monotonic() + _PATIENCE_S
        while to is not None and self.entries.size < to.size and time.monotonic() < until:
            self._copy(to, api, log)
            self.entries.extend(min(to.size, self.mirror.size), self.mirror.leaf_hashes, fetch)
        if self.entries.size > before or not 0 <= at_s - self._keyring_at < _KEYRING_S:
            keyring = self.entries.keep_keyring(auditor.get_bytes(f"{log.path}/keyring"))
            self._keyring_at = at_s
            if keyring.erased != self.entries.erased:
                listed = [item.get("index") for item in auditor.items(f"{log.path}/erasures", limit=500)]
                indexes = [index for index in listed if isinstance(index, int)]
                self.entries.forget(indexes, keyring.erased, self.mirror.leaf_hashes, fetch)
        return to is None or self.entries.size >= to.size

    def judge(self, anchor: Anchor) -> bool | None:
        """True when an anchored head is one of the log this witness cosigned; None when that cannot be told yet.

        Raises:
            Alarm: the chain holds a head that contradicts what was cosigned.
        """
        known = self.store.at(anchor.size)
        if known is None and anchor.size > self.mirror.size:
            return None
        root = known.checkpoint.root if known else self.mirror.root(anchor.size)
        if root != anchor.root:
            held = known or self.store.head
            evidence: JsonObject = {
                "cosigned": held.note if held else None,
                "root_known": to_hex(root),
                "anchored": {"size": anchor.size, "root": to_hex(anchor.root)},
            }
            raise Alarm("anchor-contradicts", f"the head anchored at size {anchor.size} is not the log's", evidence)
        return True

    def _key(self, log: ListedLog, chain_keys: ChainKeys, size: int) -> VerifierKey | None:
        """The key to believe at this size, None when it is not known.

        It is the configured one, else the one pinned on first use. Once the chain names the log's keys, they are
        decided there: what is pinned or listed only tells which public keys belong to the key ids.
        """
        pinned = self.store.pins() or self._configured or log.keys
        if not chain_keys:
            self._remember(pinned)
            return next((one.key for one in reversed(pinned) if one.from_size <= size), None)
        known = {sha256(one.key.public): one.key for one in (*log.keys, *pinned)}
        opened = {digest for _, digest in chain_keys}
        if any(sha256(one.key.public) not in opened for one in self._configured):
            raise Refusal("key-not-on-chain", "the configured key of the log is not one that the chain names")
        self._remember([KeyRange(start, known[digest]) for start, digest in chain_keys if digest in known])
        return next((known.get(digest) for start, digest in reversed(chain_keys) if start <= size), None)

    def _remember(self, ranges: Sequence[KeyRange]) -> None:
        if ranges and tuple(ranges) != self.store.pins():
            self.store.pin(ranges)

    def _check_signed(self, seen: Head, note: Note, key: VerifierKey | None) -> None:
        checkpoint = seen.checkpoint
        if checkpoint.origin != self.store.origin:
            raise Refusal("origin-wrong", f"a checkpoint of {checkpoint.origin}", {"seen": seen.note})
        try:
            verified = verify_note(note, [key]) if key and _may_sign(key, checkpoint.origin) else []
        except ProofError as error:
            raise Refusal("signature-wrong", str(error), {"seen": seen.note}) from error
        if not verified:
            raise Refusal("key-wrong", "not signed by the log's key for this size", {"seen": seen.note})

    def _check_extends(self, seen: Head, api: ApiClient, log: ListedLog, ready: Ready) -> None:
        head, new = self.store.head, seen.checkpoint
        before = self.store.at(new.size)
        if before is not None and before.checkpoint.root != new.root:
            raise self._fork(before, seen, f"two roots at size {new.size}")
        if head is None:
            if ready(new):
                self.store.advance(seen)
            return
        old = head.checkpoint
        if new.size < old.size:
            if new.size <= self.mirror.size and self.mirror.root(new.size) != new.root:
                raise self._fork(head, seen, f"a head of size {new.size} that is no earlier head of this log")
            evidence: JsonObject = {"cosigned": head.note, "seen": seen.note}
            raise Refusal("smaller", f"the log shows size {new.size} after {old.size}", evidence)
        if new.size > old.size:
            self._check_proof(head, seen, _fetch_proof(api, log, old.size, new.size) if old.size else [])
            if ready(new):
                self.store.advance(seen)

    def _check_proof(self, head: Head, seen: Head, proof: Sequence[bytes]) -> None:
        old, new = head.checkpoint, seen.checkpoint
        try:
            verify_consistency(old.size, new.size, old.root, new.root, proof)
        except ProofError as error:
            evidence: JsonObject = {"cosigned": head.note, "seen": seen.note, "proof": [to_hex(one) for one in proof]}
            detail = f"no proof that the head at {new.size} extends the one at {old.size}: {error}"
            raise Refusal("inconsistent", detail, evidence) from error

    def _fork(self, known: Head, seen: Head, detail: str) -> Alarm:
        return Alarm("fork", detail, {"cosigned": known.note, "seen": seen.note})


def keys_of_epochs(epochs: Sequence[ChainKeys]) -> ChainKeys:
    """What the chains of all epochs say of a log's keys, as one list.

    A chain that took a lost one's place opens the log with the key in force then: that begins nothing.

    Raises:
        Refusal: `key-other`, when it opened the log with another.
    """
    told: list[tuple[int, bytes]] = []
    for keys in epochs:
        for start, digest in keys:
            if start or not told:
                told.append((start, digest))
            elif told[-1][1] != digest:
                raise Refusal("key-other", "the new chain opened the log with another key than its last")
    return told


def read_listed(item: Mapping[str, object]) -> ListedLog:
    """A log of the service's list. Raises ResponseRefused."""
    identifier, origin, vkeys = item.get("id"), item.get("origin"), item.get("vkeys")
    if not isinstance(identifier, str) or not _LOG_ID.fullmatch(identifier) or not isinstance(vkeys, list):
        raise ResponseRefused("/v1/logs", f"log {str(identifier)[:80]!r} is listed wrongly")
    try:
        keys = [KeyRange(int(one["from_size"]), VerifierKey.parse(one["vkey"])) for one in vkeys]
        ordered = tuple(sorted(keys, key=lambda one: one.from_size))
        return ListedLog(identifier, check_origin(origin), ordered)
    except (ProofError, ValueError, KeyError, TypeError) as error:
        raise ResponseRefused("/v1/logs", f"log {identifier} is listed wrongly: {error}") from error


def _may_sign(key: VerifierKey, origin: str) -> bool:
    """A log signs under its own origin with plain Ed25519."""
    return key.name == origin and key.type is SignatureType.ED25519


def _fetch_proof(api: ApiClient, log: ListedLog, old: int, new: int) -> list[bytes]:
    body = api.get(f"{log.path}/consistency", **{"from": old, "to": new})
    proof = body.get("proof") if isinstance(body, dict) else None
    if not isinstance(proof, list) or len(proof) > MAX_PROOF:
        raise ResponseRefused(api.url, "not a consistency proof")
    try:
        return [from_hex(one, "proof", HASH_BYTES) for one in proof]
    except ProofError as error:
        raise ResponseRefused(api.url, str(error)) from error


def _fetch_tile(api: ApiClient, log: ListedLog, tile: Tile) -> bytes:
    """A tile's bytes; one that has been filled since is cut to the width asked for."""
    try:
        return api.get_bytes(f"{log.path}/{tile_path(tile.level, tile.index, tile.width)}")
    except ApiProblem as error:
        if error.status != 404 or tile.width == TILE_WIDTH:
            raise
        return api.get_bytes(f"{log.path}/{tile_path(tile.level, tile.index)}")[: tile.width * HASH_BYTES]
