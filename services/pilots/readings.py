"""Who looked into an application (阅卷留痕): each reading by another than its applicants is a fact of the project."""

from sqlalchemy.orm import Session

from chain.proof.canonical import JsonObject
from chain.proof.hashing import sha256
from services.evidence.group import Group
from services.evidence.once import do_once, made_before
from services.identity.policy import Principal
from services.pilots import access, repository
from services.pilots.models import ProjectRow
from services.pilots.parts import Parts
from services.pilots.steps.names import READING
from services.pilots.steps.standing import today_of
from services.pilots.stream import Entry
from services.platform.idempotency import Once

__all__ = ["Readings"]

_UNIT_SECONDS = 60


class Readings:
    """One fact for each institution, thing and day (of Shanghai), however often it is looked at on that day."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    @staticmethod
    def needed(session: Session, caller: Principal, project: ProjectRow) -> bool:
        """Whether the caller's looking is to be noted: applicants look at what is theirs."""
        return caller.institution_id not in repository.applicants(session, project.id)

    def note(self, caller: Principal, project_id: str, thing: str, said: JsonObject) -> None:
        """The fact, durable when this returns; what cannot be noted is not shown. Conflict, Unavailable."""
        whose, once = _key(caller, project_id, thing, self._today())
        with self._parts.database.read() as session:
            if made_before(session, whose, once) is not None:
                return

        def unit(group: Group) -> None:
            project = access.require(group.session, caller, project_id, "pilot.application")

            def make() -> tuple[str, None]:
                content: JsonObject = {**said, **({"person": caller.person_id} if caller.person_id else {})}
                entry = Entry(name=READING, actor=caller.institution_id, content=content)
                event, _ = self._parts.stream.append(group, project, entry)
                return str(event.seq), None

            do_once(group, whose, once, kind="pilot-reading", make=make, again=lambda _: None)

        self._parts.evidence.sequencer.submit(unit).result(_UNIT_SECONDS)

    def noted(self, session: Session, caller: Principal, project_id: str, thing: str) -> bool:
        """Whether it was, today or yesterday: a long download goes on over midnight."""
        today = self._today()
        keys = [_key(caller, project_id, thing, day) for day in (today, today - 1)]
        return any(made_before(session, whose, once) is not None for whose, once in keys)

    def _today(self) -> int:
        return today_of(self._parts.clock.ms())


def _key(caller: Principal, project_id: str, thing: str, day: int) -> tuple[str, Once]:
    key = f"{caller.institution_id}/{thing}/{day}"
    return f"{project_id}/{READING}", Once(key, sha256(key.encode()))
