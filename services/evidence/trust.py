"""The sample trust file (信任文件): a convenience, not an authority.

A verifier that takes its trust from the service it verifies verifies nothing. This document saves typing; each of its
lines must be compared with what its owner publishes elsewhere.
"""

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy.orm import Session

from chain.proof.encoding import from_hex
from chain.proof.note import SignatureType, VerifierKey
from chain.proof.trust import Chain, LogKey, Policy, SubmitterKey, Trust, TrustedLog, Witness, format_trust
from services.evidence import repository
from services.evidence.keys import LogKeys
from services.evidence.standing import ChainPin, Standing
from services.platform.database import Database

__all__ = ["TrustDocument"]

_ALWAYS = ("leaf", "inclusion", "checkpoint", "anchor")


class TrustDocument:
    """Writes the file from rows and settings. ``submitters(session)``: (institution, key, from ms, to ms or None)."""

    def __init__(
        self,
        database: Database,
        keys: LogKeys,
        *,
        standing: Standing,
        chains: Mapping[str, ChainPin],
        submitters: Callable[[Session], Sequence[tuple[str, bytes, int, int | None]]],
    ) -> None:
        self._database = database
        self._keys = keys
        self._standing = standing
        self._chains = chains
        self._submitters = submitters

    def file(self) -> bytes:
        """The file's bytes, docs/spec/receipt.md."""
        with self._database.read() as session:
            logs = [
                self._log(session, row.id, row.origin) for row in repository.logs(session) if row.state != "refused"
            ]
            submitters = tuple(SubmitterKey(*each) for each in self._submitters(session))
        quorum = dict(self._standing.quorum)
        stages = frozenset((*_ALWAYS, "witness", "finality") if quorum else _ALWAYS)
        trust = Trust(
            logs={log.origin: log for log in logs},
            submitters=submitters,
            witnesses=tuple(
                Witness(each.key.of_type(SignatureType.COSIGNATURE), each.role)
                for each in self._standing.witnesses.values()
            ),
            chains=tuple(_chain(pin) for pin in self._chains.values() if pin.contract),
            policy=Policy(stages, quorum, quorum),
        )
        return format_trust(trust)

    def _log(self, session: Session, log_id: str, origin: str) -> TrustedLog:
        ranges = self._keys.ranges(session, log_id)
        keys = tuple(LogKey(VerifierKey.parse(each.vkey), each.from_size, each.to_size) for each in ranges)
        return TrustedLog(origin, keys, submitter_required=False)


def _chain(pin: ChainPin) -> Chain:
    return Chain(
        chain_id=pin.chain_id,
        epoch=pin.epoch,
        genesis=from_hex(pin.genesis, "genesis"),
        kind=pin.chain_class,
        contract=from_hex((pin.contract or "").lower(), "contract"),
        pilots=from_hex(pin.pilots, "pilots") if pin.pilots else None,
    )
