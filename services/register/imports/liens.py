"""An encumbrance of a list as the act that registers it (存量权利负担登记)."""

from services.evidence.group import Group as Unit
from services.platform.errors import Unavailable
from services.register.accounts.keeping import Keeping
from services.register.acts.said import Said
from services.register.imports.models import ImportRow

__all__ = ["lien_said"]


def lien_said(_unit: Unit, _keeping: Keeping, _row: ImportRow, _content: bytes) -> Said:
    """Unavailable ``liens`` while the register's contract has none."""
    raise Unavailable("liens", "This register's contract registers no encumbrances.")
