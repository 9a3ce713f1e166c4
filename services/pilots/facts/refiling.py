"""Comments that the chain refused to open (未受理意见) are filed again while their notice runs."""

from services.evidence.group import Group
from services.identity.service import IdentityService
from services.pilots import repository
from services.pilots.facts.comments import UNFILED, filing_row
from services.pilots.parts import Parts
from services.pilots.steps.commands import signers_of
from services.platform.errors import RegsealError
from services.platform.logging import get_logger

__all__ = ["Refiling"]

_MOST = 200
_log = get_logger("pilots")


class Refiling:
    """The job. It tries nothing while the gateway's account does not hold the role: most were refused for that."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def run(self) -> None:
        """Each once."""
        with self._parts.database.read() as session:
            waiting = [(each.project_id, each.number) for each in repository.comments_in(session, UNFILED, limit=_MOST)]
        for project_id, number in waiting:
            try:
                self._again(project_id, number)
            except RegsealError as error:  # over by now, or no log takes leaves: its acknowledgement stands
                _log.info("comment_unfiled", project=project_id, number=number, reason=str(error))

    def _again(self, project_id: str, number: int) -> None:
        parts = self._parts
        with parts.database.read() as session:
            project, host = repository.project(session, project_id), IdentityService.host_id(session)
            if project is None or host is None:
                return
            book, calendar = parts.book(session, project), parts.calendar(project)
            row = filing_row(book, project.state)
            if row is None:
                return
            parts.require_going(session, project)
            if not signers_of(session, book.rulebook.bodies[row.body], project, host, parts.clock.ms()):
                return

        def unit(group: Group) -> None:
            fresh = repository.project(group.session, project_id)
            if fresh is not None:
                parts.comments.file_again(group, fresh, book, number, calendar)

        parts.evidence.sequencer.run(unit)
