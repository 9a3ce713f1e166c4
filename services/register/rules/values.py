"""What the register knows (登记簿的内容) as values: who invests, which securities there are, what their terms are.

Ids are 16 bytes (pseudonyms), units integers below 2^80, days numbers since 1970-01-01 in Shanghai, holders and counts
integers. The numbers of the enums are part of the typed data (docs/spec/register.md).
"""

from dataclasses import dataclass
from enum import IntEnum

__all__ = [
    "NOBODY",
    "UNITS_MAX",
    "Bonus",
    "Form",
    "Id",
    "Investor",
    "Kind",
    "LienKind",
    "Lockup",
    "Market",
    "Reason",
    "Security",
    "State",
    "Terms",
]

Id = bytes
UNITS_MAX = 2**80 - 1
NOBODY = "0x" + "0" * 40
"""The address of nobody: of those who consent for no pledgee."""


class Kind(IntEnum):
    """What kind of holder an investor is (投资者类型)."""

    NONE = 0
    PERSON = 1  # 自然人
    COMPANY = 2  # 法人
    PARTNERSHIP = 3  # 合伙企业
    FINANCIAL_INSTITUTION = 4  # 金融机构
    PRODUCT = 5  # 金融产品
    FILED_FUND = 6  # 备案私募基金
    EMPLOYEE_PLAN = 7  # 员工持股计划


class Form(IntEnum):
    """What a security is (证券品种)."""

    SHARE = 0  # 股份
    LLC_EQUITY = 1  # 有限公司股权
    CONVERTIBLE_BOND = 2  # 可转债
    FUND_INTEREST = 3  # 基金份额
    WARRANT = 4  # 认股权


class State(IntEnum):
    """Where a security's custody stands (托管状态)."""

    NONE = 0
    REGISTERING = 1  # 初始登记
    CUSTODIED = 2  # 托管
    SUSPENDED = 3  # 暂停
    EXITED = 4  # 退出


class Reason(IntEnum):
    """Why units go from one holder to another (过户原因)."""

    AGREED = 0  # 协议转让
    GIFT = 1  # 赠与
    INHERITANCE = 2  # 继承
    DIVISION = 3  # 分割
    SUCCESSION = 4  # 法人终止
    JUDICIAL = 5  # 司法过户
    ENFORCEMENT = 6  # 实现质权

    @property
    def voluntary(self) -> bool:
        """Whether the holder wants it, or wanted it when pledging: then cap, suspension and lock-up bind."""
        return self in {Reason.AGREED, Reason.GIFT, Reason.ENFORCEMENT}


class LienKind(IntEnum):
    """What a lien is. The numbers are part of the typed data."""

    NONE = 0
    PLEDGE = 1  # 质押
    FREEZE = 2  # 司法冻结、轮候冻结
    LOCK = 3  # 限售、自愿锁定、操作冻结


@dataclass(frozen=True, slots=True)
class Market:
    """`region`: GB/T 2260 code; `checked`: every act needs a second person (双人复核)."""

    region: int
    checked: bool


@dataclass(frozen=True, slots=True)
class Investor:
    """`suitable_until`: last day of proven suitability, 0: none; `addend`: holders behind this one beyond itself."""

    kind: Kind
    suitable_until: int = 0
    addend: int = 0


@dataclass(frozen=True, slots=True)
class Terms:
    """`kinds`: bits 1 << kind of those who may acquire; `interval` in trading days; `basis`: what the cap rests on."""

    form: Form
    kinds: int
    cap: int
    basis: bytes
    grandfathered: int = 0
    interval: int = 0
    subscription_counts: bool = False

    @property
    def first_cap(self) -> int:
        """Holders that the first registration may reach."""
        return max(self.cap, self.grandfathered)


@dataclass(frozen=True, slots=True)
class Security:
    """`count`: over all positions with units, one and the addend each was counted with; `liens`: opened so far."""

    state: State
    issuer: Id
    terms: Terms
    issued: int = 0
    count: int = 0
    liens: int = 0


@dataclass(frozen=True, slots=True)
class Lockup:
    """What an officer may sell. `base`: units at the first change of the `year`; `sold`: of a quarter of them.

    `locked_until`: last day on which one who left may part with nothing; 0 while serving.
    """

    base: int = 0
    sold: int = 0
    year: int = 0
    locked_until: int = 0

    @property
    def word(self) -> int:
        """As one word (docs/spec/register.md)."""
        return self.base | self.sold << 80 | self.year << 160 | self.locked_until << 176


@dataclass(frozen=True, slots=True)
class Bonus:
    """How far a bonus has come: its ratio, and the last investor that it met."""

    numerator: int
    denominator: int
    last: Id
