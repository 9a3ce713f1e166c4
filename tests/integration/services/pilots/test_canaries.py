"""Canaries in drafts, contacts, materials, facts, steps and comments: a database in a stranger's hands shows none.

Nor do the chain, the service's home, its log lines and metrics, what it shows in public, or the entry bundles that an
auditor of the region fetches.
"""

import json
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from sqlalchemy import MetaData, select

from services.platform.database import Database
from services.platform.logging import configure
from tests.canaries import Canaries, Search
from tests.integration.services.pilots.application import add_materials, applicant, form
from tests.integration.services.pilots.region import Party, Region
from tests.integration.services.pilots.test_shenzhen import DIMENSIONS, FIELDS, opinions

pytestmark = pytest.mark.parametrize("region", ["sqlite"], indirect=True, scope="module")


class Applicants:
    """Who fill in every field with what should have stayed at home, and the bodies that answer alike."""

    def __init__(self, region: Region, said: Canaries) -> None:
        self.region, self.said = region, said
        self.lead, self.partner = region["lead"], region["partner"]

    def draft(self) -> str:
        """A complete, confirmed draft; its id."""
        said, region = self.said, self.region
        applicants = [
            self._applicant(self.lead, category="technology-company", type="technology-company", lead=True),
            self._applicant(self.partner, category="operating", type="securities-company", licensed=True),
        ]
        filled = form(self.lead, self.partner, name=said.text("title"), applicants=applicants)
        filled["statements"] = {name: said.text(f"statement {name}") for name in filled["statements"]}
        filled["cells"] = {said.name("cell"): said.text("cell's text"), **filled["cells"]}
        project: str = self.lead.post("/v1/pilots", {"rulebook": region.rulebook, "form": filled})["id"]
        add_materials(region, project, self.lead, self.partner)
        signature = {"office": said.text("signer's office"), "applicant": self.lead.id, "name": said.name("signer")}
        details = {"issuers": [said.name("issuer")], "signatures": [signature]}
        more = {"code": "other", "manifest": self.lead.manifest(said.name("file name")), "details": details}
        self.lead.post(f"/v1/pilots/{project}/materials", more)
        region.confirm(self.partner, project)
        return project

    def _applicant(self, party: Party, **more: Any) -> dict[str, Any]:
        said, name = self.said, party.name
        contacts = [
            {"name": said.name(f"contact {place} of {name}"), "post": said.number(f"post {place} of {name}", "138")}
            | {"department_head": not place, "knows_project": True}
            for place in range(2)
        ]
        texts = {"work": said.text(f"work of {name}"), "rights": said.text(f"rights of {name}")}
        return applicant(party, contacts=contacts, **texts, **more)

    def comes_to_notice(self, project: str) -> None:
        """Every step says more than it must."""
        region, step = self.region, self.region.step
        group, stb, experts = region["group"], region["stb"], region["experts"]
        step(self.lead, project, "submit", key=self.lead.authority)
        step(group, project, "selection.open", "formality_review", body={"note": self.said.text("step's note")})
        self._facts(project)
        opinions(region, project, "group", "selection", ("法律合规",))
        needs = ("risk_assessment", "expert_opinions", "municipal_evaluation", "decision")
        step(group, project, "selection.accept", *needs)
        step(stb, project, "evaluation.open", "evaluator_roster")
        opinions(region, project, "experts", "evaluation", FIELDS)
        conclusions = {"conclusions": DIMENSIONS, "signed": self.said.name("evaluator")}
        step(experts, project, "evaluation.pass", "evaluation_conclusion", body=conclusions)
        step(group, project, "notice.open", "notice_text", public={"title": "公示"})

    def _facts(self, project: str) -> None:
        said, group, place = self.said, self.region["group"], f"/v1/pilots/{project}/facts"
        opinion = {"expert": said.name("expert"), "field": "金融业务", "stage": "selection"}
        opinion |= {"declaration": group.document(said.text("declaration")), "opinion": said.text("opinion")}
        group.post(place, {"kind": "expert.opinion", "body": opinion})
        group.post(place, {"kind": "site.visit", "body": {said.name("met"): said.text("what was seen")}})

    def comment(self, project: str) -> None:
        said, place = self.said, f"/v1/public/pilots/{project}/comments"
        words = {"text": said.text("comment"), "name": said.name("commenter"), "contact": said.number("contact", "138")}
        key = {"Idempotency-Key": said.number("comment's key")}
        answer = self.region.anyone.post(place, json=words, headers=key)
        assert answer.status_code == 201, answer.text


def test_canaries_of_pilots_are_found_nowhere(region: Region) -> None:
    said, told = Canaries(), StringIO()
    configure("info", told)
    everybody = Applicants(region, said)
    everybody.draft()  # one that nobody submits
    project = everybody.draft()
    everybody.comes_to_notice(project)
    everybody.comment(project)
    region.settle()
    configure()
    group = region["group"]
    assert said.found_in(json.dumps(group.get(f"/v1/pilots/{project}/application")).encode()), "the search finds them"
    look = Search(said)
    look.into("log lines", told.getvalue().encode())
    look.into("blocks", _blocks(region))
    for name, data in (*_shown(region, project), *_rows(region)):
        look.into(name, data)
    look.through(region.house.home)
    if region.house.services.database.path is not None:
        look.through(region.house.services.database.path.parent)
    assert look.looked > 60, "there was something to look through"
    assert look.found == {}, look.found


def _shown(region: Region, project: str) -> Iterator[tuple[str, bytes]]:
    """To whoever asks, and to auditors."""
    for path in ("/metrics", "/v1/trust", "/v1/logs", f"/v1/public/pilots/{project}", "/v1/public/pilots"):
        yield path, region.anyone.get(path).content
    for log in region.anyone.get("/v1/logs").json()["items"]:
        size = int(region.anyone.get(f"/v1/logs/{log['id']}/checkpoint").text.split("\n")[1])
        for number in range(-(-size // 256)):
            width = min(256, size - 256 * number)
            name = f"{number:03d}" + (f".p/{width}" if width < 256 else "")
            for kind in ("0", "entries"):
                answer = region["group"].client.get(f"/v1/logs/{log['id']}/tile/{kind}/{name}")
                assert answer.status_code == 200, answer.text
                yield f"{kind} {name} of {log['origin']}", answer.content


def _rows(region: Region) -> Iterator[tuple[str, bytes]]:
    """Every value of every row."""
    database, tables = Database(region.house.services.settings.url), MetaData()
    with database.reader.connect() as connection:
        tables.reflect(connection)
        for table in tables.sorted_tables:
            values = [value for row in connection.execute(select(table)) for value in row]
            raw = [bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode() for value in values]
            yield f"table {table.name}", b"\n".join(raw)
    database.close()


def _blocks(region: Region) -> bytes:
    """Every block with its transactions, and every event."""
    rpc = region.anvil.rpc
    head = int(str(rpc.call("eth_blockNumber")), 16)
    blocks = [rpc.call("eth_getBlockByNumber", hex(number), True) for number in range(head + 1)]
    return json.dumps([blocks, rpc.call("eth_getLogs", {"fromBlock": "0x0", "toBlock": hex(head)})]).encode()
