"""`regseal status`: the local processes and what the service says of itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    return Status(data, [*lines, *_health(data["health"])], answers=True)


def complaint(problem: Mapping[str, Any]) -> str:
    """What a health answer says is wrong, in one line."""
    failing = [f"{one['name']}: {one['detail'] or 'not ok'}" for one in _checks(problem) if not one["ok"]]
    return "; ".join(failing) or str(problem.get("detail") or problem.get("title") or "no reason given")


def _checks(health: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = health.get("checks")
    return found if isinstance(found, list) else []


def _health(health: Mapping[str, Any]) -> list[str]:
    checks = _checks(health)
    if not checks:
        return [f"fail       {complaint(health)}"]
    lines = [f"{'ok' if one['ok'] else 'fail':<10} {one['name']:<32} {one['detail']}".rstrip() for one in checks]
    return lines if health.get("ok") else [*lines, "regseal doctor names causes and fixes"]
