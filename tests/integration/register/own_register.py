"""What an issuer reads: its own register with the names of its holders, and nothing of another company."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from cli.app import build
from services.identity.policy import Principal
from services.identity.views import TokenRequest
from tests.integration.register.office import Office
from tests.serving import serving
from tests.unit.services.register.imports.sheets import person, resident


def reads_its_register_and_no_other(
    office: Office, company: Any, security: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A company's institution, once it is named: holders by name, acts, statements, dividends, nothing of others."""
    stranger = office.investor()
    other = office.security({stranger: 10})
    foreign = office.asked("recount", security=other, account=stranger)
    office.client.post(f"/v1/operations/{foreign['operation']}/cancellation")
    stated = [
        office.post("statements", {"kind": "holder-register", "security": each}, 201)["id"]
        for each in (security, other)
    ]
    pay = {"amount": "0.1", "record_date": str(office.world.clock.now().date() + timedelta(days=9))}
    resolved = office.post("dividends", {"security": security, **pay, "documents": office.documents("resolution")}, 201)
    institution, client = _institution(office)
    assert client.get("/v1/register/securities").status_code in (403, 404), "no company's yet"
    named = {"issuer": "ins_" + "0" * 32}
    assert office.post(f"companies/{company['id']}/institution", named, 422)["field"] == "issuer"
    office.post(f"companies/{company['id']}/institution", {"issuer": institution.institution_id}, 200)

    def seen(path: str, status: int = 200) -> Any:
        answer = client.get(f"/v1/register/{path}")
        assert answer.status_code == status, (path, answer.text)
        return answer.json()

    assert [each["id"] for each in seen("companies")["items"]] == [company["id"]]
    assert [each["id"] for each in seen("securities")["items"]] == [security]
    held = seen(f"securities/{security}/holders")["items"]
    assert sorted(each["units"] for each in held) == ["100", "300", "600"]
    assert {each["name"] for each in held} == {str(person(order, 1)[1]) for order in (1, 2, 3)}, "names: 股东名册"
    texts = [seen(f"securities/{security}/liens"), held, seen(f"securities/{security}/holders/{held[0]['account']}")]
    assert not any(resident(order) in str(texts) for order in (1, 2, 3)), "and no identity numbers"
    assert {each["about"] for each in seen("acts?limit=200")["items"]} == {security, company["id"]}
    assert [each["id"] for each in seen("statements")["items"]] == stated[:1]
    assert str(person(1, 1)[1]) in str(seen(f"statements/{stated[0]}"))
    assert [each["id"] for each in seen("dividends")["items"]] == [resolved["id"]]
    assert seen(f"dividends/{resolved['id']}/lines")["items"] == []
    for path in (
        f"securities/{other}", f"securities/{other}/holders", f"securities/{other}/liens", f"statements/{stated[1]}",
        f"statements/{stated[1]}/csv", "accounts", f"accounts/{held[0]['account']}/identity", "alerts", "imports",
        f"acts/{foreign['id']}",
    ):  # fmt: skip
        assert client.get(f"/v1/register/{path}").status_code in (403, 404), path
    assert seen(f"securities?company={other}")["items"] == seen(f"statements?security={other}")["items"] == []
    assert seen(f"acts?about={other}")["items"] == seen(f"dividends?security={other}")["items"] == []
    asked = client.post(
        "/v1/register/acts", json={"act": "recount", "security": security, "account": "acc_" + "1" * 32}
    )
    assert asked.status_code in (403, 404)
    _as_a_command(client, home, monkeypatch, security)


def _institution(office: Office) -> tuple[Principal, TestClient]:
    made = office.world.admit("鹏城示例1股份有限公司", kind="data-user")
    wanted = TokenRequest(name="reads", roles=("reader",))
    issued = office.world.services.identity.issue_token(made, wanted)
    return made, office.world.client(str(issued.secret))


def _as_a_command(client: TestClient, home: Path, monkeypatch: pytest.MonkeyPatch, security: str) -> None:
    (home / "token").write_text(str(client.headers["Authorization"]).removeprefix("Bearer "))
    (home / "token").chmod(0o600)
    monkeypatch.setenv("REGSEAL_PARTY", str(home))
    with serving(client.app) as port:
        (home / "api.json").write_text(json.dumps({"url": f"http://127.0.0.1:{port}"}))
        done = CliRunner().invoke(build("register"), ["register", "book", security])
    assert done.exit_code == 0, done.output
    assert str(person(1, 1)[1]) in done.output
