"""The plain start page: what runs here, how long the logs are, and three commands to copy."""

from __future__ import annotations

from html import escape
from pathlib import Path
from string import Template
from typing import Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.deps import PublicDep, ServicesDep
from services.container import Services

PAGE: Final = Template((Path(__file__).parent / "static" / "start.html").read_text(encoding="utf-8"))
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
COMMANDS: Final = """\
./regseal record submit samples/records/transfer.json --party var/parties/operator-440300 --wait final
./regseal receipt get RECORD_ID --party var/parties/operator-440300 --form private --out receipt.json
./regseal verify receipt.json --trust var/parties/auditor/trust.json --explain"""

router = APIRouter()


@router.get("/", include_in_schema=False, dependencies=[PublicDep])
def start_page(services: ServicesDep) -> HTMLResponse:
    """Public facts only."""
    good, state = _state(services)
    page = PAGE.substitute(
        state_class="good" if good else "bad",
        state=escape(state),
        chains=_chains(services),
        logs=_logs(services),
        commands=escape(COMMANDS),
    )
    return HTMLResponse(page, headers=HEADERS)


def _state(services: Services) -> tuple[bool, str]:
    waiting = [check.origin for check in services.evidence.gate.states().values() if check.state != "checked"]
    if not waiting:
        return True, "正常受理 · accepting submissions"
    return False, f"暂不受理 · not accepting submissions yet for {', '.join(waiting)}: see /health/ready"


def _row(*cells: object) -> str:
    return "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in cells) + "</tr>"


def _chains(services: Services) -> str:
    rows = []
    for name, chain in services.settings.chains.items():
        state = services.chains.states[name]
        kind = (
            "embedded: single operator, not tamper-resistant" if chain.chain_class == "embedded" else chain.chain_class
        )
        rows.append(
            _row(
                name,
                kind,
                chain.chain_id,
                "不可达 unreachable" if state.away or state.mismatch else state.height,
                chain.genesis,
            )
        )
    return "".join(rows)


def _logs(services: Services) -> str:
    return "".join(
        _row(log.origin, log.state, log.size, log.sealed, log.anchored) for log in services.evidence.public.logs()
    )
