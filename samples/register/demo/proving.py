"""What is left to check when the story is over: the contract's storage, everything derived anew, every receipt."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from chain.party.durable import private_folder, write_private
from samples.demo.stage import ROOT, DemoError, Installation
from samples.register.demo.clerk import Clerk, Company
from samples.register.demo.liens import DEBTOR, PLEDGOR


def play(clerk: Clerk, company: Company, out: Path) -> None:
    """Statements, reconciliation, fsck; then the receipts of all acts, fetched."""
    clerk.stage.tell("The holder register as of now, and that nothing of a holder's units is frozen: a proven negative")
    clerk.regseal("register", "statement", "holder-register", company.security, "--out", out / "股东名册.csv")
    for kind, name in (("no-freeze", PLEDGOR), ("freeze", DEBTOR)):
        account = str(clerk.holder(company, name)["account"])
        file = out / f"{kind}.json"
        clerk.regseal("register", "statement", kind, company.security, "--account", account, "--out", file)
    clerk.stage.tell("The book is compared with the contract's storage (对账), not through the book's own events")
    clerk.regseal("register", "reconcile")
    clerk.stage.tell("The whole installation is derived anew and compared with chain and witness's mirror")
    clerk.stage.regseal("fsck", "--var", clerk.var, "--mirror", clerk.home("witness-regulator"))
    _fetch(clerk, out)


def _fetch(clerk: Clerk, out: Path) -> None:
    clerk.stage.tell(
        "The receipts of all the operator's records: acts, outcomes, facts, documents, once they are final"
    )
    clerk.until(lambda: _final(clerk), "every record is final")
    acts = sum(1 for _ in clerk.api.items("/v1/register/acts"))
    records = [str(one["id"]) for one in _records(clerk)]
    folder = private_folder(out / "receipts")
    for record in records:
        content = clerk.api.get_bytes(f"/v1/records/{record}/receipt", form="private")
        write_private(folder / f"{record}.json", content)
    (out / "trust.json").write_bytes(clerk.api.get_bytes("/v1/trust"))  # in a real world each pin comes from its owner
    print(f"  {len(records)} receipts, {acts} acts", flush=True)


def _records(clerk: Clerk) -> list[Any]:
    return list(clerk.api.items("/v1/records"))


def _final(clerk: Clerk) -> bool | None:
    return all(one["status"] == "final" for one in _records(clerk)) or None


def verify(clerk: Clerk, out: Path, installation: Installation) -> None:
    """Where no service can be asked."""
    clerk.stage.tell(
        "The service is stopped. All receipts are verified by the verifier's own Python, without its environment"
    )
    installation.stop()
    python = ROOT / ".tools" / "verifier" / "bin" / "python"
    verifier = ["/usr/bin/env", "-i", f"PYTHONPATH={ROOT}", str(python), "-P", "-m", "cli", "verify"]
    files = sorted(str(file.relative_to(out)) for file in (out / "receipts").iterdir())
    done = clerk.stage.run([*verifier, *files, "--trust", "trust.json"], cwd=out, environment={}, quiet=True)
    valid = done.output.count(": VALID")
    if valid != len(files):
        raise DemoError(f"{valid} of {len(files)} receipts verify")
    print(f"  {valid} receipts VALID", flush=True)
