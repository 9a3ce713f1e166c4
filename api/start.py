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
./regseal record submit samples/records/transfer.json --party {party} --wait final
./regseal receipt get RECORD_ID --party {party} --form private --out receipt.json
./regseal verify receipt.json --trust {trust} --explain"""
CLASSES: Final = {
    "embedded": "嵌入式:单一运营方,不具备防篡改性 · embedded: single operator, not tamper-resistant",
    "permissioned": "许可链 · permissioned",
    "public": "公链 · public",
}
STATES: Final = {"opening": "待开立", "open": "开放", "frozen": "已冻结", "refused": "未获准"}

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
        commands=escape(_commands(services.settings.home)),
    )
    return HTMLResponse(page, headers=HEADERS)


def _commands(home: Path) -> str:
    """They can be copied as they are when the sample's parties lie where the README puts them."""
    var = Path(__file__).parent.parent / "var"
    if home.parent == var and (var / "parties").exists():
        return COMMANDS.format(party="var/parties/operator-440300", trust="var/parties/auditor/trust.json")
    return COMMANDS.format(party="PARTY_FOLDER", trust="TRUST_FILE")


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
        rows.append(
            _row(
                name,
                CLASSES[chain.chain_class],
                chain.chain_id,
                "不可达 unreachable" if state.away or state.mismatch else state.height,
                chain.genesis,
            )
        )
    return "".join(rows)


def _logs(services: Services) -> str:
    return "".join(
        _row(log.origin, f"{STATES[log.state]} {log.state}", log.size, log.sealed, log.anchored)
        for log in services.evidence.public.logs()
    )
