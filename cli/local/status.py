"""`regseal status`: the local processes and what the service says of itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chain.party.errors import ApiProblem, PartyError
from chain.party.http import ApiClient
from cli.local.layout import Layout, shown
from cli.local.processes import leftovers
from cli.local.up import read_state


@dataclass(frozen=True)
class Status:
    """The same facts for programs and for people."""

    data: dict[str, Any]
    lines: Sequence[str]
    answers: bool


def read(layout: Layout) -> Status:
    """Asks the running service, if any; never fails."""
    state = read_state(layout)
    url = state.get("url")
    processes = dict(leftovers(layout))
    data: dict[str, Any] = {"var": str(layout.var), "url": url, "processes": processes, "health": None}
    if not isinstance(url, str):
        return Status(data, [f"nothing runs at {shown(layout.var)}"], answers=False)
    lines = [f"service    {url}", *(f"process    {name} (pid {pid})" for name, pid in processes.items())]
    try:
        data["health"] = ApiClient(url, timeout=10).get("/health/deep")
    except ApiProblem as problem:
        data["health"] = dict(problem.problem)
    except PartyError as error:
        return Status(data, [*lines, f"the service does not answer: {error}"], answers=False)
    return Status(data, [*lines, *_flat("health", data["health"])], answers=True)


def _flat(name: str, value: object) -> list[str]:
    """Nested facts as `a.b  value` lines."""
    if isinstance(value, dict) and value:
        return [line for key, inner in value.items() for line in _flat(f"{name}.{key}", inner)]
    if isinstance(value, list) and value:
        return [line for index, inner in enumerate(value) for line in _flat(f"{name}.{index}", inner)]
    return [f"{name.removeprefix('health.'):<32} {value}"]
