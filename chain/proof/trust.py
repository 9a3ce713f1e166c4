"""The trust file (信任文件): what a verifier believes beforehand, and no receipt adds to (docs/spec/receipt.md)."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from chain.proof.canonical import JsonObject, JsonValue, parse_json
from chain.proof.checkpoint import check_origin
from chain.proof.encoding import format_time, from_hex, parse_time, to_hex
from chain.proof.errors import FormatError
from chain.proof.note import SignatureType, VerifierKey
from chain.proof.record import is_institution
from chain.proof.shape import array, members, natural, one_of, text, token, truth

FORMAT = "regseal/trust@v1"
MAX_BYTES = 1_048_576
STAGES = ("submitter", "record", "leaf", "inclusion", "checkpoint", "witness", "anchor", "finality")
_MAX_ENTRIES = 4_096


@dataclass(frozen=True, slots=True)
class LogKey:
    """A log's key for heads of sizes from_size <= size < to_size; no end when `to_size` is None."""

    key: VerifierKey
    from_size: int
    to_size: int | None

    def covers(self, size: int) -> bool:
        """Whether heads of this size are signed by the key."""
        return self.from_size <= size and (self.to_size is None or size < self.to_size)


@dataclass(frozen=True, slots=True)
class TrustedLog:
    """A log and its keys; `submitter_required` makes `submitter` a stage that must pass for its receipts."""

    origin: str
    keys: tuple[LogKey, ...]
    submitter_required: bool


@dataclass(frozen=True, slots=True)
class SubmitterKey:
    """An institution's key, valid at `valid_from` <= moment < `valid_to` (milliseconds); no end when None."""

    institution: str
    public_key: bytes
    valid_from: int
    valid_to: int | None

    def covers(self, moment: int) -> bool:
        """Whether the key is valid at the moment, in milliseconds."""
        return self.valid_from <= moment and (self.valid_to is None or moment < self.valid_to)


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness (见证方) by its cosigning key, and the role it has in policies."""

    key: VerifierKey
    role: str


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain from one genesis on, its honest class, and the address of its EvidenceLog.

    `pilots`: that of its PilotLifecycle, which dossiers are measured by; receipts do not need it.
    """

    chain_id: int
    epoch: int
    genesis: bytes
    kind: str
    contract: bytes
    pilots: bytes | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """What makes a receipt good enough: the stages that must pass, the least number of different witnesses per role."""

    stages: frozenset[str]
    witness: Mapping[str, int]
    header: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Trust:
    """A trust file."""

    logs: Mapping[str, TrustedLog]
    submitters: tuple[SubmitterKey, ...]
    witnesses: tuple[Witness, ...]
    chains: tuple[Chain, ...]
    policy: Policy


def parse_trust(data: bytes | str) -> Trust:
    """The trust file of its bytes. Raises FormatError."""
    parts = members(
        parse_json(data, max_bytes=MAX_BYTES), "", ("format", "logs", "submitters", "witnesses", "chains", "policy")
    )
    one_of(parts["format"], "/format", (FORMAT,))
    logs = tuple(_log(value, field) for value, field in _each(parts, "logs"))
    witnesses = tuple(_witness(value, field) for value, field in _each(parts, "witnesses"))
    chains = tuple(_chain(value, field) for value, field in _each(parts, "chains"))
    _differ("/logs", (log.origin for log in logs))
    # Two names for one key would let one witness count as two.
    _differ("/witnesses", (witness.key.public for witness in witnesses))
    _differ("/witnesses", (witness.key.name for witness in witnesses))
    _differ("/chains", ((chain.chain_id, chain.epoch) for chain in chains))
    _differ("/chains", ((chain.chain_id, chain.genesis) for chain in chains))
    return Trust(
        logs={log.origin: log for log in logs},
        submitters=tuple(_submitter(value, field) for value, field in _each(parts, "submitters")),
        witnesses=witnesses,
        chains=chains,
        policy=_policy(parts["policy"]),
    )


def _each(parts: JsonObject, name: str) -> list[tuple[JsonValue, str]]:
    items = array(parts[name], f"/{name}", _MAX_ENTRIES)
    return [(value, f"/{name}[{index}]") for index, value in enumerate(items)]


def _differ(field: str, values: Iterable[object]) -> None:
    listed = list(values)
    if len(set(listed)) != len(listed):
        raise FormatError(field, "names something twice")


def _key(value: JsonValue, field: str, expected: SignatureType) -> VerifierKey:
    key = VerifierKey.parse(text(value, field), field)
    if key.type is not expected:
        raise FormatError(field, f"must be of type {expected.value:#04x}")
    return key


def _log(value: JsonValue, field: str) -> TrustedLog:
    parts = members(value, field, ("origin", "keys", "submitter_required"))
    origin = check_origin(parts["origin"], f"{field}/origin")
    items = array(parts["keys"], f"{field}/keys", _MAX_ENTRIES)
    keys = tuple(_log_key(item, f"{field}/keys[{i}]", origin) for i, item in enumerate(items))
    _differ(f"{field}/keys", (key.key.public for key in keys))
    return TrustedLog(origin, keys, truth(parts["submitter_required"], f"{field}/submitter_required"))


def _log_key(value: JsonValue, field: str, origin: str) -> LogKey:
    parts = members(value, field, ("vkey", "from_size", "to_size"))
    key = _key(parts["vkey"], f"{field}/vkey", SignatureType.ED25519)
    if key.name != origin:
        raise FormatError(f"{field}/vkey", "must have the origin as its name")
    start = natural(parts["from_size"], f"{field}/from_size")
    end = parts["to_size"]
    return LogKey(key, start, None if end is None else natural(end, f"{field}/to_size", least=start))


def _submitter(value: JsonValue, field: str) -> SubmitterKey:
    parts = members(value, field, ("institution", "public_key", "from", "to"))
    institution = text(parts["institution"], f"{field}/institution")
    if not is_institution(institution):
        raise FormatError(f"{field}/institution", "must be ins_ and 32 lower-case hexadecimal digits")
    return SubmitterKey(
        institution,
        from_hex(parts["public_key"], f"{field}/public_key", 32),
        parse_time(parts["from"], f"{field}/from"),
        None if parts["to"] is None else parse_time(parts["to"], f"{field}/to"),
    )


def _witness(value: JsonValue, field: str) -> Witness:
    parts = members(value, field, ("vkey", "role"))
    key = _key(parts["vkey"], f"{field}/vkey", SignatureType.COSIGNATURE)
    return Witness(key, token(parts["role"], f"{field}/role"))


def _chain(value: JsonValue, field: str) -> Chain:
    parts = members(value, field, ("chain_id", "epoch", "genesis", "class", "contract"), ("pilots",))
    return Chain(
        natural(parts["chain_id"], f"{field}/chain_id", least=1),
        natural(parts["epoch"], f"{field}/epoch", least=1),
        from_hex(parts["genesis"], f"{field}/genesis", 32),
        token(parts["class"], f"{field}/class"),
        from_hex(parts["contract"], f"{field}/contract", 20),
        from_hex(parts["pilots"], f"{field}/pilots", 20) if "pilots" in parts else None,
    )


def _policy(value: JsonValue) -> Policy:
    parts = members(value, "/policy", ("stages", "witness", "header"))
    stages = [one_of(item, "/policy/stages", STAGES) for item in array(parts["stages"], "/policy/stages", len(STAGES))]
    _differ("/policy/stages", stages)
    return Policy(
        frozenset(stages), _quorum(parts["witness"], "/policy/witness"), _quorum(parts["header"], "/policy/header")
    )


def _quorum(value: JsonValue, field: str) -> Mapping[str, int]:
    if not isinstance(value, dict):
        raise FormatError(field, "must be an object")
    return {token(role, field): natural(count, f"{field}/{role}", least=1) for role, count in value.items()}


def format_trust(trust: Trust) -> bytes:
    """The bytes of the trust file."""
    document = {
        "format": FORMAT,
        "logs": [_log_document(log) for log in trust.logs.values()],
        "submitters": [
            {
                "institution": key.institution,
                "public_key": to_hex(key.public_key),
                "from": format_time(key.valid_from),
                "to": None if key.valid_to is None else format_time(key.valid_to),
            }
            for key in trust.submitters
        ],
        "witnesses": [{"vkey": witness.key.format(), "role": witness.role} for witness in trust.witnesses],
        "chains": [_chain_document(chain) for chain in trust.chains],
        "policy": {
            "stages": [stage for stage in STAGES if stage in trust.policy.stages],
            "witness": dict(trust.policy.witness),
            "header": dict(trust.policy.header),
        },
    }
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def _chain_document(chain: Chain) -> JsonObject:
    document: JsonObject = {
        "chain_id": chain.chain_id,
        "epoch": chain.epoch,
        "genesis": to_hex(chain.genesis),
        "class": chain.kind,
        "contract": to_hex(chain.contract),
    }
    return document if chain.pilots is None else {**document, "pilots": to_hex(chain.pilots)}


def _log_document(log: TrustedLog) -> JsonObject:
    keys: list[JsonValue] = [
        {"vkey": each.key.format(), "from_size": each.from_size, "to_size": each.to_size} for each in log.keys
    ]
    return {"origin": log.origin, "keys": keys, "submitter_required": log.submitter_required}
