"""The shape of an application form (申报表): strict in its frame, free in its cells."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from services.platform.errors import Invalid

__all__ = ["ApplicantForm", "ContactForm", "Form", "MaterialDetails", "OpinionForm", "read_as"]

Shape = TypeVar("Shape", bound=BaseModel)
Text = Annotated[str, StringConstraints(max_length=20_000)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
InstitutionId = Annotated[str, StringConstraints(pattern=r"^ins_[0-9a-f]{32}$")]
RecordId = Annotated[str, StringConstraints(pattern=r"^rec_[0-9a-f]{32}$")]
Region = Annotated[int, Field(ge=0, le=999_999)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ContactForm(_Part):
    """A contact person (联系人)."""

    name: Word
    post: Word
    department_head: bool = False
    knows_project: bool = False


class ApplicantForm(_Part):
    """An applicant as the form names it; regions are codes of GB/T 2260, 0 where unknown."""

    id: InstitutionId
    name: Word
    category: Word
    type: Word
    registered_in: Region
    main_office_in: Region = 0
    jurisdiction: Region = 0
    licensed: bool = False
    lead: bool = False
    work: Text = ""
    rights: Text = ""
    recognition: RecordId | None = None
    contacts: tuple[ContactForm, ...] = Field(default=(), max_length=20)


class Form(_Part):
    """The application form: the frame that rules ask about, and the cells (表格内容) with their texts."""

    name: Word
    category: Word | None = None
    applicants: tuple[ApplicantForm, ...] = Field(min_length=1, max_length=32)
    scenario_provider: InstitutionId | None = None
    scenario: Word | None = None
    needs_approval: bool = False
    planned_end: date | None = None
    statements: dict[str, Text] = Field(default_factory=dict, max_length=100)
    cells: dict[str, Text] = Field(default_factory=dict, max_length=500)


class MaterialDetails(_Part):
    """What is said of a material beside its files: whose it is, who issued it, who signed it in which office."""

    issuers: tuple[Word, ...] = Field(default=(), max_length=32)
    signatures: tuple[dict[str, Word], ...] = Field(default=(), max_length=32)
    applicant: InstitutionId | None = None
    translated: bool | None = None


class OpinionForm(_Part):
    """An expert's opinion as a fact: who (by a name that the group knows), of which field, and the declaration."""

    expert: Word
    field: Word
    stage: Word
    declaration: RecordId | None = None
    conflicted: bool = False
    opinion: Text = ""
    scores: dict[str, int] = Field(default_factory=dict, max_length=20)


def read_as(shape: type[Shape], given: Mapping[str, Any], field: str) -> Shape:
    """``given`` in its shape. Invalid names the first member that is not of it."""
    try:
        return shape.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        path = "/".join(str(part) for part in first["loc"])
        raise Invalid(f"{field}/{path}" if path else field, first["msg"]) from error
