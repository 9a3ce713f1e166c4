"""What no mirror can give back, lost head files, and mirrors that are not fit: each has its honest way out, or none."""

import json
import shutil
from pathlib import Path

import pytest
from sqlalchemy import text

from chain.party.witness.entries import EntryMirror
from chain.proof.entries import entries_path, format_bundle
from services.evidence.recovery.acts import Acts, Kind, State
from services.platform.atrest import Vault
from services.platform.errors import Conflict, Invalid, RegsealError, Unavailable
from services.transactions.manager import Manager
from tests.conftest import FULL
from tests.integration.services.recovery.stage import REGISTER, Backup, Stage, fresh_start

pytestmark = pytest.mark.parametrize("backend", ["sqlite", "postgresql"] if FULL else ["sqlite"], indirect=True)
"""The drill plays on both databases; what is decided here asks neither anything of its own."""


@pytest.fixture
def backup(stage: Stage, tmp_path: Path) -> Backup:
    """Taken after one record; the installation runs on."""
    stage.submit("before")
    stage.settle()
    return Backup(stage.settings, tmp_path / "backup")


def recoveries(stage: Stage) -> list[dict[str, object]]:
    """The bodies of the recovery leaves."""
    rows = stage.sql("SELECT id FROM records WHERE type_code = 517 ORDER BY idx")
    documents = [stage.evidence.get_record(row[0]).document for row in rows]
    return [document["body"] for document in documents]


def test_a_lost_head_file_is_vouched_for_by_chain_and_every_witness(stage: Stage) -> None:
    stage.submit("one")
    stage.settle()
    sizes = stage.sizes()
    stage.stop()
    shutil.rmtree(stage.settings.heads_dir)
    stage.start()
    assert stage.states() == {"unchecked"}
    stage.stop()
    with pytest.raises(Invalid):
        stage.recover(mirrors=(), without_head_file=True)  # an act needs a reason
    done = stage.recover(mirrors=(), without_head_file=True, reason="the volume is gone")
    assert {act.kind for act in done.asked} == {Kind.HEAD_FILE_LOST}
    stage.start()
    stage.step(watched=False)
    assert {check.state for check in stage.evidence.gate.states().values()} == {"unchecked"}, "not without the witness"
    stage.run(stage.evidence.gate.ready)
    stage.run(lambda: not Acts(stage.settings.heads_dir).all())
    assert {each["act"] for each in recoveries(stage)} == {"head-file-lost"}
    assert {each["log_origin"] for each in recoveries(stage)} == set(sizes)
    stage.stop()
    with fresh_start(stage):
        assert stage.submit("two").index == sizes[REGISTER]
        with pytest.raises(RegsealError):
            stage.recover(mirrors=(), without_head_file=True, reason="again")


def test_an_older_database_does_not_get_past_its_witness_without_a_head_file(stage: Stage, backup: Backup) -> None:
    """Who deletes the head file of a restored database and says that it was lost, meets the witness and the chain."""
    stage.submit("acknowledged since")
    stage.step(jobs=("evidence.seal",))
    stage.stop()
    backup.restore()
    shutil.rmtree(stage.settings.heads_dir)
    stage.recover(mirrors=(), without_head_file=True, reason="not true")
    stage.start()
    assert "behind" in stage.states()
    with pytest.raises(Unavailable):
        stage.submit("nothing")


def test_an_older_database_sends_and_removes_nothing(
    stage: Stage, backup: Backup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest one may come back, and needs the files that the older one does not know."""
    stage.submit("since")
    stage.settle()
    stage.stop()
    backup.restore()
    ticks: list[Manager] = []
    monkeypatch.setattr(Manager, "tick", lambda self: ticks.append(self))  # noqa: PLW0108 (a method needs its self)
    file = stage.settings.materials_dir / "objects" / "ab" / f"{'ab' * 32}.obj_{'9' * 32}"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"of a record since")
    stage.start()
    assert "behind" in stage.states()
    for _ in range(2):
        stage.step(jobs=("transactions.supervision.manage", "materials.sweep"))
    assert (file.exists(), ticks) == (True, [])
    stage.stop()
    stage.recover()
    stage.start()
    stage.run(stage.evidence.gate.ready)
    stage.step(jobs=("transactions.supervision.manage", "materials.sweep"))
    assert (file.exists(), len(ticks) > 0) == (False, True)


def test_what_only_the_head_file_knew_is_lost_on_the_record(stage: Stage, backup: Backup) -> None:
    lost = [stage.submit(f"never sealed {number}") for number in range(3)]
    sizes = stage.sizes()
    stage.stop()
    backup.restore()
    plan = stage.recover(dry_run=True)
    (register,) = [one for one in plan.logs if one.origin == REGISTER]
    assert (register.size, register.known) == (lost[0].index, sizes[REGISTER])
    for wrong in (register.size - 1, register.size + 1):
        with pytest.raises(Conflict):
            stage.recover(origin=REGISTER, accept_loss_after=wrong, reason="gone")
    with pytest.raises(Conflict):
        stage.recover(accept_loss_after=register.size, reason="gone")  # of which log?
    stage.recover(origin=REGISTER, accept_loss_after=register.size, reason="the disk broke")
    with fresh_start(stage):
        assert stage.submit("after").index == lost[0].index
        stage.settle()
        (told,) = recoveries(stage)
        assert told["act"] == "loss-accepted"
        assert (told["lost_from"], told["lost_to"]) == (lost[0].index, lost[-1].index)
    assert stage.fsck().data()["outcome"] == "clean"


def test_no_loss_is_accepted_below_what_a_witness_signed(stage: Stage, backup: Backup) -> None:
    """The mirror the operator shows is an old copy; the witness itself knows better."""
    copy = stage.home.parent / "old copy"
    shutil.copytree(stage.home, copy)
    stage.submit("cosigned since")
    stage.step(jobs=("evidence.seal",))
    stage.step(jobs=("evidence.seal",))
    stage.stop()
    backup.restore()
    plan = stage.recover(mirrors=(copy,), dry_run=True)
    (register,) = [one for one in plan.logs if one.origin == REGISTER]
    assert register.known > register.size
    stage.recover(mirrors=(copy,), origin=REGISTER, accept_loss_after=register.size, reason="it is not lost")
    stage.start()
    assert "behind" in stage.states()
    stage.stop()
    done = stage.recover()
    assert not done.lost
    with fresh_start(stage):
        stage.settle()
    assert [act for act in Acts(stage.settings.heads_dir).all() if act.state is State.DONE] == []


def test_a_mirror_shorter_than_the_chain_is_refused(stage: Stage, backup: Backup) -> None:
    copy = stage.home.parent / "old copy"
    shutil.copytree(stage.home, copy)
    stage.submit("anchored since")
    stage.settle()
    stage.stop()
    backup.restore()
    with pytest.raises(Conflict) as refused:
        stage.recover(mirrors=(copy,))
    assert refused.value.slug == "mirror-too-short"
    assert stage.recover(mirrors=(copy, stage.home)).done, "of two mirrors the longer one serves"


def test_a_database_that_contradicts_the_mirror_is_fscks_business(stage: Stage, backup: Backup) -> None:
    stage.submit("since")
    stage.settle()
    stage.stop()
    backup.restore()
    stage.start()
    with stage.house.services.database.write() as session:
        stage.house.services.lease.check(session)
        query = "UPDATE leaves SET leaf_hash = :hash WHERE idx = 0 AND log_id = :log"
        session.execute(text(query), {"hash": b"\x01" * 32, "log": stage.log(REGISTER).id})
        session.execute(text("DELETE FROM tiles WHERE log_id = :log"), {"log": stage.log(REGISTER).id})
    before = stage.sizes()
    stage.stop()
    with pytest.raises(Conflict) as refused:
        stage.recover()
    assert refused.value.slug == "database-contradicts"
    assert REGISTER in refused.value.detail
    stage.start()
    assert stage.sizes() == before


def test_what_the_master_key_does_not_open_is_not_put_back(stage: Stage, backup: Backup, tmp_path: Path) -> None:
    since = stage.submit("since")
    stage.settle()
    stage.stop()
    backup.restore()
    master = stage.settings.master_key_file
    kept = master.read_bytes()
    folder = next(one for one in (stage.home / "logs").iterdir() if _is(one, REGISTER))
    bundle = EntryMirror(folder / "mirror")
    path = folder / "mirror" / entries_path(0, bundle.size)
    whole, entries = path.read_bytes(), list(bundle.bundle(0))
    swapped = entries[since.index]
    entries[since.index] = type(swapped)(
        **{name: getattr(swapped, name) for name in swapped.__slots__} | {"ciphertext": b"\x01" + bytes(60)}
    )
    path.write_bytes(format_bundle(entries))
    with pytest.raises(Unavailable, match=since.record_id):
        stage.recover()
    path.write_bytes(whole)
    master.unlink()
    Vault.create(master)
    with pytest.raises(RegsealError):
        stage.recover()
    master.write_bytes(kept)
    assert stage.recover().done


def test_a_mirror_without_entries_says_what_is_missing(stage: Stage, backup: Backup, tmp_path: Path) -> None:
    stage.stop()
    backup.restore()
    with pytest.raises(Invalid, match="no witness's home"):
        stage.recover(mirrors=(tmp_path,))
    copy = tmp_path / "tiles only"
    shutil.copytree(stage.home, copy)
    for path in copy.glob("logs/*/mirror/entries.json"):
        path.unlink()
    with pytest.raises(Invalid, match="auditor"):
        stage.recover(mirrors=(copy,))


def _is(folder: Path, origin: str) -> bool:
    keyring = folder / "mirror" / "keyring.json"
    return keyring.exists() and json.loads(keyring.read_bytes())["origin"] == origin
