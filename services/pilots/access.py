"""Whose affair a project is. What the caller may not know of does not exist for it."""

from sqlalchemy.orm import Session

from chain.proof.types import Phase
from services.identity import policy
from services.identity.policy import Principal, Target
from services.identity.rules import NATIONAL
from services.pilots import repository
from services.pilots.duties import repository as duties
from services.pilots.duties.models import DUTY
from services.pilots.models import EventRow, ProjectRow
from services.platform.errors import Forbidden, NotFound

__all__ = ["may", "may_read", "regions_of", "require", "require_applicant", "target"]


def target(session: Session, caller: Principal, row: ProjectRow) -> Target:
    """The project as the policy sees it: every applicant's own, and its region's."""
    own = caller.institution_id in repository.applicants(session, row.id)
    return Target(caller.institution_id if own else row.lead_id, row.region)


def may(session: Session, caller: Principal, action: str, row: ProjectRow) -> bool:
    """Whether the policy lets the caller; a draft (草稿) is nobody's affair but its applicants'."""
    about = target(session, caller, row)
    hidden = row.count == 0 and about.institution_id != caller.institution_id
    return not hidden and policy.allowed(caller, action, about)


def may_read(session: Session, caller: Principal, row: ProjectRow, event: EventRow) -> bool:
    """What a body decided, applicants read; what bodies and experts say among themselves, they do not."""
    if event.actor_id == caller.institution_id or may(session, caller, "pilot.decide", row):
        return True
    theirs = event.phase != Phase.EVENT or event.actor_id in repository.applicants(session, row.id)
    theirs = theirs or (event.name.startswith(DUTY) and duties.shared(session, row.id, event.value))
    return theirs and may(session, caller, "pilot.application", row)


def require(session: Session, caller: Principal, project_id: str, action: str = "pilot.read") -> ProjectRow:
    """The project. Forbidden when no role of the caller allows ``action``, NotFound when it is not its affair."""
    row = repository.project(session, project_id)
    if row is None or not may(session, caller, "pilot.read", row):
        policy.require(caller, "pilot.read")
        raise NotFound("There is no such project.")
    if not may(session, caller, action, row):
        raise Forbidden(f"No role of this token allows {action} on this project.", rule=action)
    return row


def require_applicant(session: Session, caller: Principal, project_id: str, *, lead: bool = False) -> ProjectRow:
    """The project, for an applicant (or its lead alone) who works on its application."""
    row = require(session, caller, project_id)
    policy.require(caller, "pilot.draft")
    if caller.institution_id not in repository.applicants(session, row.id):
        raise Forbidden("Only an applicant works on an application.", rule="pilot.draft")
    if lead and row.lead_id != caller.institution_id:
        raise Forbidden("Only the lead institution writes the application form.", rule="pilot.draft")
    return row


def regions_of(caller: Principal) -> tuple[int, int]:
    """The first and the last region (GB/T 2260) that the caller's region covers."""
    region = caller.region
    if region == NATIONAL:
        return 0, 999_999
    width = 10_000 if region % 10_000 == 0 else 100 if region % 100 == 0 else 1
    return region, region + width - 1
