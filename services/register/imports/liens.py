"""An encumbrance of a list as the act that registers it (存量权利负担登记). Pure."""

from datetime import date, datetime, time, timedelta, timezone
from typing import Any

from services.register.accounts.identity import Identity
from services.register.accounts.views import AccountDetails
from services.register.acts.liens import Freeze, Lock, Pledge, Pledgee
from services.register.acts.said import Said
from services.register.imports.encumbrances import LienKind
from services.register.imports.grouping import liens_of
from services.register.rules.values import Kind

__all__ = ["lien_of", "lien_said"]

_CHINA = timezone(timedelta(hours=8))


def lien_of(content: bytes) -> AccountDetails:
    """Whose units they are: an account that the list of holders has opened."""
    (line,) = liens_of(content)
    return AccountDetails(kind=Kind(line["holder"]), identity=Identity.of(line["identity"]))


def lien_said(content: bytes, security: str, account: str) -> Said:
    """The act; when it began, in the first hour of its day in Shanghai: lists have no hours."""
    (line,) = liens_of(content)
    common: dict[str, Any] = {"security": security, "account": account, "units": line["units"]}
    since = datetime.combine(date.fromisoformat(line["since"]), time(), _CHINA)
    until = date.fromisoformat(line["until"]) if line["until"] else None
    if line["kind"] == LienKind.PLEDGE:
        pledgee = Pledgee(address=line["secured"], name=line["for_name"])
        return Pledge(**common, pledgee=pledgee, contract=line["paper"], since=since)
    if line["kind"] == LienKind.LOCK:
        return Lock(**common, since=since, until=until)
    return Freeze(
        **common,
        published_at=since,
        received_at=since,
        until=until or since.date(),
        court=line["for_name"] or "-",
        case=line["paper"] or "-",
    )
