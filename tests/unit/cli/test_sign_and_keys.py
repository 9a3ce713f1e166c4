"""`regseal keys` and `regseal sign`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chain.party.describe import ACTIONS
from chain.party.eip712 import recover
from chain.party.evm import checksummed
from chain.party.summary import digest_of
from chain.proof.note import SignatureType, VerifierKey
from chain.proof.possession import possession_holds
from chain.proof.record import check_record, commit
from services.transactions.typed import Domain, document

pytestmark = pytest.mark.usefixtures("_quick_keys")
Run = Callable[..., Any]


def typed_data(**changes: object) -> dict[str, Any]:
    definition = next(one for one in ACTIONS["regseal EvidenceLog"] if one.startswith("FreezeLog"))
    name, members = definition.rstrip(")").split("(")
    typed = [{"type": one.split()[0], "name": one.split()[1]} for one in members.split(",")]
    domain = ["string name", "string version", "uint256 chainId", "address verifyingContract"]
    message = {"log": "0x" + "01" * 32, "commitment": "0x" + "02" * 32, "leaf": "0x" + "03" * 32}
    return {
        "types": {
            "EIP712Domain": [{"type": one.split()[0], "name": one.split()[1]} for one in domain],
            name: typed,
        },
        "primaryType": name,
        "domain": {
            "name": "regseal EvidenceLog",
            "version": "1",
            "chainId": 990001,
            "verifyingContract": "0x" + "5a" * 20,
        },
        "message": {**message, "nonce": "9", "deadline": 4_000_000_000, **changes},
    }


@pytest.fixture
def key(run: Run, tmp_path: Path) -> tuple[Path, str]:
    """(file, address) of a new key."""
    path = tmp_path / "keys" / "authority.json"
    return path, json.loads(run("keys", "new", "evm", path, "--json").stdout)["address"]


@pytest.fixture
def operation(tmp_path: Path) -> Path:
    path = tmp_path / "operation.json"
    path.write_text(json.dumps({"id": "op_" + "ab" * 16, "state": "needs_authorisation", "typed_data": typed_data()}))
    return path


def test_an_operation_is_read_shown_and_signed(run: Run, key: tuple[Path, str], operation: Path) -> None:
    result = run("sign", operation, "--key", key[0], given="y\n")
    assert result.exit_code == 0
    answer = json.loads(result.stdout.removeprefix(" y"))  # the runner echoes what was typed
    assert answer["operation"] == "op_" + "ab" * 16
    assert answer["signer"] == key[1]
    assert recover(typed_data(), bytes.fromhex(answer["signature"][2:])) == key[1]
    assert "freeze a log for good" in result.stderr
    assert "deadline: 2096-10-02T07:06:40Z" in result.stderr


def test_who_does_not_agree_does_not_sign(run: Run, key: tuple[Path, str], operation: Path) -> None:
    for given in ("n\n", "\n", ""):
        result = run("sign", operation, "--key", key[0], given=given)
        assert result.exit_code == 1
        assert "signature" not in result.stdout


def test_the_authorisation_can_be_written_to_a_file(
    run: Run, key: tuple[Path, str], operation: Path, tmp_path: Path
) -> None:
    out = tmp_path / "authorisation.json"
    wallet = "0x" + "11" * 20
    assert run("sign", operation, "--key", key[0], "--yes", "--out", out, "--wallet", wallet).exit_code == 0
    answer = json.loads(out.read_text())
    assert answer["signer"] == wallet
    assert recover(typed_data(), bytes.fromhex(answer["signature"][2:])) == key[1]


def test_typed_data_alone_can_be_signed(run: Run, key: tuple[Path, str], tmp_path: Path) -> None:
    path = tmp_path / "typed.json"
    path.write_text(json.dumps(typed_data()))
    assert json.loads(run("sign", path, "--key", key[0], "--yes").stdout)["operation"] is None


def test_a_passed_deadline_is_refused(run: Run, key: tuple[Path, str], tmp_path: Path) -> None:
    path = tmp_path / "typed.json"
    path.write_text(json.dumps(typed_data(deadline=1_000_000_000)))
    result = run("sign", path, "--key", key[0], "--yes")
    assert result.exit_code == 1
    assert "deadline passed" in result.stderr


def test_who_signs_what_waits_for_another_is_warned(run: Run, key: tuple[Path, str], tmp_path: Path) -> None:
    other = checksummed(bytes.fromhex("ab" * 20))
    path = tmp_path / "op.json"
    path.write_text(json.dumps({"id": "op_1", "signers": [other], "typed_data": typed_data()}))
    assert f"WARNING: it waits for {other}" in run("sign", path, "--key", key[0], given="n\n").stderr
    assert "WARNING" not in run("sign", path, "--key", key[0], "--yes", "--wallet", other).stderr


def test_an_unknown_document_is_never_signed_unseen(run: Run, key: tuple[Path, str], tmp_path: Path) -> None:
    document = typed_data()
    document["domain"]["name"] = "somebody else's contract"
    path = tmp_path / "typed.json"
    path.write_text(json.dumps(document))
    assert run("sign", path, "--key", key[0], "--yes").exit_code == 1
    asked = run("sign", path, "--key", key[0], given="y\n")
    assert asked.exit_code == 0
    assert asked.stderr.startswith("WARNING")


@pytest.mark.parametrize(
    "text", ["", "[]", '{"typed_data": null}', '{"a": 1, "a": 2}', '{"typed_data": {}}', '{"typed_data": 1.5}']
)
def test_what_is_no_operation_is_exit_code_2(run: Run, key: tuple[Path, str], tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(text)
    assert run("sign", path, "--key", key[0], "--yes").exit_code == 2


def test_a_wrong_passphrase_or_kind_is_exit_code_5(
    run: Run, key: tuple[Path, str], operation: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("keys", "new", "note", tmp_path / "n.pem", "--name", "n")
    assert run("sign", operation, "--key", tmp_path / "n.pem", "--yes").exit_code == 5
    monkeypatch.setenv("REGSEAL_PASSPHRASE", "wrong")
    result = run("sign", operation, "--key", key[0], "--yes", "--json")
    assert result.exit_code == 5
    assert json.loads(result.stdout)["error"]["reason"] == "credentials"


def test_keys_show_what_is_public_and_nothing_else(run: Run, key: tuple[Path, str], tmp_path: Path) -> None:
    made = json.loads(run("keys", "new", "note", tmp_path / "n.pem", "--name", "w.example", "--json").stdout)
    shown = json.loads(run("keys", "show", tmp_path / "n.pem", "--json").stdout)
    assert made == shown
    assert VerifierKey.parse(shown["vkey"]).type is SignatureType.ED25519
    assert VerifierKey.parse(shown["witness_vkey"]).type is SignatureType.COSIGNATURE
    assert set(json.loads(run("keys", "show", key[0], "--json").stdout)) == {"file", "kind", "address"}


def test_keys_are_made_with_care(run: Run, key: tuple[Path, str], tmp_path: Path) -> None:
    assert run("keys", "new", "evm", key[0]).exit_code == 5
    assert run("keys", "new", "rsa", tmp_path / "k").exit_code == 2
    assert run("keys", "new", "note", tmp_path / "k").exit_code == 2
    assert run("keys", "new", "note", tmp_path / "k", "--name", "a b").exit_code == 2
    assert not (tmp_path / "k").exists()


def with_command(title: str, shown: str) -> dict[str, Any]:
    """An operation whose typed data commits to a reason, beside a record that gives one."""
    secret = bytes(range(32))
    body: dict[str, Any] = {"origin": "a.example", "reason": title}
    record: dict[str, Any] = {
        "type": "log.freeze",
        "subject": "log_1",
        "actor": "ins_" + "1" * 32,
        "occurred_at": "2026-11-20T09:30:00Z",
        "body": body,
    }
    document = typed_data(commitment="0x" + commit(check_record(record), secret).hex())
    command = {"document": {**record, "body": {**body, "reason": shown}}, "secret": "0x" + secret.hex()}
    return {"id": "op_1", "typed_data": document, "command": command}


def test_the_signer_reads_the_command_that_the_commitment_stands_for(
    run: Run, tmp_path: Path, key: tuple[Path, str]
) -> None:
    file = tmp_path / "op.json"
    file.write_text(json.dumps(with_command("drill", "drill")))
    done = run("sign", str(file), "--key", str(key[0]), "--yes", "--json")
    assert done.exit_code == 0
    assert "/body/reason: drill" in done.stderr


def test_a_command_other_than_the_committed_one_is_not_signed(run: Run, tmp_path: Path, key: tuple[Path, str]) -> None:
    file = tmp_path / "op.json"
    file.write_text(json.dumps(with_command("theft", "drill")))
    done = run("sign", str(file), "--key", str(key[0]), "--yes", "--json")
    assert done.exit_code != 0
    assert "signature" not in json.loads(done.stdout)
    assert "commitment" in done.stderr


def batch_of(tmp_path: Path, *signers: list[str]) -> Path:
    operations = [
        {"id": f"op_{number:032x}", "signers": each, "typed_data": typed_data(nonce=str(number))}
        for number, each in enumerate(signers)
    ]
    path = tmp_path / "batch.json"
    path.write_text(json.dumps({"format": "regseal/operations@v1", "operations": operations}))
    return path


def test_a_batch_is_shown_whole_and_signed_at_once(run: Run, key: tuple[Path, str], tmp_path: Path) -> None:
    other = "0x" + "77" * 20
    batch = batch_of(tmp_path, [key[1]], [other], [other, key[1]])
    refused = run("sign", batch, "--key", key[0], given="n\n")
    assert refused.exit_code == 1
    result = run("sign", batch, "--key", key[0], "--yes", "--out", tmp_path / "signed.json")
    assert result.exit_code == 0
    assert "2 of 3 operations wait for" in result.stderr
    assert result.stderr.count("You are asked to sign") == 2
    signed = json.loads((tmp_path / "signed.json").read_text())["authorisations"]
    assert [one["operation"] for one in signed] == [f"op_{0:032x}", f"op_{2:032x}"]
    for one, nonce in zip(signed, ("0", "2"), strict=True):
        assert recover(typed_data(nonce=nonce), bytes.fromhex(one["signature"][2:])) == key[1]


def of_list(struct: str, *investors: str, **members: object) -> dict[str, Any]:
    """A document of a list of holders, as the service makes it."""
    lists = {name: [value] * len(investors) for name, value in members.items() if name != "security"}
    security = {"security": "0x" + "5e" * 16} if struct == "IssueUnits" else {}
    evidence = {"commitment": "0x" + "01" * 32, "leaf": "0x" + "02" * 32}
    message = {**security, "investors": ["0x" + each * 16 for each in investors], **lists, **evidence}
    return document(struct, message, Domain("EquityRegister", 7, "0x" + "5a" * 20), nonce=9, deadline=4_000_000_000)


def test_the_acts_of_a_list_are_added_up_and_each_is_signed(run: Run, key: tuple[Path, str], tmp_path: Path) -> None:
    opening = {"kinds": 1, "suitableUntil": 0, "addends": 0}
    documents = [
        of_list("OpenInvestors", "aa", "bb", **opening), of_list("IssueUnits", "aa", "bb", units=100),
        typed_data(nonce="7"), of_list("IssueUnits", "cc", "aa", units=str(2**79)),
    ]  # fmt: skip
    operations = [{"id": f"op_{place:032x}", "typed_data": each} for place, each in enumerate(documents)]
    file = tmp_path / "batch.json"
    file.write_text(json.dumps({"format": "regseal/operations@v1", "operations": operations}))
    done = run("sign", file, "--key", key[0], "--summary", "--out", tmp_path / "signed.json", given="y\n")
    assert done.exit_code == 0, done.output
    assert "Sign these 4?" in done.stderr
    for words in (
        "2 times: register units", "1 times: open many investors", "accounts: 2",
        f"holders entered: 4, with {2**80 + 200} units in all", "accounts entered more than once: 1",
        "units for accounts that are open already: 1", "accounts opened without units: 0",
        f"digest of all 3: {digest_of([each for each in documents if each['primaryType'] != 'FreezeLog'])}",
    ):  # fmt: skip
        assert words in done.stderr, done.stderr
    assert done.stderr.count("0x" + "02" * 32) == 1, "what is of no list is shown whole"
    signed = json.loads((tmp_path / "signed.json").read_text())["authorisations"]
    for one, each in zip(signed, documents, strict=True):
        assert recover(each, bytes.fromhex(one["signature"][2:])) == key[1]


def test_a_list_with_a_lapsed_document_is_not_signed(run: Run, key: tuple[Path, str], tmp_path: Path) -> None:
    late = of_list("IssueUnits", "aa", units=1)
    late["message"]["deadline"] = 1_000
    file = tmp_path / "batch.json"
    listed = [{"id": "op_1", "typed_data": each} for each in (of_list("IssueUnits", "bb", units=1), late)]
    file.write_text(json.dumps({"format": "regseal/operations@v1", "operations": listed}))
    done = run("sign", file, "--key", key[0], "--summary", "--yes")
    assert done.exit_code == 1
    assert "its deadline passed" in done.output


def test_a_signer_sees_who_has_signed_the_same_and_who_is_missing(
    run: Run, key: tuple[Path, str], tmp_path: Path
) -> None:
    others: list[dict[str, object]] = [
        {"role": "register.checker", "any_of": [], "region": 440300, "signer": "0x" + "11" * 20},
        {"role": "pledgee", "any_of": ["0x" + "22" * 20], "region": None, "signer": None},
        {"role": "register.regulator", "any_of": [], "region": 440300, "signer": None},
    ]
    path = tmp_path / "several.json"
    path.write_text(json.dumps({"id": "op_1", "typed_data": typed_data(), "authorisations": others}))
    done = run("sign", str(path), "--key", str(key[0]), "--yes")
    assert done.exit_code == 0, done.output
    assert f"register.checker          signed by 0x{'11' * 20}" in done.output
    assert f"pledgee                   missing: 0x{'22' * 20}" in done.output
    assert "register.regulator        missing: whoever holds the role in 440300" in done.output
    path.write_text(json.dumps({"id": "op_1", "typed_data": typed_data(), "authorisations": [{"role": 1}]}))
    assert run("sign", str(path), "--key", str(key[0]), "--yes").exit_code == 2


def test_a_batch_for_others_and_a_broken_one_are_refused(run: Run, key: tuple[Path, str], tmp_path: Path) -> None:
    assert run("sign", batch_of(tmp_path, ["0x" + "77" * 20]), "--key", key[0], "--yes").exit_code == 1
    assert run("sign", batch_of(tmp_path), "--key", key[0], "--yes").exit_code == 2
    bad = json.loads(batch_of(tmp_path, [key[1]], [key[1]]).read_text())
    bad["operations"][1]["typed_data"] = None
    (tmp_path / "bad.json").write_text(json.dumps(bad))
    result = run("sign", tmp_path / "bad.json", "--key", key[0], "--yes", "--out", tmp_path / "signed.json")
    assert result.exit_code == 2
    assert not (tmp_path / "signed.json").exists()


def test_a_key_shows_that_it_is_held(run: Run, tmp_path: Path) -> None:
    file, institution = tmp_path / "keys" / "submitter.pem", "ins_" + "5" * 32
    run("keys", "new", "note", file, "--name", "bank")
    shown = json.loads(run("keys", "prove", file, "--institution", institution, "--json").stdout)
    raw = [bytes.fromhex(shown[name].removeprefix("0x")) for name in ("public_key", "possession")]
    assert possession_holds(shown["role"], institution, *raw)
    assert not possession_holds(shown["role"], institution[:-1] + "6", *raw)


@pytest.mark.parametrize("given", [(), ("--key", "k.pem", "--proof", "p.json")])
def test_a_key_is_registered_from_its_file_or_from_what_it_signed(run: Run, given: tuple[str, ...]) -> None:
    result = run("institution", "add-key", "ins_" + "5" * 32, *given)
    assert result.exit_code == 2
    assert "--proof" in result.output
