"""What a security's terms may be (登记要素审核): form, most holders, interval, by the rules they name. Pure."""

from collections.abc import Collection, Mapping

from services.register.rules.values import Form, Terms
from services.register.sources import refusal

__all__ = ["EXEMPTION", "require_terms"]

EXEMPTION = "legal-basis"
"""法律、行政法规另有规定的文件: what lets a security have other terms (REM-04)."""
_MOST: Mapping[str, int] = {"REM-04": 200, "REM-19": 50, "LP-CAP": 50}
_MOST_OF_FORM: Mapping[Form, int] = {Form.LLC_EQUITY: 50}
_INTERVAL = 5
_LLC = "llc"


def require_terms(terms: Terms, company_form: str, documents: Collection[str]) -> None:
    """RuleRefused TRM-01 for the equity of another kind of company, TRM-02, TRM-03 beyond what the rules let.

    ``company_form``: ``jsc`` or ``llc``, empty where the company is not known.
    """
    if company_form and terms.form in {Form.SHARE, Form.LLC_EQUITY}:
        wanted = Form.LLC_EQUITY if company_form == _LLC else Form.SHARE
        if terms.form is not wanted:
            raise refusal("ServiceForm", {"form": terms.form.name.lower(), "company": company_form})
    if EXEMPTION in documents:
        return
    basis = terms.basis.rstrip(b"\0").decode("ascii", "replace")
    most = min(_MOST.get(basis, 0), _MOST_OF_FORM.get(terms.form, 200))
    if terms.cap > most:
        raise refusal("ServiceCap", {"cap": terms.cap, "most": most, "basis": basis, "document": EXEMPTION})
    if terms.form is not Form.LLC_EQUITY and terms.interval < _INTERVAL:
        raise refusal("ServiceInterval", {"interval": terms.interval, "least": _INTERVAL, "document": EXEMPTION})
