"""Running the checks that a rulebook puts before an action."""

from services.pilots.rulebook.checks import acts, consortium, documents
from services.pilots.rulebook.checks.base import Found, Using, Violation, registered
from services.pilots.rulebook.facts import Facts
from services.pilots.rulebook.model import Rulebook

__all__ = ["PARAMETERS", "check_act", "check_facts"]

_MODULES = (acts, consortium, documents)  # importing them registers their checks

PARAMETERS = {name: one.parameters for name, one in registered().items()}
"""What each check takes, for the loader."""


def check_act(book: Rulebook, facts: Facts) -> list[Violation]:
    """Every violation that stands between `facts.act` and its step, in the rulebook's order; empty when all is well."""
    return [*check_facts(book, facts), *acts.missing_evidence(book, facts)]


def check_facts(book: Rulebook, facts: Facts) -> Found:
    """The violations that the rulebook's checks see, without the documents that the step itself must bring."""
    for use in book.checks:
        if facts.act.action in use.actions:
            yield from registered()[use.check].run(Using(book, use.rule, use.parameters), facts)
