"""The supervision chain's disk is gone: what everybody types until old and new receipts verify again."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chain.party.http import ApiClient
from cli.local.up import read_state
from tests.e2e.test_sample import Sample, receipt_of, submit
from tests.waiting import until

pytestmark = [pytest.mark.timeout(900), pytest.mark.full]
OPERATORS = ("operator-440300", "operator-440100")


@pytest.fixture
def sample(tmp_path: Path) -> Iterator[Sample]:
    made = Sample(tmp_path / "样 本" / "var")
    made.layout.var.parent.mkdir()
    made.start()
    yield made
    made.stop()


def authorise_all(sample: Sample, tmp_path: Path, bearer: str, *signers: str) -> None:
    """One party carries the file to each signer and the signatures back."""
    party, batch = sample.party(bearer), tmp_path / f"{bearer}.json"

    def found() -> bool:
        return sample.regseal("operation", "batch", "--party", party, "--out", batch).returncode == 0

    until(found, 120, tell=sample.doctor)
    for signer in signers:
        signed = tmp_path / f"{bearer}-{signer}.json"
        sample.json("sign", batch, "--key", sample.party(signer) / "keys" / "authority.json", "--yes", "--out", signed)
        sample.json("operation", "authorise", signed, "--party", party, "--wait", "120")


def test_a_lost_chain_costs_signatures_and_no_receipt(sample: Sample, tmp_path: Path) -> None:
    old = receipt_of(sample, submit(sample), tmp_path / "old.json")
    assert sample.verify(old).returncode == 0
    sample.stop()
    shutil.rmtree(sample.layout.chain("supervision"))
    done = sample.json("chain", "replace", "supervision", "--var", sample.layout.var)
    assert (done["epoch"], done["logs"]) == (2, 2)
    sample.start()
    authorise_all(sample, tmp_path, "operator-440300", "authority-440300", "authority-440100", "authority-0")
    for operator in OPERATORS:
        authorise_all(sample, tmp_path, operator, operator)

    def chain() -> Any:
        chains: Any = ApiClient(str(read_state(sample.layout)["url"])).get("/v1/chains")
        return next(one for one in chains if one["name"] == "supervision")

    def whole() -> bool:
        again = chain()["anchored_again"]
        return bool(again and again["done"] == again["total"] > 0)  # how many there were is a matter of pace

    until(whole, 120, tell=sample.doctor)
    heads = chain()["anchored_again"]["total"]
    witness, deployment = sample.party("witness-regulator"), sample.layout.addresses("supervision")
    rpc = str(json.loads((sample.layout.chain("supervision") / "endpoint.json").read_text())["url"])
    sample.stop()
    sample.json("witness", "epoch", "add", "--home", witness, "--deployment", deployment, "--rpc", rpc)
    sample.start()
    new = receipt_of(sample, submit(sample), tmp_path / "new.json")
    assert sample.verify(new).returncode == 1  # the auditor has not been told of the second epoch
    url = str(read_state(sample.layout)["url"])
    (sample.party("auditor") / "trust.json").write_bytes(ApiClient(url).get_bytes("/v1/trust"))
    assert [sample.verify(each).returncode for each in (old, new)] == [0, 0]
    (said,) = ApiClient(url).items("/v1/chains/supervision/statements")
    assert (said["epoch"], said["role"], said["count"]) == (2, "regulator", heads)
    examined = sample.regseal("fsck", "--var", sample.layout.var, "--mirror", witness)
    assert examined.returncode == 0, examined.stdout + examined.stderr
