"""Shapes of the register's acts."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from api.operations.schemas import RequiredSignature


class Refusal(BaseModel):
    """Why the chain did not take it: the contract's error and, where it is one, the rule behind it."""

    error: str
    args: dict[str, Any] = {}
    rule: str | None = Field(None, examples=["REM-04"])
    source: str | None = None
    detail: str | None = None
    detail_zh: str | None = None


class ActView(BaseModel):
    """An act (登记事项) and what became of it."""

    id: str = Field(examples=["act_019a9e0a5c5b7d0e9c1a2b3c4d5e6f70"])
    act: str = Field(examples=["transfer"])
    term: str = Field(description="Its Chinese term", examples=["过户"])
    about: str = Field(description="The security, or the account, whose stream and queue it is in")
    state: str = Field(description="requested, registered or refused")
    message: dict[str, Any] = Field(description="What the contract takes and everybody who agrees signs")
    operation: str = Field(description="See `/v1/operations/{id}`, which has the typed data to sign")
    operation_state: str
    authorisations: list[RequiredSignature] = Field(description="Every signature it needs, and who is missing")
    queue_position: int | None = Field(
        None, description="How many earlier acts of the same security or account are undecided; null once it is decided"
    )
    record: str
    outcome_record: str | None = None
    batch: str | None = None
    transaction: str | None = None
    block: int | None = None
    subject_to: list[int] = Field(
        description="Freezes that were published before it and arrived after: their numbers", examples=[[3]]
    )
    refusal: Refusal | None = None
    created_at: str
    decided_at: str | None = None


class BatchLine(BaseModel):
    """What became of a line."""

    line: int = Field(description="From 1")
    act: ActView | None = None
    problem: dict[str, Any] | None = Field(None, description="Why it was not asked for, as its own answer would say")


class BatchView(BaseModel):
    """A batch, in the order of its lines."""

    id: str = Field(examples=["bat_0123456789abcdef0123456789abcdef"])
    lines: list[BatchLine]
