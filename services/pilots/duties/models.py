"""The table of duties. Days are numbers since 1970-01-01 in Shanghai; what was said is in the records of the moves."""

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.platform.database import Base

__all__ = ["DUTY", "DutyRow"]

DUTY = "duty."
"""How the names of the leaves of duties begin."""


class DutyRow(Base):
    """A duty (义务) of a project, by its code in the rulebook; ``number`` is its name within the project.

    ``awaits``: the body whose move is expected (a name of ``steps.waits``), empty when the duty has ended. ``due``: the
    last day, ``rules.NEVER`` when nobody said one. ``since`` and ``round``: a periodic duty is due so many intervals
    after that day. ``cause`` is unique: what owes a duty owes it once. ``shared``: applicants have to do with it.
    """

    __tablename__ = "pilot_duties"
    __table_args__ = (
        UniqueConstraint("project_id", "number"),
        UniqueConstraint("project_id", "cause"),
        Index(None, "awaits", "due", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("pilot_projects.id"))
    number: Mapped[int]
    code: Mapped[str]
    cause: Mapped[str]
    state: Mapped[str]
    awaits: Mapped[str]
    due: Mapped[int]
    since: Mapped[int]
    round: Mapped[int]
    shared: Mapped[bool]
    actor_id: Mapped[str | None]
    last_seq: Mapped[int | None]
    created_at: Mapped[int]
    updated_at: Mapped[int]
