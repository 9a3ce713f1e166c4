"""Acts of recovery become leaves of the house log, each once."""

from functools import partial

from chain.proof.canonical import JsonObject
from chain.proof.hashing import sha256
from chain.proof.types import BY_NAME, Phase
from services.evidence import repository
from services.evidence.commands import write_command
from services.evidence.gate import Gate
from services.evidence.group import Group
from services.evidence.recovery.acts import Act, Acts, Kind, State
from services.evidence.sequencer import Sequencer
from services.evidence.submission import Desk
from services.platform import idempotency
from services.platform.clock import rfc3339
from services.platform.database import Database

__all__ = ["TYPE", "Recorder"]

TYPE = BY_NAME["log.recovery"]


class Recorder:
    """The job."""

    def __init__(self, acts: Acts, database: Database, sequencer: Sequencer, *, desk: Desk, gate: Gate) -> None:
        self._acts = acts
        self._database = database
        self._sequencer = sequencer
        self._desk = desk
        self._gate = gate

    def run(self) -> None:
        """Writes what is done and not yet in the log, once the house log may grow."""
        done = [act for act in self._acts.all() if act.state is State.DONE]
        if not done:
            return
        with self._database.read() as session:
            house = repository.house_log(session)
        if house is None or house.state not in ("open", "opening") or not self._gate.is_checked(house.id):
            return
        for act in done:
            self._sequencer.run(partial(self._write, act))
            self._acts.remove(act.id)

    def _write(self, act: Act, group: Group) -> None:
        house = repository.house_log(group.session)
        if house is None:
            return
        before = idempotency.begin(
            group.session,
            house.owner_id,
            act.id,
            sha256(act.id.encode()),
            resource_type="recovery",
            resource_id=act.id,
            now_ms=group.now_ms,
        )
        if before is not None:
            return
        write_command(
            group,
            self._desk,
            type_name=TYPE.name,
            phase=Phase.EVENT,
            subject=act.origin,
            actor=house.owner_id,
            body=_body(act),
        )


def _body(act: Act) -> JsonObject:
    body: JsonObject = {"log_origin": act.origin, "act": act.kind.value, "acted_at": rfc3339(act.at)}
    body |= {"size": act.size, "root": f"0x{act.root}", "reason": act.reason}
    if act.kind is Kind.RECOVERED:
        body["size_before"] = act.first
    if act.known > act.size:
        body |= {"lost_from": act.size, "lost_to": act.known - 1}
    return body
