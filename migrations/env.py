"""How Alembic sees the tables of all contexts; :mod:`services.platform.migrate` starts it and brings the connection."""

import importlib
import pkgutil
from typing import Any, Literal

from alembic import context

import services
from services.platform.database import Base, JsonText

for module in pkgutil.walk_packages(services.__path__, "services."):
    if module.name.endswith(".models"):
        importlib.import_module(module.name)


def _render_item(kind: str, item: Any, _autogen: Any) -> str | Literal[False]:
    """A migration names no class of ours: it must mean the same when the class has changed."""
    return "sa.Text()" if kind == "type" and isinstance(item, JsonText) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=context.config.attributes.get("batch", True),  # SQLite changes a table by making it anew
    render_item=_render_item,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
