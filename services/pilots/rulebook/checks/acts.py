"""Checks of what the acting body brings: evidence, opinions, conclusions, findings, terms."""

from services.days import add_months, on
from services.pilots.rulebook.checks.base import Found, Using, Violation, check
from services.pilots.rulebook.facts import Facts
from services.pilots.rulebook.model import Rulebook

__all__ = ["missing_evidence"]


def missing_evidence(book: Rulebook, facts: Facts) -> Found:
    """The documents that the row of the table asks for and the act does not bring."""
    row = book.transition(facts.state, facts.act.action)
    for need in row.evidence if row is not None else ():
        if not facts.act.evidence.get(need.code):
            source = book.rule(need.rule).cited
            message = f"{facts.act.action} needs evidence: {need.term} ({need.code})."
            yield Violation(f"evidence/{need.code}", need.rule, source, "none", message)


@check("expert-opinions", minimum=int)
def expert_opinions(using: Using, facts: Facts) -> Found:
    """So many experts without a conflict of interest have given an opinion."""
    minimum = using.number("minimum") or 0
    experts = {one.expert for one in facts.act.opinions if not one.conflicted}
    if len(experts) < minimum:
        message = f"{len(experts)} experts without a conflict of interest gave an opinion, at least {minimum} must."
        yield using.violation("opinions", len(experts), message)


@check("conflict-declarations")
def conflict_declarations(using: Using, facts: Facts) -> Found:
    """Every expert has declared whether there is a conflict of interest, and none who has one gives an opinion."""
    for number, opinion in enumerate(facts.act.opinions):
        if not opinion.declaration:
            message = f"{opinion.expert} has not declared whether there is a conflict of interest."
            yield using.violation(f"opinions/{number}/declaration", opinion.expert, message)
        elif opinion.conflicted:
            message = f"{opinion.expert} has a conflict of interest and gives no opinion."
            yield using.violation(f"opinions/{number}/conflicted", opinion.expert, message)


@check("expert-fields", fields=tuple)
def expert_fields(using: Using, facts: Facts) -> Found:
    """The experts come from all of the fields."""
    for wanted in using.names("fields"):
        if not any(one.field == wanted for one in facts.act.opinions):
            seen = ", ".join(sorted({one.field for one in facts.act.opinions})) or "none"
            yield using.violation("opinions", seen, f"No expert of the field {wanted} has given an opinion.")


@check("dimensions", dimensions=tuple)
def dimensions(using: Using, facts: Facts) -> Found:
    """There is a conclusion for each dimension."""
    for wanted in using.names("dimensions"):
        if not facts.act.conclusions.get(wanted):
            seen = ", ".join(sorted(facts.act.conclusions)) or "none"
            yield using.violation(f"conclusions/{wanted}", seen, f"The conclusion on {wanted} is missing.")


@check("exit-conditions")
def exit_conditions(using: Using, facts: Facts) -> Found:
    """What the way out demands has been found: all of some, and one of others, of which some need the pilot's end."""
    code = facts.act.action.rsplit(".", maxsplit=1)[-1]
    for way in using.book.exits:
        if way.code != code:
            continue
        for finding, rule in way.all_of.items():
            if finding not in facts.act.findings:
                message = f"{way.term} needs the finding: {using.book.statements[finding]}."
                yield using.violation(f"findings/{finding}", _shown(facts), message, rule=rule)
        early = frozenset() if facts.today > facts.ends_on > 0 else way.at_end
        if way.any_of and not facts.act.findings & (set(way.any_of) - early):
            terms = " / ".join(using.book.statements[finding] for finding in way.any_of)
            message = f"{way.term} needs one of the findings: {terms}."
            if facts.act.findings & early and facts.ends_on:
                message += f" The pilot ends on {on(facts.ends_on)}: nobody finds before that it has expired."
            yield using.violation("findings", _shown(facts), message, rule=next(iter(way.any_of.values())))


@check("findings-all", all_of=tuple)
def findings_all(using: Using, facts: Facts) -> Found:
    """All of these findings are named."""
    for code in using.names("all_of"):
        if code not in facts.act.findings:
            message = f"{facts.act.action} needs the finding: {using.book.statements.get(code, code)}."
            yield using.violation(f"findings/{code}", _shown(facts), message)


@check("findings-any", any_of=tuple)
def findings_any(using: Using, facts: Facts) -> Found:
    """One of these findings is named."""
    if not facts.act.findings & set(using.names("any_of")):
        terms = " / ".join(using.book.statements.get(code, code) for code in using.names("any_of"))
        yield using.violation("findings", _shown(facts), f"{facts.act.action} needs one of the findings: {terms}.")


@check("planned-end")
def planned_end(using: Using, facts: Facts) -> Found:
    """A pilot starts with the end that its plan gives."""
    planned = facts.application.planned_end
    if facts.act.value != planned:
        message = f"The plan ends on {on(planned) if planned else 'no day'}; the step says {on(facts.act.value)}."
        yield using.violation("value", on(facts.act.value), message)


@check("term-from-notice", months=int)
def term_from_notice(using: Using, facts: Facts) -> Found:
    """The term ends so many months after the day on which the notice began."""
    end = add_months(facts.notice_from, using.number("months") or 0)
    if facts.act.value != end:
        message = f"The term begins with the notice on {on(facts.notice_from)} and ends on {on(end)}."
        yield using.violation("value", on(facts.act.value), message)


@check("tutoring-valid")
def tutoring_valid(using: Using, facts: Facts) -> Found:
    """Conclusions of a tutoring project are adopted only while it is valid."""
    tutoring = facts.act.tutoring
    if tutoring is None:
        yield using.violation("tutoring", "none", "The tutoring project whose conclusions are adopted is not named.")
    elif tutoring.revoked:
        yield using.violation("tutoring", tutoring.project, "The tutoring project was revoked.")
    elif facts.today > tutoring.ends_on:
        message = f"The tutoring project {tutoring.project} ended on {on(tutoring.ends_on)}."
        yield using.violation("tutoring", on(tutoring.ends_on), message)


def _shown(facts: Facts) -> str:
    return ", ".join(sorted(facts.act.findings)) or "none"
