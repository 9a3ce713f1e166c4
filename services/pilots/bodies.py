"""Who may act as a body (主体) of a project's rulebook."""

from sqlalchemy.orm import Session

from services.identity import policy
from services.identity.policy import Principal
from services.pilots import access
from services.pilots.models import ProjectRow
from services.pilots.rulebook.model import Body, Rule
from services.pilots.steps.commands import signers_of
from services.platform.errors import Forbidden

__all__ = ["require_body"]


def require_body(
    session: Session, caller: Principal, project: ProjectRow, body: Body, *, rule: Rule, now_ms: int
) -> None:
    """Forbidden, with the rule and its clause, unless the caller is the lead or holds the body's role on the chain."""
    about = access.target(session, caller, project)
    if body.role is None:
        mine = caller.institution_id == project.lead_id and policy.allowed(caller, "pilot.act", about)
    else:
        held = signers_of(session, body, project, caller.institution_id, now_ms)
        mine = bool(held) and not body.by_sender and policy.allowed(caller, "pilot.decide", about)
    if not mine:
        who = body.role or "the lead institution"
        raise Forbidden(
            f"This is the act of {body.term} ({who}) of the project's region.", rule=rule.id, source=rule.cited
        )
