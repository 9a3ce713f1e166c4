"""The table of alerts. Days are numbers since 1970-01-01 in Shanghai; decisions are facts of the project's stream."""

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.platform.database import Base

__all__ = ["ALERT", "AlertRow"]

ALERT = "alert."
"""How the names of the leaves of decisions begin."""


class AlertRow(Base):
    """An alert (预警) of a project: one for each ``cause``. ``body``: to whom it is told (a code of the rulebook).

    ``subject``: the number of the duty or the place of the event that it is about, 0 for the project itself; ``day``:
    the date that matters; ``proposal``: a step that the service proposes, or empty; ``cleared_at``: when its cause
    went.
    """

    __tablename__ = "pilot_alerts"
    __table_args__ = (
        UniqueConstraint("project_id", "number"),
        UniqueConstraint("project_id", "cause"),
        Index(None, "region", "closed", "id"),
        Index(None, "told", "closed", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("pilot_projects.id"))
    number: Mapped[int]
    region: Mapped[int]
    code: Mapped[str]
    kind: Mapped[str]
    cause: Mapped[str]
    rule: Mapped[str]
    source: Mapped[str]
    body: Mapped[str]
    told: Mapped[str]
    subject: Mapped[int]
    day: Mapped[int]
    proposal: Mapped[str]
    state: Mapped[str]
    closed: Mapped[bool]
    last_seq: Mapped[int | None]
    since: Mapped[int]
    cleared_at: Mapped[int | None]
    updated_at: Mapped[int]
