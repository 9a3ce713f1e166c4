"""Names that applications and steps share."""

from chain.proof.encoding import to_hex

__all__ = ["CORRECTION", "DRAFT", "ELSEWHERE", "FILLER", "READING", "TAKEN", "own_name", "role_name"]

DRAFT = "DRAFT"
"""Where a project stands before it is on the chain (草稿)."""
CORRECTION = "CORRECTION"
"""Where its application is open for changes again (补正)."""
TAKEN = "TAKEN"
"""Where a draft stands whose number somebody opened on the chain as another project (编号被占用): for good."""
ELSEWHERE = "step.elsewhere"
"""The fact that the chain took a step of which this service has no request."""
FILLER = "filler"
"""A fact that says nothing (补位): the stream catches up with a number that somebody claimed on the chain."""
READING = "reading"
"""The fact that another than an applicant looked into the application (阅卷)."""


def own_name(institution_id: str) -> str:
    """The name under which projects wait for an applicant."""
    return f"own/{institution_id}"


def role_name(role: bytes, region: int) -> str:
    """The name under which projects wait for who holds a role (its keccak256) in a region."""
    return f"{to_hex(role)}/{region}"
