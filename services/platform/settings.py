"""All settings in one frozen object: ``$REGSEAL_HOME/settings.toml``, overridden by ``REGSEAL_…`` variables.

Unknown keys refuse the start. Secrets are never settings: keys and the passphrase lie in files whose paths are
derived from ``home``.
"""

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource
from typing_extensions import override

from chain.proof.errors import ProofError
from chain.proof.note import VerifierKey
from services.platform.errors import StartRefused

__all__ = [
    "ChainConfig",
    "MarketConfig",
    "MaterialsConfig",
    "PastEpoch",
    "RateLimits",
    "RetentionTerm",
    "Settings",
    "WitnessConfig",
    "epoch_name",
    "is_first_epoch",
    "load_settings",
]


def _check_finality(value: str) -> str:
    kind, _, count = value.partition(":")
    if value in ("immediate", "finalized") or (kind == "confirmations" and count.isdecimal()):
        return value
    raise ValueError("expected immediate, finalized or confirmations:N")


def _half_the_processors() -> int:
    return max(1, min(4, (os.cpu_count() or 1) // 2))


def _check_vkey(value: str) -> str:
    try:
        VerifierKey.parse(value)
    except ProofError as error:
        raise ValueError(f"{value!r} is not what `regseal witness init` printed as vkey: {error}") from None
    return value


Finality = Annotated[str, AfterValidator(_check_finality)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PastEpoch(_Part):
    """A chain that is gone (链纪元), and ``closing``: the file with the heads that stood on it."""

    epoch: int = Field(gt=0)
    chain_id: int = Field(gt=0)
    genesis: str = Field(pattern=r"^0x[0-9a-f]{64}$")
    contract: str = Field(pattern=r"^0x[0-9a-fA-F]{40}$")
    chain_class: Literal["embedded", "permissioned", "public"] = "embedded"
    closing: Path


class ChainConfig(_Part):
    """One chain: where it answers and what it must be; ``past``: those whose place it took (`regseal chain replace`).

    ``addresses_file`` is what the deployment wrote; a relative path is one in ``home``, so that a home may be moved.
    """

    endpoints: tuple[str, ...] = Field(min_length=1)
    chain_id: int = Field(gt=0)
    genesis: str = Field(pattern=r"^0x[0-9a-f]{64}$")
    addresses_file: Path
    finality: Finality = "immediate"
    chain_class: Literal["embedded", "permissioned", "public"] = "embedded"
    past: tuple[PastEpoch, ...] = ()

    @field_validator("past")
    @classmethod
    def _counted(cls, past: tuple[PastEpoch, ...]) -> tuple[PastEpoch, ...]:
        if [one.epoch for one in past] != list(range(1, len(past) + 1)):
            raise ValueError("epochs are listed in order, from 1 on, none left out")
        return past

    @property
    def epoch(self) -> int:
        """Which chain of this name it is."""
        return len(self.past) + 1


def epoch_name(name: str, epoch: int) -> str:
    """What rows call a chain: its name, from the second epoch on with the number behind.

    So nonces, cursors, transactions and anchors of two epochs never meet.
    """
    return name if epoch == 1 else f"{name}@{epoch}"


def is_first_epoch(row_name: str) -> bool:
    """Whether rows call a chain so that took no other's place."""
    return "@" not in row_name


class WitnessConfig(_Part):
    """A witness whose cosignatures, head statements and attestations are accepted."""

    vkey: Annotated[str, AfterValidator(_check_vkey)]
    role: str = Field(pattern=r"^[a-z][a-z-]{0,31}$")


class MaterialsConfig(_Part):
    """Files (bytes), and after how many days an upload that nobody continues is forgotten.

    ``store``: empty for a folder in ``home``, or a bucket at ``endpoint``; ``credentials_file`` (relative to ``home``,
    0600) is TOML with ``access_key``, ``secret_key`` and perhaps ``session_token``.
    """

    max_bytes: int = Field(default=5 << 30, ge=0)
    upload_days: int = Field(default=7, gt=0)
    store: str = Field(default="", pattern=r"^(s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9._-]+)*)?$")
    endpoint: str = Field(default="", pattern=r"^(https?://[A-Za-z0-9.:\[\]-]+)?$")
    region: str = Field(default="us-east-1", pattern=r"^[a-z0-9-]{1,64}$")
    credentials_file: Path = Path("materials-store.toml")
    addressing: Literal["path", "virtual"] = "path"
    ca_file: Path | None = None
    timeout_s: int = Field(default=30, ge=1, le=600)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if bool(self.store) != bool(self.endpoint):
            raise ValueError("store and endpoint belong together")
        return self


class RetentionTerm(_Part):
    """How long records of a retention class are kept, and who says so; see services/evidence/retention/rules.py."""

    months: int = Field(gt=0, le=12_000)
    source: str = Field(min_length=3, max_length=200)


class MarketConfig(_Part):
    """The regional equity market (区域性股权市场) whose register is run here, as its contract was deployed.

    ``region``: GB/T 2260; ``checked``: whether every act needs a second person's signature (双人复核);
    ``confirmation``: basis points of a company's units that must be confirmed (确权) for its first registration.
    """

    name: str = Field(min_length=1, max_length=100)
    region: int = Field(ge=110_000, le=999_999)
    checked: bool = True
    confirmation: int | None = Field(default=None, ge=0, le=10_000)


class RateLimits(_Part):
    """Requests per minute and institution; of the public, and of its comments, per network address."""

    reads_per_minute: int = Field(default=60_000, gt=0)
    writes_per_minute: int = Field(default=150_000, gt=0)
    public_per_minute: int = Field(default=6_000, gt=0)
    comments_per_minute: int = Field(default=20, gt=0)


class Settings(BaseSettings):
    """Frozen. Times are in the unit of their name; sizes in bytes."""

    model_config = SettingsConfigDict(env_prefix="REGSEAL_", env_nested_delimiter="__", frozen=True, extra="forbid")

    home: Path
    database_url: str = ""
    public_url: str = "http://127.0.0.1:8440"
    chains: dict[str, ChainConfig] = Field(default_factory=dict)
    supervision: str = "supervision"
    business: str = "business"
    market: MarketConfig | None = None
    house_origin: str = Field(default="regseal.example/house", pattern=r"^[a-z0-9.-]+(/[a-z0-9._-]+)*$", max_length=128)

    checkpoint_interval_ms: int = Field(default=1_000, gt=0)
    anchor_interval_ms: int = Field(default=15_000, gt=0)
    anchor_leaves: int = Field(default=10_000, gt=0)
    anchor_grace_ms: int = Field(default=30_000, ge=0)
    anchor_by_ms: int = Field(default=3_600_000, gt=0)
    authorisation_days: int = Field(default=14, gt=0)

    witnesses: tuple[WitnessConfig, ...] = ()
    witness_quorum: dict[str, int] = Field(default_factory=dict)

    retention: dict[str, RetentionTerm] = Field(default_factory=dict)

    rate_limits: RateLimits = RateLimits()
    materials: MaterialsConfig = MaterialsConfig()
    max_body_bytes: int = Field(default=262_144, ge=65_536)
    max_wait_seconds: int = Field(default=60, ge=0, le=600)
    max_upload_bytes: int = Field(default=4 << 30, ge=1 << 20)
    workers: int = Field(default=1, ge=1, le=16)
    lease_ttl_ms: int = Field(default=15_000, ge=1_000, le=600_000)
    bulk_workers: int = Field(default_factory=_half_the_processors, ge=1, le=64)
    simulated_time: Path | None = None
    """Samples only: a file with the seconds by which the service is ahead of the machine's clock, as its chains are."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("chains")
    @classmethod
    def _in_home(cls, chains: dict[str, ChainConfig], info: ValidationInfo) -> dict[str, ChainConfig]:
        home: Path = info.data.get("home", Path())
        return {
            name: chain.model_copy(
                update={
                    "addresses_file": home / chain.addresses_file,
                    "past": tuple(one.model_copy(update={"closing": home / one.closing}) for one in chain.past),
                }
            )
            for name, chain in chains.items()
        }

    @model_validator(mode="after")
    def _several_need_postgres(self) -> Self:
        if self.workers > 1 and self.url.startswith("sqlite"):
            raise ValueError("workers: several processes need PostgreSQL (database_url)")
        return self

    @model_validator(mode="after")
    def _only_samples_simulate(self) -> Self:
        """Time is what the evidence is about: nobody but a sample may set it."""
        sample = self.house_origin.partition("/")[0].endswith(".example")
        sample = sample and all(each.chain_class == "embedded" for each in self.chains.values())
        if self.simulated_time and not sample:
            raise ValueError("simulated_time: only for a sample, with an origin under .example and embedded chains")
        return self

    @property
    def supervision_chain(self) -> str:
        """What rows call the present epoch of the supervision chain."""
        chain = self.chains.get(self.supervision)
        return epoch_name(self.supervision, chain.epoch if chain else 1)

    @property
    def business_chain(self) -> str:
        """The same of the business chain (地方业务链)."""
        chain = self.chains.get(self.business)
        return epoch_name(self.business, chain.epoch if chain else 1)

    @property
    def url(self) -> str:
        """The database: as set, else the SQLite file in ``home``."""
        return self.database_url or f"sqlite:///{self.home / 'regseal.sqlite'}"

    @property
    def missing_file(self) -> Path | None:
        """The SQLite file, when that is the database and is not there: whoever opens it would begin an empty one."""
        file = self.home / "regseal.sqlite"
        return None if self.database_url or file.exists() else file

    @property
    def master_key_file(self) -> Path:
        """What wraps all at-rest keys; outside the database and its backups."""
        return self.home / "master.key"

    @property
    def heads_dir(self) -> Path:
        """Where the last head of each log is kept, outside the database."""
        return self.home / "heads"

    @property
    def materials_dir(self) -> Path:
        """Where files and uploads lie, encrypted."""
        return self.home / "materials"

    @property
    def keys_dir(self) -> Path:
        """The gateway's keys, each encrypted under the passphrase."""
        return self.home / "keys"

    @property
    def gateway_keystore(self) -> Path:
        """The gateway's one chain account (web3 secret storage v3)."""
        return self.keys_dir / "gateway.json"

    @property
    def passphrase_file(self) -> Path:
        """What opens the keys in ``keys_dir``."""
        return self.home / "passphrase"

    def redacted(self) -> dict[str, Any]:
        """What may be printed at the start: no password in a URL, and no path of an endpoint, which may be a key."""
        shown = self.model_dump(mode="json")
        for chain in shown["chains"].values():
            chain["endpoints"] = [urlsplit(url).netloc.rpartition("@")[2] for url in chain["endpoints"]]
        scheme, separator, rest = self.database_url.partition("://")
        if "@" in rest:
            shown["database_url"] = f"{scheme}{separator}***@{rest.rpartition('@')[2]}"
        return shown

    @classmethod
    @override
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then ``settings.toml`` in the home; no .env, no secrets folder."""
        home = init_settings().get("home") or env_settings().get("home")
        file = Path(home) / "settings.toml" if home else None
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=file)


def load_settings(home: Path | None = None) -> Settings:
    """The settings of ``home`` (default ``$REGSEAL_HOME``). StartRefused names the first wrong key."""
    place = home or (Path(os.environ["REGSEAL_HOME"]) if os.environ.get("REGSEAL_HOME") else None)
    if place is None:
        raise StartRefused("No home: set REGSEAL_HOME to the service's folder.")
    try:
        return Settings(home=place.resolve())
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        reason = first["msg"].removeprefix("Value error, ")
        raise StartRefused(f"Setting {name or '(all)'}: {reason} (see settings.toml in {place}).") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StartRefused(f"settings.toml in {place} is not TOML: {error}.") from None
