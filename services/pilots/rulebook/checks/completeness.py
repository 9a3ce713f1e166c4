"""The completeness report (完整性报告) of a draft: what is missing, why, and where the rule says so."""

from dataclasses import dataclass

from services.pilots.rulebook.checks.running import check_facts
from services.pilots.rulebook.facts import Act, Application, Facts
from services.pilots.rulebook.model import Rulebook, RuleId

__all__ = ["Gap", "completeness"]


@dataclass(frozen=True, slots=True)
class Gap:
    """Something missing or wrong. `text` is the rule in Chinese; what is not mandatory is only recommended."""

    field: str
    rule: RuleId
    text: str
    source: str
    value: str
    message: str
    mandatory: bool


def completeness(book: Rulebook, application: Application, action: str, *, today: int) -> tuple[Gap, ...]:
    """What a draft lacks before `action` submits it: first what stands against it, then supporting materials."""
    facts = Facts(act=Act(action), application=application, today=today)
    gaps = [
        Gap(one.field, one.rule, book.rule(one.rule).text, one.source, one.value, one.message, mandatory=True)
        for one in check_facts(book, facts)
    ]
    brought = {file.code for file in application.materials}
    for material in book.materials:
        if not material.mandatory and material.code not in brought:
            rule = book.rule(material.rule)
            message = f"The supporting material {material.term} would help; it is not mandatory."
            field = f"materials/{material.code}"
            gaps.append(Gap(field, rule.id, rule.text, rule.cited, "none", message, mandatory=False))
    return tuple(gaps)
