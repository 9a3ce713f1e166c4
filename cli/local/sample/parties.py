"""Who is in the sample world. All names are invented."""

from __future__ import annotations

from dataclasses import dataclass

ROOT = "national-root"
HOST = "operator-440300"
CHECKER = "checker-440300"
LIAISON = "court-liaison-440300"
WITNESS = "witness-regulator"
AUDITOR = "auditor"
HOUSE_ORIGIN = "regseal.example/house"
WITNESS_NAME = "witness.regulator.example"
WITNESS_ROLE = "regulator"
MARKET_NAME, MARKET_REGION = "鹏城区域性股权市场(示例)", 440300


@dataclass(frozen=True)
class Party:
    """One party: `kind` is None for those who need no account."""

    slug: str
    name: str
    english: str
    part: str
    kind: str | None = None
    region: int = 0
    roles: tuple[str, ...] = ()
    origin: str | None = None

    @property
    def signs(self) -> bool:
        """Whether it holds a key whose signature the chain asks for."""
        return self.slug not in (WITNESS, AUDITOR)


_OFFICE = ("administrator", "registrar", "reader")
_MARKET = ("administrator", "submitter", "reader")

PARTIES = (
    Party(ROOT, "国家级授权机构(示例)", "national root (sample)", "can only propose a region's authority"),
    Party(
        "authority-440300", "深圳监管局(示例)", "Shenzhen authority (sample)",
        "signs registrations of region 440300", "regulator", 440300, _OFFICE,
    ),
    Party(
        "authority-440100", "广州监管局(示例)", "Guangzhou authority (sample)",
        "signs registrations of region 440100", "regulator", 440100, _OFFICE,
    ),
    Party(
        "authority-0", "全国监管机关(示例)", "national authority (sample)",
        "signs what concerns the whole country: the national bodies of the pilots", "regulator", 0, _OFFICE,
    ),
    Party(
        HOST, "鹏城区域股权登记中心(示例)", "Pengcheng registry (sample)",
        "runs this service and submits to its own log", "operator", 440300, _MARKET, "pengcheng.example/register",
    ),
    Party(
        "operator-440100", "穗城区域股权登记中心(示例)", "Suicheng registry (sample)",
        "submits to its own log, sees nothing of others", "operator", 440100, _MARKET, "suicheng.example/register",
    ),
    Party(
        CHECKER, "登记复核岗(示例)", "checker of the Pengcheng registry (sample)",
        "signs the register's acts as a second person",
    ),
    Party(
        LIAISON, "法院司法协助联络人(示例)", "court's liaison (sample)",
        "signs for the court what concerns its freezes; the Shenzhen authority named it",
    ),
    Party(WITNESS, "监管见证人(示例)", "regulator's witness (sample)", "follows chain and logs, cosigns, attests"),
    Party(AUDITOR, "审计机构(示例)", "auditor (sample)", "verifies receipts offline; needs no account"),
)  # fmt: skip
BY_SLUG = {party.slug: party for party in PARTIES}
INSTITUTIONS = tuple(party for party in PARTIES if party.kind is not None and party.slug != HOST)


def readme(party: Party) -> str:
    """What stands in the party's README.txt."""
    lines = [f"{party.name} · {party.english}", "", f"This party {party.part}.", "Nobody else reads this folder.", ""]
    if party.signs:
        lines += [
            "keys/authority.json   its authority key (授权钥), encrypted; the passphrase is in `passphrase`",
            "    regseal sign OPERATION.json --key keys/authority.json     read and sign what waits for this party",
        ]
    if party.kind is not None:
        lines += [
            "token, api.json       how it speaks to the service",
            "    regseal --help; give `--party THIS-FOLDER` or set REGSEAL_PARTY",
        ]
    if party.origin is not None:
        lines += ["keys/submitter.pem    Ed25519 key that signs what it submits (提交钥)"]
    if party.slug == WITNESS:
        lines += [
            "keys/witness.pem      signs cosignatures, head statements and header attestations",
            "witness.toml          what it follows",
            "token                 an auditor's: with it the encrypted entries of its region's logs are mirrored",
        ]
    lines += ["trust.json            what it believes beforehand when it verifies (信任文件)", ""]
    return "\n".join(lines)
