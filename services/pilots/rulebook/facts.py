"""What the checks look at: an application, the act that is asked for, and what went before. Values only.

The service fills these from drafts, manifests and step records; nothing here reads a table. Texts are brought to NFC
here, once, so that one text has one length whatever the keyboard: a character (字) is a code point of NFC text.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = [
    "SCENARIO_SECURITIES",
    "TECHNOLOGY_COMPANY",
    "THIRD_PARTY",
    "Act",
    "Applicant",
    "Application",
    "Contact",
    "Event",
    "Facts",
    "MaterialFile",
    "Opinion",
    "Signature",
    "Tutoring",
    "characters",
]

TECHNOLOGY_COMPANY = "technology-company"
"""The class of an applicant that is no pilot institution (科技企业)."""
THIRD_PARTY = "third-party"
"""Stands for an issuer that is no applicant (第三方专业机构)."""
SCENARIO_SECURITIES = "securities-futures"
"""The scenario is a securities or futures business (证券期货业务)."""


def characters(text: str) -> int:
    """How many characters (字) a text has: the code points of its NFC form, blanks and punctuation included."""
    return len(unicodedata.normalize("NFC", text))


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact person (联系人) of an applicant."""

    name: str
    post: str
    department_head: bool
    """部门负责人或以上级别人员."""
    knows_project: bool
    """熟悉项目情况."""


@dataclass(frozen=True, slots=True)
class Applicant:
    """An applicant (申报机构). Regions are codes of GB/T 2260, 0 where unknown.

    `category` is a class of institutions of the rulebook, or `technology-company`; `type` one of the class's members,
    or another word where the list does not name it. `recognition` is the record of the decision that recognises such a
    type; `consent` the record of the applicant's confirmation (协商一致、相互认可).
    """

    id: str
    name: str
    category: str
    type: str
    registered_in: int
    main_office_in: int = 0
    jurisdiction: int = 0
    """The region whose CSRC bureau supervises it (证监局辖区)."""
    licensed: bool = False
    lead: bool = False
    work: str = ""
    """The important substantive work it does (重要实质性工作)."""
    rights: str = ""
    """Its rights and duties (权利义务)."""
    consent: str | None = None
    recognition: str | None = None
    contacts: tuple[Contact, ...] = ()

    @property
    def technology_company(self) -> bool:
        """Whether it is a technology company (科技企业) and so no pilot institution (试点机构)."""
        return self.category == TECHNOLOGY_COMPANY


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed a material: an office (`compliance-head`, `compliance-executive`) of an applicant."""

    office: str
    applicant: str


@dataclass(frozen=True, slots=True)
class MaterialFile:
    """The newest version of a material. `record` is the manifest's record, `issuers` applicants' ids or `third-party`.

    `applicant` is whose it is, for materials that each institution files; `reviewed` says that the lead has reviewed
    it (履行必要的审查程序); `translated` is None for a material in Chinese.
    """

    code: str
    version: int
    record: str
    issuers: tuple[str, ...] = ()
    signatures: tuple[Signature, ...] = ()
    applicant: str | None = None
    reviewed: bool = False
    translated: bool | None = None


@dataclass(frozen=True, slots=True)
class Application:
    """An application as it stands (申报). `cells` are the cells of the form by path, `statements` references by code.

    `planned_end` is the end of the pilot in the plan, a day number, 0 while open.
    """

    name: str
    category: str | None
    applicants: tuple[Applicant, ...]
    scenario_provider: str | None
    scenario: str | None = SCENARIO_SECURITIES
    cells: Mapping[str, str] = field(default_factory=dict)
    materials: tuple[MaterialFile, ...] = ()
    statements: Mapping[str, str] = field(default_factory=dict)
    needs_approval: bool = False
    """The product or service may be offered only after approval (应当经审批方可开展)."""
    planned_end: int = 0

    @property
    def leads(self) -> tuple[Applicant, ...]:
        """The applicants named as lead (牵头申报单位); one, if all is well."""
        return tuple(one for one in self.applicants if one.lead)

    @property
    def institutions(self) -> tuple[Applicant, ...]:
        """The applicants that are no technology companies."""
        return tuple(one for one in self.applicants if not one.technology_company)

    def applicant(self, applicant_id: str | None) -> Applicant | None:
        """The applicant of an id."""
        return next((one for one in self.applicants if one.id == applicant_id), None)


@dataclass(frozen=True, slots=True)
class Opinion:
    """An expert's opinion (专家意见). `declaration` is the record of the conflict-of-interest declaration."""

    expert: str
    field: str
    record: str
    declaration: str | None = None
    conflicted: bool = False


@dataclass(frozen=True, slots=True)
class Tutoring:
    """An earlier tutoring project whose conclusions are to be adopted (采信辅导评估结论)."""

    project: str
    record: str
    ends_on: int
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Act:
    """What the acting body brings: evidence by code, findings it confirms, opinions, conclusions by dimension."""

    action: str
    evidence: Mapping[str, str] = field(default_factory=dict)
    findings: frozenset[str] = frozenset()
    opinions: tuple[Opinion, ...] = ()
    conclusions: Mapping[str, str] = field(default_factory=dict)
    value: int = 0
    tutoring: Tutoring | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """A step that has been taken, and the day."""

    action: str
    day: int


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a check may look at. `state` is where the project stands (None: not opened), `today` a day number."""

    act: Act
    application: Application
    state: str | None = None
    today: int = 0
    notice_from: int = 0
    ends_on: int = 0
    history: tuple[Event, ...] = ()
