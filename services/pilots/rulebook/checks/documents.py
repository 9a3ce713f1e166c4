"""Checks of what an application says and brings (申报表、申报材料、项目类型)."""

from collections.abc import Iterator

from services.pilots.rulebook.checks.base import Found, Using, check
from services.pilots.rulebook.facts import THIRD_PARTY, Applicant, Application, Facts, MaterialFile, characters
from services.pilots.rulebook.model import Material

__all__: list[str] = []


@check("cell-length", maximum=int)
def cell_length(using: Using, facts: Facts) -> Found:
    """No cell of the form has more characters (code points of NFC text) than that."""
    maximum = using.number("maximum")
    for path, text in facts.application.cells.items():
        if maximum is not None and characters(text) > maximum:
            message = f"The cell has {characters(text)} characters, at most {maximum} are allowed."
            yield using.violation(f"cells/{path}", characters(text), message)


@check("category-known")
def category_known(using: Using, facts: Facts) -> Found:
    """The project is of one of the categories."""
    known = [one.code for one in using.book.categories]
    if facts.application.category not in known:
        message = f"The project's category is one of {', '.join(known)}."
        yield using.violation("category", facts.application.category or "none", message)


@check("category-conditions")
def category_conditions(using: Using, facts: Facts) -> Found:
    """What the category demands is stated."""
    stated = facts.application.statements
    for category in using.book.categories:
        if category.code != facts.application.category:
            continue
        for code, rule in category.all_of.items():
            if not stated.get(code):
                message = f"A {category.code} project states: {using.book.statements[code]}."
                yield using.violation(f"statements/{code}", "none", message, rule=rule)
        if category.any_of and not any(stated.get(code) for code in category.any_of):
            terms = " / ".join(using.book.statements[code] for code in category.any_of)
            code, rule = next(iter(category.any_of.items()))
            message = f"A {category.code} project states one of: {terms}."
            yield using.violation(f"statements/{code}", "none", message, rule=rule)


@check("approval-track", approval=bool, category=tuple)
def approval_track(using: Using, facts: Facts) -> Found:
    """What needs approval is submitted with approval pending, and only in the category that knows it."""
    if facts.application.needs_approval is not using.holds("approval"):
        needs = "needs" if facts.application.needs_approval else "does not need"
        message = f"The product or service {needs} approval; submit it by the action for that."
        yield using.violation("needs_approval", facts.application.needs_approval, message)
    elif using.holds("approval") and facts.application.category not in using.names("category"):
        message = f"Approval belongs to the category {', '.join(using.names('category'))}."
        yield using.violation("category", facts.application.category or "none", message)


@check("statements", codes=tuple)
def statements(using: Using, facts: Facts) -> Found:
    """The applicants state what the rule demands of every application."""
    for code in using.names("codes"):
        if not facts.application.statements.get(code):
            message = f"The application states: {using.book.statements.get(code, code)}."
            yield using.violation(f"statements/{code}", "none", message)


@check("materials-present")
def materials_present(using: Using, facts: Facts) -> Found:
    """Every mandatory material is there, those of each institution for each of them."""
    for material in using.book.materials:
        if not material.mandatory:
            continue
        for owner in facts.application.applicants if material.per_institution else (None,):
            if not any(_is(one, material, owner) for one in facts.application.materials):
                whose = f" of {owner.name}" if owner else ""
                field = f"materials/{material.code}" + (f"/{owner.id}" if owner else "")
                message = f"The mandatory material {material.term}{whose} is missing."
                yield using.violation(field, "none", message, rule=material.rule)


@check("material-issuers")
def material_issuers(using: Using, facts: Facts) -> Found:
    """A material that says who issues it is issued by them."""
    for material, file in _files(using, facts.application):
        if material.issued_by and not _issued(material, file, facts.application):
            message = f"{material.term} is issued by {' or '.join(material.issued_by)}" + (
                ", jointly." if material.jointly else "."
            )
            value = ", ".join(file.issuers) or "nobody"
            yield using.violation(f"materials/{material.code}/issuers", value, message, rule=material.rule)


@check("material-signers", technology_lead_exception=bool)
def material_signers(using: Using, facts: Facts) -> Found:
    """The lead's compliance head or executive signs; a pilot institution's when a technology company leads."""
    leads = facts.application.leads
    for material, file in _files(using, facts.application):
        if not material.signed_by:
            continue
        signers = leads
        if using.holds("technology_lead_exception") and any(one.technology_company for one in leads):
            signers = facts.application.institutions
        possible = {(office, one.id) for office in material.signed_by for one in signers}
        signed = {(signature.office, signature.applicant) for signature in file.signatures}
        if not possible & signed:
            names = " or ".join(one.name for one in signers) or "a pilot institution"
            message = f"{material.term} is signed by {' or '.join(material.signed_by)} of {names}."
            value = ", ".join(f"{office} of {who}" for office, who in sorted(signed)) or "nobody"
            yield using.violation(f"materials/{material.code}/signatures", value, message, rule=material.rule)


@check("lead-review")
def lead_review(using: Using, facts: Facts) -> Found:
    """The lead has reviewed what its co-applicants provide."""
    leads = {one.id for one in facts.application.leads}
    if len(facts.application.applicants) < 2:
        return
    for file in facts.application.materials:
        others = {*file.issuers, *([file.applicant] if file.applicant else [])} - leads
        if others and not file.reviewed:
            message = f"The lead has not reviewed {file.code} of {', '.join(sorted(others))}."
            yield using.violation(f"materials/{file.code}/reviewed", file.record, message)


@check("translations")
def translations(using: Using, facts: Facts) -> Found:
    """A material in English comes with a Chinese translation."""
    for file in facts.application.materials:
        if file.translated is False:
            message = f"{file.code}: a material in English comes with a Chinese translation."
            yield using.violation(f"materials/{file.code}", file.record, message)


def _is(file: MaterialFile, material: Material, owner: Applicant | None) -> bool:
    return file.code == material.code and (owner is None or file.applicant == owner.id)


def _files(using: Using, application: Application) -> Iterator[tuple[Material, MaterialFile]]:
    known = {one.code: one for one in using.book.materials}
    for file in application.materials:
        if file.code in known:
            yield known[file.code], file


def _issued(material: Material, file: MaterialFile, application: Application) -> bool:
    """Whether one kind of issuer that the material allows has issued it."""
    provider = {application.scenario_provider} if application.scenario_provider else set()
    everybody = {one.id for one in application.applicants}
    groups = {
        "lead": {one.id for one in application.leads},
        "applicants": everybody,
        "scenario-provider": provider,
        "third-party": {THIRD_PARTY},
        "each-applicant": {file.applicant} if file.applicant else set(),
    }
    issuers = set(file.issuers)
    for kind in material.issued_by:
        wanted = groups[kind]
        if wanted and (wanted <= issuers if material.jointly else wanted & issuers):
            return True
    return False
