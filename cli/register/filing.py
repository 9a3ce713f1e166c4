"""What the commands of companies, accounts and imports share: documents, details and small files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.party import Party, fresh_key

DocumentsOption = Annotated[
    list[str] | None,
    typer.Option("--document", help="CODE=RECORD, once for each document that it rests on."),
]
ReasonOption = Annotated[str, typer.Option(help="Why; becomes part of the evidence.")]
_PART = 8 << 20


def documents(said: list[str] | None) -> list[dict[str, str]]:
    """``--document`` as the service takes it. ConfigError."""
    from chain.party.errors import ConfigError

    found = []
    for each in said or ():
        code, equals, record = each.partition("=")
        if not (code and equals and record):
            raise ConfigError(f"--document {each}: expected CODE=RECORD")
        found.append({"code": code, "record": record})
    return found


def stored(who: Party, file: Path) -> str:
    """Stores a file, encrypted, as a material; its id."""
    from chain.party.http import segment
    from chain.proof.digest import digest_of

    content = file.read_bytes()
    said = {"name": file.name, "media_type": "application/octet-stream", "size": len(content)}
    made: Any = who.api.post("/v1/materials", said, idempotency_key=fresh_key())[1]
    place = f"/v1/materials/{segment(made['id'])}"
    for offset in range(0, len(content), _PART):
        who.api.patch_bytes(f"{place}/content", content[offset : offset + _PART], offset)
    digest = digest_of([content])
    meant = {"size": digest.size, "sha256": f"0x{digest.sha256.hex()}", "sm3": f"0x{digest.sm3.hex()}"}
    who.api.post(f"{place}/completion", meant, idempotency_key=fresh_key())
    return str(made["id"])


def told(found: Any, lines: Callable[[Any], list[str]]) -> list[str]:
    """The ``lines`` of what was done; where the checker has to sign first, how it goes on."""
    if found.get("kind") != "register.fact":
        return lines(found)
    waits = operation_line({"operation": found["id"]})
    return [f"asked        {found['reference']}: nothing is done before the checker has signed 待复核", *waits]


def operation_line(found: Any) -> list[str]:
    """How a command goes on that the chain decides."""
    if not found.get("operation"):
        return []
    return [
        f"operation    {found['operation']}  (regseal operation show {found['operation']} --out FILE; sign; authorise)"
    ]
