"""The verifier: a receipt against a trust file, without clock, file or network (docs/spec/receipt.md)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from chain.proof.canonical import JsonObject, JsonValue
from chain.proof.encoding import format_time
from chain.proof.errors import ProofError
from chain.proof.receipt import Receipt, parse_receipt
from chain.proof.stages import ORDER, Examination, NotRun
from chain.proof.trust import STAGES, Trust, parse_trust

SKIPPED = "earlier-failure"


class Status(StrEnum):
    """How a stage ended."""

    PASS = "pass"  # noqa: S105 - not a password
    FAIL = "fail"
    NOT_RUN = "not_run"


class Outcome(StrEnum):
    """What all stages together say."""

    VALID = "valid"
    INVALID = "invalid"
    INCOMPLETE = "incomplete"


class Assumption(StrEnum):
    """The weakest thing that the answer rests on."""

    LOG_KEY = "log-key"
    """Without cosignatures: the holder of the log key could have shown others another log."""
    HEADER = "header-unauthenticated"
    """Without attestations: the holder of the log key could have made the header."""
    WITNESSES = "witnesses"
    """The witnesses that are named, and what the chain's class is worth."""


_EXIT_CODES = {Outcome.VALID: 0, Outcome.INVALID: 1, Outcome.INCOMPLETE: 3}


@dataclass(frozen=True, slots=True)
class StageResult:
    """How a stage ended; `reason` is its code unless it passed, `detail` is for people."""

    status: Status
    reason: str | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class TimeBound:
    """The record was there at the latest then, in milliseconds, says a `witness`, a `block` or the `service`."""

    source: str
    latest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The answer of a verification. `stages` has all eight, in the order of the specification's table."""

    stages: Mapping[str, StageResult]
    outcome: Outcome
    missing: tuple[str, ...]
    """Required stages that did not run."""
    weakest: Assumption
    witnesses: tuple[str, ...]
    """Names of the trusted witnesses relied upon, sorted."""
    chain_class: str | None
    """Class of the chain that carries the anchor, once it is proven."""
    time: TimeBound | None

    @property
    def first_failure(self) -> str | None:
        """The stage that failed, if any."""
        return next((name for name, result in self.stages.items() if result.status is Status.FAIL), None)

    @property
    def exit_code(self) -> int:
        """0 the policy is met, 1 a stage failed, 3 a required stage did not run."""
        return _EXIT_CODES[self.outcome]

    def document(self) -> JsonObject:
        """The verdict as JSON."""
        stages: JsonObject = {}
        for name, result in self.stages.items():
            stages[name] = {"status": result.status.value, "reason": result.reason}
        time: JsonValue = None
        if self.time:
            time = {"source": self.time.source, "latest": format_time(self.time.latest)}
        return {
            "outcome": self.outcome.value,
            "exit_code": self.exit_code,
            "first_failure": self.first_failure,
            "missing": list(self.missing),
            "stages": stages,
            "weakest": self.weakest.value,
            "witnesses": list(self.witnesses),
            "chain_class": self.chain_class,
            "time": time,
        }


def verify_files(receipt: bytes | str, trust: bytes | str) -> Verdict:
    """The verdict on the bytes of the two files. Raises FormatError when either is not in its format."""
    return verify(parse_receipt(receipt), parse_trust(trust))


def verify(receipt: Receipt, trust: Trust) -> Verdict:
    """The verdict on a receipt: every derived value is computed anew, nothing in the receipt authorises itself."""
    examination = Examination(receipt, trust)
    results = dict.fromkeys(STAGES, StageResult(Status.NOT_RUN, SKIPPED))
    for name, stage in ORDER:
        results[name] = _run(stage, examination)
        if results[name].status is Status.FAIL:
            break
    failed = any(result.status is Status.FAIL for result in results.values())
    required = trust.policy.stages | ({"submitter"} if examination.needs_submitter else set())
    missing = tuple(name for name in STAGES if name in required and results[name].status is not Status.PASS)
    return Verdict(
        stages=results,
        outcome=Outcome.INVALID if failed else Outcome.INCOMPLETE if missing else Outcome.VALID,
        missing=() if failed else missing,
        weakest=_weakest(results),
        witnesses=tuple(sorted({*examination.cosigned, *examination.attested})),
        chain_class=examination.chain.kind if examination.header else None,
        time=_time(results, examination),
    )


def _run(stage: Callable[[Examination], None], examination: Examination) -> StageResult:
    try:
        stage(examination)
    except NotRun as absent:
        return StageResult(Status.NOT_RUN, absent.code)
    except ProofError as error:
        return StageResult(Status.FAIL, error.code, error.detail)
    return StageResult(Status.PASS)


def _weakest(results: Mapping[str, StageResult]) -> Assumption:
    if results["witness"].status is not Status.PASS:
        return Assumption.LOG_KEY
    return Assumption.WITNESSES if results["finality"].status is Status.PASS else Assumption.HEADER


def _time(results: Mapping[str, StageResult], examination: Examination) -> TimeBound | None:
    """The witnesses' word before that of the chain, which its operator may set, and both before that of the service."""
    if results["witness"].status is Status.PASS:
        # The latest one holds as long as any of the witnesses is honest.
        return TimeBound("witness", max(examination.cosigned.values()) * 1000)
    if results["finality"].status is Status.PASS and examination.header:
        return TimeBound("block", examination.header.timestamp * 1000)
    if results["leaf"].status is Status.PASS:
        return TimeBound("service", examination.leaf.accepted_at)
    return None
