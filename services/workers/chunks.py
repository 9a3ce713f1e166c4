"""Chunks of uploads: prepared where their bytes arrive, sequenced where the log is."""

from concurrent.futures import Future

from services.evidence.bulk.handed import pack_chunk, unpack_chunk
from services.evidence.bulk.unit import ChunkUnit
from services.evidence.sequencer import Sequencer
from services.platform.errors import LeaseLost, RegsealError
from services.workers.forms import CHUNK, Answer, Question
from services.workers.team import Team

__all__ = ["ChunkDoor", "sequence_chunk"]

_STATED = ("slug", "status", "title", "detail", "field", "rule", "source", "extra")


class ChunkDoor:
    """Where :class:`BulkService` hands its chunks in: the own sequencer, or the leader's."""

    def __init__(self, sequencer: Sequencer, team: Team) -> None:
        self._sequencer = sequencer
        self._team = team

    def submit(self, unit: ChunkUnit) -> "Future[str]":
        """The log's origin, once the chunk is durable."""
        if not self._team.follows:
            return self._sequencer.submit(unit)
        done: Future[str] = Future()
        self._team.ask(Question(kind=CHUNK, body=pack_chunk(unit))).add_done_callback(
            lambda asked: _settle(done, asked)
        )
        return done


def sequence_chunk(sequencer: Sequencer, question: Question) -> "Future[Answer | None]":
    """Carries out what a :class:`ChunkDoor` of another process handed over."""
    answered: Future[Answer | None] = Future()
    try:
        sequenced = sequencer.submit(unpack_chunk(question.body))
    except RegsealError:  # stopping: the next leader is asked
        answered.set_result(None)
        return answered
    sequenced.add_done_callback(lambda done: answered.set_result(_answer(done)))
    return answered


def _answer(done: "Future[str]") -> Answer | None:
    error = done.exception()
    if error is None:
        return Answer(status=200, body=done.result().encode())
    if isinstance(error, LeaseLost) or not isinstance(error, RegsealError):
        return None
    return Answer(status=error.status, problem={name: getattr(error, name) for name in _STATED})


def _settle(done: "Future[str]", asked: "Future[Answer]") -> None:
    error = asked.exception()
    if error is not None:
        done.set_exception(error)
    elif asked.result().problem:
        done.set_exception(RegsealError(**asked.result().problem))
    else:
        done.set_result(asked.result().body.decode())
