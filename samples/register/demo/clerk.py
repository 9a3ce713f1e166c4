"""The operator's clerk, and everybody whose signature an act needs: each in a folder of its own."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from chain.party.clock import system_now
from chain.party.durable import private_folder, write_json, write_private
from chain.party.http import ApiClient
from samples.demo.stage import DemoError, Outcome, Stage
from samples.pilots.demo.cast import CALENDAR

REGION = 440300
OPERATOR, CHECKER, AUTHORITY, LIAISON = (
    f"{slug}-{REGION}" for slug in ("operator", "checker", "authority", "court-liaison")
)
_SEATS = {"register.checker": CHECKER, "register.regulator": AUTHORITY, "register.court-liaison": LIAISON}
"""Who of the sample holds which role."""
BANK = "示例商业银行股份有限公司深圳分行"
HOUSE = "regseal.example/house"
_PATIENCE = 300.0
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Company:
    """The company of the story, in the register."""

    id: str
    security: str


class Clerk:
    """Asks for acts and carries them to who must sign."""

    def __init__(self, stage: Stage, var: Path) -> None:
        self.stage = stage
        self.var = var
        self.pledgees: list[str] = []
        self._papers = 0

    # --- speaking

    def home(self, slug: str) -> Path:
        """A party's folder."""
        return self.var / "parties" / slug

    @property
    def api(self) -> ApiClient:
        """The operator's."""
        home = self.home(OPERATOR)
        url = json.loads((home / "api.json").read_text("utf-8"))["url"]
        return ApiClient(str(url), (home / "token").read_text("ascii").strip(), timeout=75)

    def regseal(self, *arguments: str | Path, expect: int | None = 0, quiet: bool = False) -> Outcome:
        """A command, echoed, as the operator."""
        return self.stage.regseal(*arguments, "--party", self.home(OPERATOR), expect=expect, quiet=quiet)

    def json(self, *arguments: str | Path) -> Any:
        """A command's answer."""
        return self.regseal(*arguments, "--json", quiet=True).json()

    # --- acts

    def act(self, name: str, **said: Any) -> Any:
        """An act, signed by everybody whom it needs, decided by the chain."""
        made = self.ask(name, **said)
        self.settle(made["operation"])
        return made

    def enter(self, *arguments: str | Path) -> Any:
        """A command whose effect is in the service: asked, signed by the checker, done; the operation."""
        made = self.json(*arguments)
        self.stage.note(operation=made["id"], record=made["record_id"])
        return self.settle(made["id"])

    def ask(self, name: str, **said: Any) -> Any:
        """An act that is asked for and waits."""
        made = self.json("register", "ask", self._said(name, said))
        self.stage.note(act=made["id"], operation=made["operation"], record=made["record"])
        return made

    def refused(self, why: str, rule: str, name: str, **said: Any) -> None:
        """An act that is refused before anything is done, by this rule."""
        self.stage.tell(f"Refused: {why}")
        outcome = self.regseal("register", "ask", self._said(name, said), expect=None)
        if f"rule {rule}" not in outcome.errors + outcome.output:
            raise DemoError(f"expected a refusal by {rule}")

    def _said(self, name: str, said: dict[str, Any]) -> Path:
        return self._file(name, {"act": name, **said})

    def _file(self, name: str, said: dict[str, Any]) -> Path:
        self._papers += 1
        file = private_folder(self.home(OPERATOR) / "outbox") / f"{self._papers:03d}-{name}.json"
        write_json(file, said)
        return file

    def settle(self, operation: str) -> Any:
        """Whoever is named signs it in their own folder; what the chain made of it. DemoError when refused."""
        for slug in self.missing(operation):
            self.sign(operation, slug)
        return self.final(operation)

    def missing(self, operation: str) -> list[str]:
        """Whose signature the operation waits for, by their folders."""
        asked: Any = self.api.get(f"/v1/operations/{operation}")
        needs = [one for one in asked["authorisations"] if one["signer"] is None]
        pledgees = {self.address(slug): slug for slug in self.pledgees}
        return [_SEATS.get(one["role"]) or pledgees[one["any_of"][0].lower()] for one in needs]

    def address(self, slug: str) -> str:
        """Of a party's key, in lower case."""
        key = json.loads((self.home(slug) / "keys" / "authority.json").read_text("utf-8"))
        return f"0x{key['address']}".lower()

    def sign(self, operation: str, signer: str, *, expect: int | None = 0) -> None:
        """The signer reads the file and signs it; the operator brings the signature back."""
        self._papers += 1
        asked = private_folder(self.home(OPERATOR) / "outbox") / f"{self._papers:03d}.json"
        self.regseal("operation", "show", operation, "--out", asked, quiet=True)
        inbox = private_folder(self.home(signer) / "inbox")
        given, signed = inbox / asked.name, inbox / f"signed-{asked.name}"
        write_private(given, asked.read_bytes())
        key = self.home(signer) / "keys" / "authority.json"
        self.stage.regseal("sign", given, "--key", key, "--yes", "--out", signed)
        self.regseal("operation", "authorise", signed, expect=expect, quiet=expect == 0)

    def sign_all(self, signer: str) -> int:
        """Everything that waits, in one file; how many there were, 0 when nothing waits."""
        if next(iter(self.api.items("/v1/operations", state="needs_authorisation")), None) is None:
            return 0
        self._papers += 1
        asked = private_folder(self.home(OPERATOR) / "outbox") / f"{self._papers:03d}.json"
        inbox = private_folder(self.home(signer) / "inbox")
        given, signed = inbox / asked.name, inbox / f"signed-{asked.name}"
        count = len(self.json("operation", "batch", "--out", asked)["operations"])
        write_private(given, asked.read_bytes())
        key = self.home(signer) / "keys" / "authority.json"
        self.stage.regseal("sign", given, "--key", key, "--yes", "--out", signed, quiet=True)
        self.regseal("operation", "authorise", signed, quiet=True)
        return count

    def final(self, operation: str) -> Any:
        """The operation when it has ended. DemoError unless it took effect."""
        shown = self.json("operation", "show", operation, "--wait", "300")
        if shown["state"] != "final":
            raise DemoError(f"operation {operation} is {shown['state']}: {shown['reason']}")
        return shown

    def until(self, look: Callable[[], T | None], what: str) -> T:
        """Waits for it."""
        end = time.monotonic() + _PATIENCE
        while (found := look()) is None:
            if time.monotonic() > end:
                raise DemoError(f"{what}: not within {_PATIENCE:.0f} s")
            time.sleep(0.5)
        return found

    # --- papers and people

    def papers(self, title: str, *codes: str) -> list[dict[str, str]]:
        """Documents that an act rests on, filed: one record of a manifest for all of them."""
        self._papers += 1
        folder = private_folder(self.home(OPERATOR) / "outbox") / f"{self._papers:03d}-{title}"
        folder.mkdir()
        for code in codes:
            (folder / f"{code}.txt").write_text(f"{title} · {code}\n（示例内容）\n", "utf-8")
        record = str(self.json("submit", folder, "--subject", title, "--log", HOUSE)["id"])
        return [{"code": code, "record": record} for code in codes]

    def documents(self, title: str, *codes: str) -> list[str]:
        """The same as options of a command."""
        papers = self.papers(title, *codes)
        return [word for each in papers for word in ("--document", f"{each['code']}={each['record']}")]

    def account(self, kind: str, *, suitable: bool = True, **identity: str) -> str:
        """Opens an account for somebody who has none; its id."""
        said: dict[str, Any] = {"kind": kind, "identity": identity}
        said |= {"suitable_until": str(self._next_year())} if suitable else {}
        papers = self.documents("合格投资者认定", "suitability") if suitable else []
        file = self._file("account", said)
        made = self.json("register", "account", "open", file, *papers)
        self.settle(made["operation"])
        return str(made["id"])

    def prove_suitability(self, account: str, basis: str) -> None:
        """An existing holder's suitability (合格投资者), for most of a year."""
        papers = self.documents("合格投资者认定", "suitability")
        until = str(self._next_year())
        made = self.json("register", "account", "suitability", account, basis, until, *papers)
        self.settle(made["operation"])

    def _next_year(self) -> date:
        return self.today() + timedelta(days=300)

    def holder(self, company: Company, name: str) -> Any:
        """A holder's line in the book, by name: account, units, buckets."""
        book = self.json("register", "book", company.security)["items"]
        found = [line for line in book if line["name"] == name]
        if not found:
            raise DemoError(f"{name} is no holder")
        return found[0]

    def new_party(self, slug: str) -> str:
        """Somebody with a key and no account, a bank; the key's address."""
        home = private_folder(self.home(slug))
        write_private(home / "passphrase", f"passphrase of {slug}\n".encode())
        private_folder(home / "keys")
        made = self.stage.regseal("keys", "new", "evm", home / "keys" / "authority.json", "--json", quiet=True)
        self.pledgees.append(slug)
        write_json(home / "api.json", {"url": self.api.url})
        return str(made.json()["address"])

    # --- time

    @property
    def _ahead(self) -> int:
        file = self.var / "simulated-time"
        return int(file.read_text("ascii")) if file.exists() else 0

    def now(self) -> datetime:
        """The sample's time."""
        return system_now().astimezone(UTC) + timedelta(seconds=self._ahead)

    def today(self) -> date:
        """The sample's day in Shanghai."""
        return (self.now() + timedelta(hours=8)).date()

    def pass_days(self, days: int) -> None:
        """Everybody's time goes on."""
        self.stage.regseal("sample-time", "--days", str(days), "--var", self.var)

    def publish_calendars(self) -> None:
        """This year's and the next one's trading days on the business chain, where nobody has announced them."""
        office, chain = self.home(AUTHORITY), ("--chain", "business")
        listed = self.json("calendar", "list", "--region", str(REGION), *chain)
        for year in sorted({self.today().year, self.today().year + 1} - {int(one["year"]) for one in listed}):
            file, asked, signed = (self.var / f"calendar-{year}{end}" for end in (".yaml", ".json", "-signed.json"))
            file.write_text(CALENDAR.format(year=year, before=year - 1), "utf-8")
            words = ("calendar", "publish", str(REGION), str(year), "--file", file, *chain)
            self.stage.regseal(*words, "--out", asked, "--party", office, quiet=True)
            key = office / "keys" / "authority.json"
            self.stage.regseal("sign", asked, "--key", key, "--yes", "--out", signed, quiet=True)
            self.stage.regseal("operation", "authorise", signed, "--wait", "120", "--party", office, quiet=True)

    def pass_trading_days(self, wanted: int) -> None:
        """Until as many trading days have passed since today, by the business chain's own count."""
        begin = self.today()
        while self._trading_days(begin) < wanted:
            self.pass_days(1)

    def _trading_days(self, begin: date) -> int:
        found = self.json("calendar", "days", str(REGION), str(begin), str(self.today()), "--chain", "business")
        return int(found["chain_trading"])
