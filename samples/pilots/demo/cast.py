"""The set-up: who takes part, the regions' calendars, the logs of the pilots, the rulebooks in force."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from chain.party.clock import system_now
from chain.party.durable import private_folder, write_json, write_private
from samples.pilots.demo.bodies import Body, Company

SZ, GZ = 440300, 440100
_BODY = ("administrator", "submitter", "reader", "supervisor")
CALENDAR = """\
# 示例日历，仅供演示。 A sample calendar: no announcement says so.
year: {year}
document: 示例〔{year}〕放假安排
issuer: 示例机关
issued_on: {before}-11-01
holidays: [{year}-01-01, {year}-10-01/{year}-10-07]
working: []
sample: true
"""


@dataclass
class Cast:
    """Everybody, and the rulebook of each region."""

    group: Body = field(default_factory=lambda: _body("working-group-sz", "深圳专项工作组", SZ, "pilot.working-group"))
    stb: Body = field(default_factory=lambda: _body("stb", "科技监管局", 0, "pilot.stb"))
    experts: Body = field(default_factory=lambda: _body("evaluation-group", "专业评估组", 0, "pilot.evaluation-group"))
    technology: Body = field(default_factory=lambda: _body("technology-company", "鹏城科技", SZ))
    broker: Body = field(default_factory=lambda: _body("securities-company", "湾区证券", SZ))
    core: Body = field(default_factory=lambda: _body("clearing-house", "深南登记结算", SZ))
    gz_group: Body = field(
        default_factory=lambda: _body("working-group-gz", "广州专项工作组", GZ, "pilot.working-group")
    )
    gz_company: Body = field(default_factory=lambda: _body("tutored-company", "穗城信息", GZ))
    gz_broker: Body = field(default_factory=lambda: _body("securities-company-gz", "珠江证券", GZ))
    books: dict[int, str] = field(default_factory=dict)


def _body(slug: str, name: str, region: int, seat: str | None = None) -> Body:
    """A body has a seat on the chain, an applicant has none."""
    kind = "applicant" if seat is None else "regulator" if region == 0 else "working-group"
    return Body(slug, f"{name}(示例)", kind, region, _BODY if seat else _BODY[:3], seat)


def authority(company: Company, region: int) -> Path:
    """The folder of a region's authority, which the sample made."""
    return company.var / "parties" / f"authority-{region}"


def assemble(company: Company, who: set[str]) -> Cast:
    """Admits those of the cast and puts the rulebooks of their regions in force."""
    company.stage.tell("Bodies and applicants: each makes its own keys; the authority of its region signs")
    system, cast = _system(company), Cast()
    bodies = [getattr(cast, each) for each in sorted(who)]
    for body in bodies:
        company.admit(body, authority(company, body.region), system)
    for region in sorted({body.region for body in bodies} - {0}):
        _region(company, cast, region)
    return cast


def _system(company: Company) -> Path:
    """The operator's administrator hands out first tokens; a folder of its own, for it is another person's work."""
    operator, home = company.var / "parties" / f"operator-{SZ}", private_folder(company.var / "parties" / "system")
    write_private(home / "token", (operator / "token.admin").read_bytes())
    write_json(home / "api.json", json.loads((operator / "api.json").read_text("utf-8")))
    return home


def _region(company: Company, cast: Cast, region: int) -> None:
    group = cast.group if region == SZ else cast.gz_group
    version = "SZ-2023.11" if region == SZ else "GZ-2022.03"
    office = authority(company, region)
    company.stage.tell(f"Region {region}: working days, the gateway's seat for public comments, a log, the rulebook")
    today = system_now()
    there = {one["year"] for one in company.json("calendar", "list", "--region", str(region), "--party", office)}
    for year in sorted({today.year, today.year + 1} - there):
        file = company.var / f"sample-{year}.yaml"
        file.write_text(CALENDAR.format(year=year, before=year - 1), "utf-8")
        operation = company.ask(office, "calendar", "publish", str(region), str(year), "--file", file)
        company.settle(office, operation, office)
    operator = company.var / "parties" / f"operator-{region}"
    gateway = "0x" + json.loads((company.var / "gateway" / "keys" / "gateway.json").read_text("utf-8"))["address"]
    institution = json.loads((operator / "api.json").read_text("utf-8"))["institution"]
    company.grant(institution, gateway, "pilot.gateway", region=region, authority=office)
    origin = f"pilots.example/{region}"
    operation = company.ask(group.home, "log", "open", "--origin", origin)
    log = str(company.settle(group.home, operation, group)["reference"])
    settings = Path("samples/pilots/settings") / f"{version}.yaml"
    operation = company.ask(group.home, "pilot", "activate", version, "--settings", settings, "--log", log)
    cast.books[region] = str(company.settle(group.home, operation, office)["reference"])
    company.regseal("pilot", "rulebooks", "--party", group.home)
