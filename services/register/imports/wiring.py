"""Puts companies, accounts and imports together (托管企业、投资者账户、名册导入)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from services.platform.settings import Settings
from services.register.accounts.desk import Accounts
from services.register.accounts.keeping import Keeping
from services.register.checked import Checked, Desks
from services.register.companies.desk import Companies
from services.register.companies.further import Further
from services.register.imports.carrying import Carrying
from services.register.imports.desk import Custody, Imports, listed
from services.register.imports.examining import Examining, FilesOf
from services.register.wiring import Register

__all__ = ["Holders", "open_holders"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Holders:
    """The doors, and what they do by themselves: name -> (seconds between runs, job)."""

    accounts: Accounts
    companies: Companies
    further: Further
    imports: Imports
    checked: Checked
    jobs: Mapping[str, tuple[float, Callable[[], object]]]


def open_holders(settings: Settings, register: Register, files: FilesOf) -> Holders:
    """``files``: the stored files of an institution. A sample may make investor codes of its own."""
    parts, acts = register.parts, register.acts.desk
    is_sample = settings.house_origin.partition("/")[0].endswith(".example")
    keeping = Keeping(parts)
    companies = Companies(parts, acts.ask, listed)
    accounts = Accounts(parts, keeping, acts.ask, is_sample=is_sample)
    carrying = Carrying(parts, keeping, acts.ask, acts.outcomes)
    further = Further(parts, acts.ask)
    imports = Imports(parts, Custody(companies, further), Examining(parts, files), carrying)
    desks = Desks(
        accounts=accounts,
        companies=companies,
        further=further,
        dividends=register.dividends,
        legal=register.acts.legal,
    )
    checked = Checked(parts, desks)
    jobs: Mapping[str, tuple[float, Callable[[], object]]] = {
        "register.imports": (0.5, imports.run),
        "register.erasure": (3_600.0, accounts.run),
        "register.checked": (0.5, checked.run),
    }
    return Holders(accounts=accounts, companies=companies, further=further, imports=imports, checked=checked, jobs=jobs)
