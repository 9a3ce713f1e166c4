"""Whether the bucket for stored files takes, lists, gives back and removes."""

from __future__ import annotations

from collections.abc import Iterator

from cli.local.checks import Check, bad, good
from cli.local.layout import Layout

_FIX = "credentials need to list, read, write and remove below the prefix (docs/operations.md, Stored files)"


def store(layout: Layout) -> Iterator[Check]:
    """Only a bucket: a folder belongs to the service's own user, and another's probe would leave its traces there."""
    from services.evidence.materials.probe import probe
    from services.evidence.materials.wiring import store_of
    from services.platform.errors import RegsealError, StartRefused
    from services.platform.settings import load_settings

    if not layout.settings_file.exists():
        return
    try:
        settings = load_settings(layout.gateway)
    except StartRefused:  # reported by the check of the settings
        return
    place = settings.materials.store
    if not place:
        return
    try:
        probe(store_of(settings))
    except RegsealError as error:
        yield bad("store", f"{place} at {settings.materials.endpoint}: {error.detail}", _FIX)
    else:
        yield good("store", f"{place} takes, lists, gives back and removes")
