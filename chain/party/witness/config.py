"""The settings of a witness: `witness.toml` in its home. Addresses come from here and from nowhere else."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from chain.party import evm
from chain.party.durable import private_folder, write_private
from chain.party.errors import ConfigError
from chain.party.keystore import NoteKey
from chain.proof.checkpoint import check_origin
from chain.proof.encoding import from_hex, to_hex
from chain.proof.epoch import ChainEpoch, check_follows
from chain.proof.errors import ProofError
from chain.proof.note import VerifierKey

FILE = "witness.toml"
KEY_FILE = "witness.pem"
_FINALITY = re.compile(r"immediate|finalized|confirmations:(0|[1-9][0-9]{0,3})")
_CHAIN_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")


@dataclass(frozen=True, kw_only=True)
class ChainPin:
    """The chain whose anchors are attested, as this party was told out of band.

    Attributes:
        rpc: addresses of nodes, tried in this order.
        genesis: 32-byte hash of block 0.
        contract: 20-byte address of EvidenceLog.
        finality: `immediate`, `confirmations:N` or `finalized`; nothing above is followed.
        epoch: which chain of this name it is (docs/spec/anchor.md); each is followed in a folder of its own.
    """

    name: str
    rpc: tuple[str, ...]
    chain_id: int
    genesis: bytes
    contract: bytes
    finality: str = "immediate"
    epoch: int = 1

    @property
    def folder(self) -> str:
        """Where a witness keeps what it saw of this epoch."""
        return "chain" if self.epoch == 1 else f"chain-{self.epoch}"

    @property
    def pinned(self) -> ChainEpoch:
        """As a statement names it."""
        return ChainEpoch(self.epoch, self.chain_id, self.genesis, self.contract)

    def __post_init__(self) -> None:
        if not _CHAIN_NAME.fullmatch(self.name) or not self.rpc or not _FINALITY.fullmatch(self.finality):
            raise ConfigError("chain: a name, at least one rpc address and a finality rule are needed")
        if len(self.genesis) != 32 or len(self.contract) != 20 or self.chain_id <= 0 or self.epoch <= 0:
            raise ConfigError("chain: genesis has 32 bytes, contract 20, and chain id and epoch are positive")


@dataclass(frozen=True, kw_only=True)
class WitnessConfig:
    """All settings of a witness.

    Attributes:
        name: under which it signs, for example `witness.csrc.example`.
        role: what it is in trust policies, for example `regulator`.
        logs: origins it watches with their pinned keys (none: pinned on first use); None for all that are listed.
        interval_ms: pause between rounds.
        refresh_s: a head that does not grow is cosigned again after this time.
        past: the epochs of the chain that have ended, as they were pinned.
    """

    name: str
    role: str
    api: str
    chain: ChainPin
    logs: Mapping[str, tuple[VerifierKey, ...]] | None = None
    interval_ms: int = 1000
    refresh_s: int = 60
    past: tuple[ChainPin, ...] = ()

    def __post_init__(self) -> None:
        if [one.epoch for one in (*self.past, self.chain)] != list(range(1, len(self.past) + 2)):
            raise ConfigError("past: the epochs before the present one, from 1 on, none left out")
        if self.interval_ms < 10 or self.refresh_s < 1:
            raise ConfigError("interval_ms must be at least 10 and refresh_s at least 1")

    def write(self, home: Path) -> None:
        """Writes `witness.toml`."""
        lines = [
            f"name = {_text(self.name)}",
            f"role = {_text(self.role)}",
            f"api = {_text(self.api)}",
            f"interval_ms = {self.interval_ms}",
            f"refresh_s = {self.refresh_s}",
            *_pin_lines("[chain]", self.chain),
        ]
        for pin in self.past:
            lines += _pin_lines("[[past]]", pin)
        for origin, keys in (self.logs or {}).items():
            vkeys = ", ".join(_text(key.format()) for key in keys)
            lines += ["", "[[log]]", f"origin = {_text(origin)}", f"vkeys = [{vkeys}]"]
        write_private(home / FILE, ("\n".join(lines) + "\n").encode())

    def followed_by(self, following: ChainPin) -> WitnessConfig:
        """With the chain that took the present one's place. ConfigError when it cannot be the next one."""
        try:
            check_follows(self.chain.pinned, following.pinned)
        except ProofError as error:
            raise ConfigError(str(error)) from error
        return replace(self, chain=following, past=(*self.past, self.chain))


def initialise(home: Path, config: WitnessConfig, passphrase: str) -> NoteKey:
    """Makes a witness's home: folder, key, settings. An existing key is kept out of harm's way: the call is refused.

    Raises:
        KeystoreError: there is a key already.
    """
    private_folder(home / "keys")
    key = NoteKey.generate(config.name)
    key.save(home / "keys" / KEY_FILE, passphrase)
    config.write(home)
    return key


def load(home: Path) -> WitnessConfig:
    """Reads `witness.toml`. Raises ConfigError naming the member."""
    path = home / FILE
    try:
        body = tomllib.loads(path.read_text(encoding="utf-8"))
        chain, past = body.pop("chain"), body.pop("past", [])
        config = WitnessConfig(
            name=str(body.pop("name")),
            role=str(body.pop("role")),
            api=str(body.pop("api")),
            chain=_chain(chain),
            past=tuple(_chain(one) for one in past),
            logs=_logs(body.pop("log", None)),
            interval_ms=int(body.pop("interval_ms", 1000)),
            refresh_s=int(body.pop("refresh_s", 60)),
        )
    except FileNotFoundError as error:
        raise ConfigError(f"{path} is missing; `regseal witness init` makes it") from error
    except KeyError as error:
        raise ConfigError(f"{path}: {error.args[0]} is missing") from error
    except (ValueError, TypeError, AttributeError, ProofError) as error:
        raise ConfigError(f"{path}: {error}") from error
    unknown = [*body, *chain, *(name for one in past for name in one)]
    if unknown:
        raise ConfigError(f"{path}: unknown: {', '.join(unknown)}")
    return config


def _chain(body: dict[str, object]) -> ChainPin:
    urls = body.pop("rpc")
    return ChainPin(
        name=str(body.pop("name")),
        rpc=tuple(str(url) for url in urls) if isinstance(urls, list) else (str(urls),),
        chain_id=int(str(body.pop("chain_id"))),
        genesis=from_hex(body.pop("genesis"), "genesis", 32),
        contract=evm.parse_address(str(body.pop("contract"))),
        finality=str(body.pop("finality", "immediate")),
        epoch=int(str(body.pop("epoch", 1))),
    )


def _pin_lines(title: str, pin: ChainPin) -> list[str]:
    return [
        "",
        title,
        f"name = {_text(pin.name)}",
        f"rpc = [{', '.join(_text(url) for url in pin.rpc)}]",
        f"chain_id = {pin.chain_id}",
        f"genesis = {_text(to_hex(pin.genesis))}",
        f"contract = {_text(evm.checksummed(pin.contract))}",
        f"finality = {_text(pin.finality)}",
        f"epoch = {pin.epoch}",
    ]


def _logs(value: object) -> dict[str, tuple[VerifierKey, ...]] | None:
    if value is None:
        return None
    if not isinstance(value, list):
        raise ConfigError("log must be written [[log]]")
    return {
        check_origin(one["origin"]): tuple(VerifierKey.parse(vkey) for vkey in one.get("vkeys", ())) for one in value
    }


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
