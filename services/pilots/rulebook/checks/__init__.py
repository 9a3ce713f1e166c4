"""The checks of the service (服务侧校验): what a step must show that the chain cannot see."""

from services.pilots.rulebook.checks import acts, consortium, documents
from services.pilots.rulebook.checks.base import Using, Violation, registered
from services.pilots.rulebook.facts import Facts
from services.pilots.rulebook.model import Rulebook

__all__ = ["PARAMETERS", "Violation", "check_act"]

_MODULES = (acts, consortium, documents)  # importing them registers their checks

PARAMETERS = {name: one.parameters for name, one in registered().items()}
"""What each check takes, for the loader."""


def check_act(book: Rulebook, facts: Facts) -> list[Violation]:
    """Every violation that stands between `facts.act` and its step, in the rulebook's order; empty when all is well."""
    found: list[Violation] = []
    for use in book.checks:
        if facts.act.action in use.actions:
            found += registered()[use.check].run(Using(book, use.rule, use.parameters), facts)
    return [*found, *acts.missing_evidence(book, facts)]
