"""Checks of who applies (试点申报机构、联合申报)."""

from services.pilots.rulebook.checks.base import Found, Using, check
from services.pilots.rulebook.facts import Applicant, Facts
from services.pilots.rulebook.model import InstitutionClass, Territory

__all__: list[str] = []


@check("institution-class")
def institution_class(using: Using, facts: Facts) -> Found:
    """Every institution is of a class that may apply."""
    classes = _classes(using)
    for one in facts.application.institutions:
        if one.category not in classes:
            message = f"{one.name}: this class of institution is not among those that may apply."
            yield using.violation(f"applicants/{one.id}/category", one.category, message)


@check("institution-type")
def institution_type(using: Using, facts: Facts) -> Found:
    """A type that its class does not list needs a recorded recognition, and a list that is open (ends in 等)."""
    classes = _classes(using)
    for one in facts.application.institutions:
        listed = classes.get(one.category)
        if listed is None or (one.type in listed.members and not listed.recognised):
            continue
        field = f"applicants/{one.id}/type"
        if not listed.open and not listed.recognised:
            message = f"{one.name}: {one.type} is none of the types of {listed.code}, and the list is closed."
            yield using.violation(field, one.type, message, rule=listed.rule)
        elif not one.recognition:
            message = f"{one.name}: a type that is not listed is accepted only with a recorded recognition."
            yield using.violation(field, one.type, message, rule=listed.rule if listed.recognised else None)


@check("territory")
def territory(using: Using, facts: Facts) -> Found:
    """Every institution belongs to the region in the way that its class demands."""
    classes = _classes(using)
    for one in facts.application.institutions:
        listed = classes.get(one.category)
        if listed is not None and not _belongs(one, listed, using.book.region):
            shown = f"registered {one.registered_in}, office {one.main_office_in}, supervised {one.jurisdiction}"
            message = f"{one.name}: a {listed.code} must belong to {using.book.region} ({listed.territory})."
            yield using.violation(f"applicants/{one.id}/registered_in", shown, message, rule=listed.territory_rule)


def _classes(using: Using) -> dict[str, InstitutionClass]:
    return {one.code: one for one in using.book.institutions}


def _belongs(one: Applicant, listed: InstitutionClass, region: int) -> bool:
    match listed.territory:
        case Territory.REGISTERED:
            return _within(one.registered_in, region)
        case Territory.JURISDICTION:
            return _within(one.jurisdiction, region)
        case Territory.REGISTERED_OR_MAIN_OFFICE:
            return _within(one.registered_in, region) or _within(one.main_office_in, region)
        case Territory.ANYWHERE | None:
            return True


def _within(code: int, region: int) -> bool:
    """Whether a code of GB/T 2260 lies in a city (440300) or, for Beijing (110000), in the municipality."""
    step = 10_000 if region % 10_000 == 0 else 100
    return code // step == region // step


@check("pilot-institution")
def pilot_institution(using: Using, facts: Facts) -> Found:
    """A technology company applies only together with a pilot institution."""
    if not facts.application.institutions:
        names = ", ".join(one.name for one in facts.application.applicants) or "nobody"
        yield using.violation("applicants", names, "A technology company applies together with a pilot institution.")


@check("technology-lead", allowed=tuple)
def technology_lead(using: Using, facts: Facts) -> Found:
    """Whether a technology company may lead; `allowed` is `yes` or `no`."""
    for lead in facts.application.leads:
        if lead.technology_company and using.names("allowed") == ("no",):
            yield using.violation(f"applicants/{lead.id}/lead", lead.name, "A technology company may not lead here.")


@check("scenario-provider")
def scenario_provider(using: Using, facts: Facts) -> Found:
    """The scenario comes from an applicant that is a licensed pilot institution."""
    provider = facts.application.applicant(facts.application.scenario_provider)
    if provider is None:
        value = facts.application.scenario_provider or "nobody"
        yield using.violation("scenario_provider", value, "The provider of the scenario is none of the applicants.")
    elif provider.technology_company:
        message = "The scenario must be provided by a pilot institution, not by a technology company."
        yield using.violation("scenario_provider", provider.name, message)
    elif not provider.licensed:
        message = "The scenario must be provided by a licensed institution."
        yield using.violation("scenario_provider", provider.name, message)


@check("scenario-kind")
def scenario_kind(using: Using, facts: Facts) -> Found:
    """An institution whose class demands it applies with a securities or futures scenario."""
    classes = _classes(using)
    for one in facts.application.institutions:
        listed = classes.get(one.category)
        if listed is not None and listed.scenario is not None and facts.application.scenario != listed.scenario:
            message = f"{one.name}: a {listed.code} applies with a {listed.scenario} scenario."
            yield using.violation("scenario", facts.application.scenario or "none", message)


@check("one-lead", leads=int)
def one_lead(using: Using, facts: Facts) -> Found:
    """Exactly so many applicants lead."""
    leads = facts.application.leads
    if len(leads) != using.number("leads"):
        names = ", ".join(one.name for one in leads) or "nobody"
        yield using.violation("applicants", names, f"Exactly one applicant leads; {len(leads)} are named.")


@check("substantive-work")
def substantive_work(using: Using, facts: Facts) -> Found:
    """In a joint application everybody does important substantive work: no name-only applicants (挂名申报)."""
    for one in _joint(facts):
        if not one.work.strip():
            message = f"{one.name}: a joint applicant states the substantive work it does."
            yield using.violation(f"applicants/{one.id}/work", one.name, message)


@check("rights-and-duties")
def rights_and_duties(using: Using, facts: Facts) -> Found:
    """In a joint application everybody's rights and duties are stated."""
    for one in _joint(facts):
        if not one.rights.strip():
            message = f"{one.name}: a joint applicant states its rights and duties."
            yield using.violation(f"applicants/{one.id}/rights", one.name, message)


@check("consents")
def consents(using: Using, facts: Facts) -> Found:
    """In a joint application everybody but the lead has confirmed it on record."""
    for one in _joint(facts):
        if not one.lead and not one.consent:
            message = f"{one.name}: its confirmation of the joint application is missing."
            yield using.violation(f"applicants/{one.id}/consent", one.name, message)


@check("contacts", minimum=int)
def contacts(using: Using, facts: Facts) -> Found:
    """Every applicant names so many contacts."""
    minimum = using.number("minimum") or 0
    for one in facts.application.applicants:
        if len(one.contacts) < minimum:
            message = f"{one.name}: {len(one.contacts)} contacts, at least {minimum} are needed."
            yield using.violation(f"applicants/{one.id}/contacts", len(one.contacts), message)


@check("contact-heads", minimum=int)
def contact_heads(using: Using, facts: Facts) -> Found:
    """Of every applicant's contacts so many are heads of department or above."""
    minimum = using.number("minimum") or 0
    for one in facts.application.applicants:
        heads = sum(contact.department_head for contact in one.contacts)
        if heads < minimum:
            message = f"{one.name}: {heads} contacts are heads of department or above, at least {minimum} are needed."
            yield using.violation(f"applicants/{one.id}/contacts", heads, message)


@check("contacts-know-project")
def contacts_know_project(using: Using, facts: Facts) -> Found:
    """Contacts are familiar with the project."""
    for one in facts.application.applicants:
        for number, contact in enumerate(one.contacts):
            if not contact.knows_project:
                message = f"{one.name}: a contact is familiar with the project."
                yield using.violation(f"applicants/{one.id}/contacts/{number}", contact.name, message)


@check("core-track", core=bool)
def core_track(using: Using, facts: Facts) -> Found:
    """A core institution registered here that leads takes the core path; nobody else does."""
    core = {one.code for one in using.book.institutions if one.core}
    for lead in facts.application.leads:
        is_core = lead.category in core and _within(lead.registered_in, using.book.region)
        if is_core is not using.holds("core"):
            path = "takes the core institutions' path" if is_core else "cannot take the core institutions' path"
            yield using.violation(f"applicants/{lead.id}/category", lead.category, f"{lead.name} {path}.")


@check("tutoring-applicants", listed=tuple, recognised=tuple)
def tutoring_applicants(using: Using, facts: Facts) -> Found:
    """Tutoring (辅导) is for technology companies registered here: of the listed types, or recognised ones."""
    for one in facts.application.applicants:
        field = f"applicants/{one.id}"
        if not one.technology_company or one.type not in {*using.names("listed"), *using.names("recognised")}:
            message = f"{one.name}: a {one.type} cannot apply for tutoring."
            yield using.violation(f"{field}/type", one.type, message)
        elif one.type in using.names("recognised") and not one.recognition:
            message = f"{one.name}: a {one.type} applies for tutoring only with a recorded recognition."
            yield using.violation(f"{field}/recognition", "none", message)
        if not _within(one.registered_in, using.book.region):
            message = f"{one.name}: tutoring is for companies registered in {using.book.region}."
            yield using.violation(f"{field}/registered_in", one.registered_in, message)


def _joint(facts: Facts) -> tuple[Applicant, ...]:
    """The applicants of a joint application; nobody when there is one applicant."""
    return facts.application.applicants if len(facts.application.applicants) > 1 else ()
