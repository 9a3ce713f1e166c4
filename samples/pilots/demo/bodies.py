"""Bodies and applicants, each in a folder of its own, acting by public commands alone."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chain.party.durable import private_folder, write_json, write_private
from samples.demo.stage import DemoError, Outcome, Stage

HOUSE = "regseal.example/house"
WAIT = "120"


@dataclass
class Body:
    """One of them. ``seat``: the role that its account holds on the chain, in its region."""

    slug: str
    name: str
    kind: str
    region: int
    work: tuple[str, ...] = ("administrator", "submitter", "reader")
    seat: str | None = None
    id: str = ""
    address: str = ""
    home: Path = field(default_factory=Path)

    @property
    def key(self) -> Path:
        """What it signs with."""
        return self.home / "keys" / "authority.json"


class Company:
    """Everybody, and the commands that several of them use."""

    def __init__(self, stage: Stage, var: Path) -> None:
        self.stage = stage
        self.var = var
        self._papers = 0

    @property
    def url(self) -> str:
        """Where the service is."""
        return str(json.loads((self.var / "parties" / "authority-0" / "api.json").read_text("utf-8"))["url"])

    def regseal(self, *arguments: str | Path, expect: int | None = 0, quiet: bool = False) -> Outcome:
        """A command, echoed."""
        return self.stage.regseal(*arguments, expect=expect, quiet=quiet)

    def json(self, *arguments: str | Path) -> Any:
        """A command's answer."""
        return self.regseal(*arguments, "--json", quiet=True).json()

    # --- papers

    def paper(self, body: Body, title: str, said: dict[str, Any] | None = None) -> str:
        """Evidence of the body's own: a record in the log; its id."""
        self._papers += 1
        file = body.home / "outbox" / f"{self._papers:03d}.json"
        write_json(file, {"type": "pilot.event", "subject": title, "body": said or {"title": title}})
        return str(self.json("record", "submit", file, "--party", body.home)["id"])

    def document(self, body: Body, title: str) -> str:
        """A file, stored and bound by a manifest; the manifest's record."""
        file = body.home / "outbox" / f"{title}.txt"
        private_folder(file.parent)
        file.write_text(f"{title}\n{body.name}\n（示例内容）\n", "utf-8")
        return str(self.json("submit", file, "--subject", title, "--party", body.home)["id"])

    def said(self, body: Body, what: dict[str, Any]) -> Path:
        """A JSON file for ``--body``, ``--details`` or a form."""
        self._papers += 1
        file = body.home / "outbox" / f"said-{self._papers:03d}.json"
        write_json(file, what)
        return file

    # --- signing

    def sign(self, operation: Path, signer: Body | Path, *, expect: int | None = 0) -> Path:
        """The operation's file goes into the signer's folder, and its signature comes back."""
        key = signer.key if isinstance(signer, Body) else signer / "keys" / "authority.json"
        inbox = private_folder(key.parent.parent / "inbox")
        given = inbox / operation.name
        write_private(given, operation.read_bytes())
        signed = inbox / f"signed-{operation.name}"
        self.regseal("sign", given, "--key", key, "--yes", "--out", signed, quiet=True, expect=expect)
        return signed

    def settle(self, asked: Path, operation: Path, signer: Body | Path) -> Any:
        """Signed by ``signer``, brought back by who asked (a folder), and waited for."""
        signed = self.sign(operation, signer)
        return self.json("operation", "authorise", signed, "--party", asked, "--wait", WAIT)

    def ask(self, body: Path, *command: str | Path) -> Path:
        """A command that asks for a signature; the operation's file."""
        self._papers += 1
        out = private_folder(body / "outbox") / f"operation-{self._papers:03d}.json"
        self.regseal(*command, "--party", body, "--out", out, quiet=True)
        return out

    # --- admission

    def admit(self, body: Body, authority: Path, system: Path) -> Body:
        """Keys of its own, registration signed by the region's authority, a token, a submitter key, its seat."""
        body.home = private_folder(self.var / "parties" / body.slug)
        write_private(body.home / "passphrase", f"passphrase of {body.slug}\n".encode())
        made = self.json("keys", "new", "evm", body.key)
        body.address = str(made["address"])
        submitter = body.home / "keys" / "submitter.pem"
        self.json("keys", "new", "note", submitter, "--name", body.slug)
        operation = self.ask(
            authority, "institution", "register", "--name", body.name, "--kind", body.kind,
            "--region", str(body.region), "--authority", body.address,
        )  # fmt: skip
        body.id = str(self.settle(authority, operation, authority)["reference"])
        write_json(body.home / "api.json", {"url": self.url, "institution": body.id, "log": HOUSE})
        roles = [word for role in body.work for word in ("--role", role)]
        self.regseal(
            "token", "issue", "--name", "first", *roles, "--days", "366", "--institution", body.id,
            "--party", system, "--out", body.home / "token", quiet=True,
        )  # fmt: skip
        self.regseal("institution", "add-key", body.id, "--key", submitter, "--party", body.home, quiet=True)
        if body.seat is not None:
            self.grant(body.id, body.address, body.seat, region=body.region, authority=authority)
        return body

    def grant(self, institution: str, account: str, role: str, *, region: int, authority: Path) -> None:
        """A role on the chain, signed by the region's authority."""
        operation = self.ask(
            authority, "institution", "grant-role", institution, "--account", account, "--role", role,
            "--region", str(region), "--expires-at", "2099-01-01T00:00:00Z", "--reason", "资本市场金融科技创新试点",
        )  # fmt: skip
        self.settle(authority, operation, authority)

    # --- projects

    def step(self, body: Body, project: str, action: str, *codes: str, **more: Any) -> Any:
        """A step: its evidence, the request, the signature in the body's own folder, the chain's word."""
        operation = self.ask(body.home, *self.command(body, project, action, *codes, **more))
        return self.settle(body.home, operation, body)

    def command(self, body: Body, project: str, action: str, *codes: str, **more: Any) -> list[str | Path]:
        """What asks for a step; ``value``, ``said`` and ``public`` as they are needed."""
        record = self.paper(body, f"{action} {project}") if codes else ""
        words: list[str | Path] = ["pilot", "step", project, action]
        words += [word for code in codes for word in ("--evidence", f"{code}={record}")]
        words += ["--value", str(more["value"])] if "value" in more else []
        words += ["--body", self.said(body, more["said"])] if "said" in more else []
        words += ["--public", self.said(body, more["public"])] if "public" in more else []
        return words

    def refused(self, why: str, body: Body, project: str, action: str, *codes: str, **more: Any) -> None:
        """A step that the rules do not allow; the story ends if it is allowed."""
        self.stage.tell(f"Refused on purpose: {why}")
        command = self.command(body, project, action, *codes, **more)
        self.regseal(*command, "--party", body.home, expect=None)

    def opinions(self, body: Body, project: str, stage: str, *fields: str) -> None:
        """Experts' opinions, each with its declaration on conflicts of interest."""
        for place, each in enumerate(fields, 1):
            declaration = self.paper(body, f"利益冲突声明 专家{place}")
            said = {
                "expert": f"专家{place}",
                "field": each,
                "stage": stage,
                "declaration": declaration,
                "opinion": "同意",
            }
            file = self.said(body, said)
            self.regseal("pilot", "fact", project, "expert.opinion", "--body", file, "--party", body.home, quiet=True)

    def stands(self, body: Body, project: str) -> Any:
        """Where the project is, in the transcript too."""
        return self.regseal("pilot", "status", project, "--party", body.home)

    def await_comment(self, body: Body, project: str) -> None:
        """Until the chain has it: simulated days pass in a moment, and the notice would end before it is filed."""
        until = time.monotonic() + int(WAIT)
        while not self.json("pilot", "status", project, "--party", body.home)["open_items"].get("comment"):
            if time.monotonic() > until:
                raise DemoError(f"the comment on {project} was not filed on the chain")
            time.sleep(1)

    def pass_days(self, days: int) -> None:
        """Simulated time goes on for everybody."""
        self.regseal("sample-time", "--days", str(days), "--var", self.var)
