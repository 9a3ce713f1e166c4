"""`regseal pilot` from the draft to a decided step, each party in a folder of its own."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from chain.party.keystore import NoteKey
from cli.app import build
from tests.integration.services.pilots.application import SETTINGS, add_materials, form
from tests.integration.services.pilots.region import Party, Region, in_days
from tests.integration.services.transactions.rig import REGIONAL
from tests.serving import serving

pytestmark = pytest.mark.parametrize("region", ["sqlite"], indirect=True, scope="module")


class Desk:
    """Runs commands in the name of parties."""

    def __init__(self, region: Region, port: int, folder: Path) -> None:
        self.region = region
        self.folder = folder
        for name in ("lead", "partner", "group"):
            self._settle(region[name], folder / name, port)

    def _settle(self, party: Party, home: Path, port: int) -> None:
        home.mkdir()
        (home / "token").write_text(party.client.headers["authorization"].removeprefix("Bearer "))
        (home / "token").chmod(0o600)
        (home / "api.json").write_text(json.dumps({"url": f"http://127.0.0.1:{port}", "institution": party.id}))
        (home / "passphrase").write_text("p")
        party.authority.save(home / "authority.json", "p", work=2)
        party.account.save(home / "account.json", "p", work=2)
        NoteKey("submitter", party.submitter_seed).save(home / "submitter.pem", "p")

    def run(self, name: str, *given: object, code: int = 0) -> Any:
        arguments = ["pilot", *map(str, given), "--party", str(self.folder / name), "--json"]
        done = CliRunner().invoke(build(arguments[0]), arguments)
        assert done.exit_code == code, done.output
        return json.loads(done.stdout)

    def sign(self, name: str, operation: Path, key: str) -> None:
        """The party signs in its folder and brings the signature back."""
        signed = self.folder / f"signed-{operation.name}"
        home = self.folder / name
        for arguments in (
            ["sign", str(operation), "--key", str(home / key), "--yes", "--out", str(signed)],
            ["operation", "authorise", str(signed), "--party", str(home)],
        ):
            done = CliRunner().invoke(build(arguments[0]), arguments)
            assert done.exit_code == 0, done.output
        assert self.region.work(json.loads(operation.read_text())["id"]) == "final"


@pytest.fixture
def desk(region: Region, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("REGSEAL_PASSPHRASE", "p")
    with serving(region.anyone.app) as port:
        yield Desk(region, port, tmp_path)


def test_the_command_line_takes_a_project_through(desk: Desk, tmp_path: Path) -> None:
    region, lead, partner = desk.region, desk.region["lead"], desk.region["partner"]
    (book,) = desk.run("group", "rulebooks")
    assert desk.run("group", "rulebook", book["id"])["settings_file"] == "sz-test.yaml"
    settings = tmp_path / "open.yaml"
    settings.write_text(SETTINGS.replace("  pilot_max_months: 24\n", ""))
    refused = desk.run("group", "activate", "SZ-2023.11", "--settings", settings, "--log", region.log, code=1)
    assert [one["name"] for one in refused["error"]["problem"]["missing"]] == ["pilot_max_months"]

    file = tmp_path / "form.json"
    file.write_text(json.dumps(form(lead, partner)))
    project = desk.run("lead", "draft", file, "--rulebook", book["id"])["id"]
    missing = desk.run("lead", "completeness", project, code=3)
    assert "SZ-21" in {fault["rule"] for fault in missing["faults"]}
    add_materials(region, project, lead, partner)
    _adds_a_material(desk, project)
    desk.run("partner", "confirm", project, "--key", tmp_path / "partner" / "submitter.pem")
    assert desk.run("lead", "completeness", project)["complete"] is True
    assert desk.run("lead", "draft", file, "--project", project)["draft_version"] == 2
    desk.run("partner", "confirm", project, "--key", tmp_path / "partner" / "submitter.pem")

    desk.run("lead", "submit", project, "--out", tmp_path / "submit.json")
    desk.sign("lead", tmp_path / "submit.json", "authority.json")
    assert desk.run("lead", "status", project)["state"] == "SUBMITTED"
    assert [one["project"]["id"] for one in desk.run("group", "queue")] == [project]
    assert len(desk.run("group", "material", "list", project, "--version", 2)) == len(
        desk.run("lead", "material", "list", project)
    )

    said = tmp_path / "body.json"
    said.write_text(json.dumps({"note": "形式审核通过"}))
    review = f"formality_review={region['group'].document('形式审核')}"
    asked = ("step", project, "selection.open", "--body", said, "--evidence", review, "--out", tmp_path / "step.json")
    desk.run("group", *asked)
    desk.sign("group", tmp_path / "step.json", "account.json")
    desk.run("group", "fact", project, "municipal.evaluation", "--body", said)
    timeline = desk.run("lead", "timeline", project)
    assert [one["name"] for one in timeline[-2:]] == ["selection.open", "municipal.evaluation"]
    assert desk.run("lead", "status", project, "--chain")["state"] == "UNDER_SELECTION"
    assert [one["id"] for one in desk.run("group", "list", "--state", "UNDER_SELECTION")] == [project]
    assert desk.run("lead", "duty", "list") == desk.run("lead", "duty", "list", "--project", project) == []
    assert desk.run("group", "alert", "list", "--open") == []
    for name, *wanted in (("lead", "incident"), ("group", "inspection", "--due", in_days(101), "--body", said)):
        early = desk.run(str(name), "duty", "open", project, *wanted, code=1)  # nothing is owed before the launch
        assert early["error"]["problem"]["state"] == "UNDER_SELECTION"
    late = desk.run("lead", "comment", project, "--text", "公示之前", code=1)
    assert late["error"]["problem"]["status"] == 404

    desk.run("group", "retire", book["id"], "--reason", "新指南施行", "--out", tmp_path / "retire.json")
    REGIONAL.save(tmp_path / "group" / "regional.json", "p", work=2)
    desk.sign("group", tmp_path / "retire.json", "regional.json")
    assert desk.run("group", "rulebook", book["id"])["state"] == "retired"
    after = desk.run("lead", "draft", file, "--rulebook", book["id"], code=1)
    assert after["error"]["problem"]["type"].endswith("rulebook-not-active")
    assert desk.run("lead", "status", project)["state"] == "UNDER_SELECTION"


def _adds_a_material(desk: Desk, project: str) -> None:
    extra = desk.run("lead", "material", "add", project, "other", desk.region["lead"].manifest("其他材料"))
    assert (extra["code"], extra["version"]) == ("other", 1)
    assert extra["manifest"] in [one["manifest"] for one in desk.run("lead", "material", "list", project)]
    listed = desk.run("lead", "material", "files", project, extra["manifest"])
    assert [(one["name"], one["content"]) for one in listed["files"]] == [("其他材料.pdf", None)]
    assert desk.run("group", "material", "list", project, code=1)["error"]["problem"]["status"] == 404  # a draft
