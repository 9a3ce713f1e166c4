"""Keyset paging: every list is ``{items, next}``; ``next`` is opaque and stays valid while rows are added."""

from __future__ import annotations

from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, Field

Item = TypeVar("Item")

Limit = Annotated[int, Query(ge=1, le=500, description="How many items at the most")]
Cursor = Annotated[str | None, Query(max_length=200, description="`next` of the previous page")]


class Page(BaseModel, Generic[Item]):
    """One page of a list, oldest first unless the route says otherwise."""

    items: list[Item]
    next: str | None = Field(None, description="Give it back as `cursor` for the next page; null at the end")
