"""A service's home: what init makes, what the settings say, and what doctor makes of it."""

import stat
from pathlib import Path

import pytest

from chain.party.keystore import EvmKey, passphrase_for
from cli.local import gateway
from cli.local.checks import Check, Level, examine, secrets, settings
from cli.local.errors import LocalError
from cli.local.install import create, new_access
from cli.local.layout import Layout
from services.evidence.models import LogRow
from services.platform.atrest import Vault
from services.platform.database import Database
from services.platform.settings import load_settings

ROOT_KEY, AUTHORITY = "0x" + "11" * 20, "0x" + "22" * 20
GENESIS = "0x" + "ab" * 32
WITNESS = gateway.Witness("wit.example+4a317572+BGfW2FZgjw0efXMiQyDiIN0XiM0xrBkqr6NEg/nATwyV", "regulator")


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "装 置")


@pytest.fixture
def installed(layout: Layout) -> Layout:
    create(
        layout,
        gateway.Deployment(ROOT_KEY, {440300: AUTHORITY}),
        house_origin="house.example/log",
        public_url="http://127.0.0.1:1",
        witnesses=(WITNESS,),
    )
    return layout


def levels(found: list[Check], name: str) -> set[Level]:
    return {check.level for check in found if check.name == name}


def test_init_makes_keys_that_open_and_settings_that_load(installed: Layout) -> None:
    home = installed.gateway
    for name in ("gateway", "deployer"):
        path = home / "keys" / f"{name}.json"
        assert EvmKey.load(path, passphrase_for(path, {})).address == gateway.address_of_key(path)
    assert Vault(home / "master.key").master_id
    settings = load_settings(home)
    assert settings.house_origin == "house.example/log"
    assert [(one.vkey, one.role) for one in settings.witnesses] == [(WITNESS.vkey, "regulator")]
    assert settings.witness_quorum == {"regulator": 1}
    assert gateway.Deployment.load(installed) == gateway.Deployment(ROOT_KEY, {440300: AUTHORITY})


def test_second_init_is_refused_and_changes_nothing(installed: Layout) -> None:
    before = {path: path.read_bytes() for path in installed.gateway.rglob("*") if path.is_file()}
    with pytest.raises(LocalError, match="already"):
        create(installed, gateway.Deployment(ROOT_KEY, {}), house_origin="other", public_url="http://127.0.0.1:2")
    assert {path: path.read_bytes() for path in installed.gateway.rglob("*") if path.is_file()} == before


def test_interrupted_init_keeps_the_keys_it_has_made(layout: Layout) -> None:
    gateway.create_keys(layout)
    first = (layout.gateway / "keys" / "gateway.json").read_bytes()
    create(layout, gateway.Deployment(ROOT_KEY, {}), house_origin="a.example", public_url="http://127.0.0.1:2")
    assert (layout.gateway / "keys" / "gateway.json").read_bytes() == first


def test_address_that_is_none_is_refused_before_anything_is_made(layout: Layout) -> None:
    with pytest.raises(LocalError, match="--root"):
        create(layout, gateway.Deployment("0x12", {}), house_origin="a.example", public_url="http://127.0.0.1:2")
    assert not layout.gateway.exists()


def test_first_start_pins_the_genesis_and_another_chain_is_refused(installed: Layout) -> None:
    gateway.pin_chain(installed, "supervision", gateway.Pin(("http://127.0.0.1:8",), 7, GENESIS))
    gateway.pin_chain(installed, "supervision", gateway.Pin(("http://127.0.0.1:9",), 7, GENESIS))
    chain = load_settings(installed.gateway).chains["supervision"]
    assert (chain.chain_id, chain.genesis, chain.endpoints) == (7, GENESIS, ("http://127.0.0.1:8",))
    with pytest.raises(LocalError, match="not the one"):
        gateway.pin_chain(installed, "supervision", gateway.Pin(("http://127.0.0.1:8",), 7, "0x" + "cd" * 32))


def test_everything_secret_is_the_owners_alone(installed: Layout) -> None:
    files = [path for path in installed.gateway.rglob("*") if path.is_file()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert levels(list(secrets(installed)), "file modes") == {Level.OK}


def test_doctor_names_the_exposed_key_and_the_fix(installed: Layout) -> None:
    key = installed.gateway / "keys" / "gateway.json"
    key.chmod(0o644)
    (found,) = [check for check in secrets(installed) if check.name == "file modes"]
    assert found.level is Level.FAIL
    assert "gateway.json" in found.found
    assert found.fix == f"chmod 600 '{key}'"


def test_doctor_on_an_empty_folder_says_how_to_begin(layout: Layout) -> None:
    found = examine(layout)
    assert levels(found, "installation") == {Level.FAIL}
    assert any("regseal init" in check.fix for check in found)


def test_doctor_names_the_setting_that_does_not_parse(installed: Layout) -> None:
    installed.settings_file.write_text(installed.settings_file.read_text() + "\nsurprise = 1\n")
    found = [check for check in examine(installed) if check.name == "settings"]
    assert [check.level for check in found] == [Level.FAIL]
    assert "surprise" in found[0].found


def test_settings_that_are_no_toml_are_one_finding_and_stop_the_start_with_a_sentence(installed: Layout) -> None:
    installed.settings_file.write_text("[[")
    failed = [check for check in examine(installed) if check.level is Level.FAIL]
    assert [check.name for check in failed] == ["settings"]
    assert "not TOML" in failed[0].found
    with pytest.raises(LocalError, match="not TOML"):
        gateway.simulated_time(installed)


def test_doctor_names_each_missing_piece_of_what_does_not_run(installed: Layout) -> None:
    def failing() -> dict[str, str]:
        return {check.name: check.fix for check in examine(installed) if check.level is Level.FAIL}

    gateway.pin_chain(installed, "supervision", gateway.Pin(("http://127.0.0.1:8",), 7, GENESIS))
    assert "chain replace supervision" in failing()["chain supervision"]
    installed.chain("supervision").mkdir(parents=True)
    assert "put it back" in failing()["chain supervision"]
    installed.addresses("supervision").parent.mkdir(exist_ok=True)
    installed.addresses("supervision").write_text("{}")
    assert "chain supervision" not in failing()
    assert "put it back" in failing()["database"]
    assert not load_settings(installed.gateway).home.joinpath("regseal.sqlite").exists()  # looking makes none
    new_access(installed)
    assert failing() == {}
    with Database(load_settings(installed.gateway).url).write() as session:
        row = LogRow(id="log_1", origin="a.example/b", owner_id="ins_1", state="open", house=False, size=3, suite=1)
        row.frontier, row.stream_key, row.created_at = b"", b"", 0
        session.add(row)
    assert "--without-head-file" in failing()["heads"]
    installed.settings_file.unlink()
    assert "regseal init" in failing()["settings"]


@pytest.mark.parametrize(("checked", "told"), [("true", set[Level]()), ("false", {Level.WARN})])
def test_doctor_warns_of_a_market_whose_acts_nobody_signs(installed: Layout, checked: str, told: set[Level]) -> None:
    market = f'market = {{ name = "M", region = 440300, checked = {checked} }}\n'
    installed.settings_file.write_text(market + installed.settings_file.read_text())
    assert levels(list(settings(installed)), "settings") == {Level.OK}
    assert levels(list(settings(installed)), "market") == told


def test_wrong_setting_is_refused_before_anything_is_made(layout: Layout) -> None:
    with pytest.raises(LocalError, match="house_origin"):
        create(layout, gateway.Deployment(ROOT_KEY, {}), house_origin="A B", public_url="http://127.0.0.1:2")
    with pytest.raises(LocalError, match="database cannot be opened"):
        create(
            layout, gateway.Deployment(ROOT_KEY, {}), house_origin="a.example", public_url="http://127.0.0.1:2",
            database_url="postgresql://127.0.0.1:1/none",
        )  # fmt: skip
    assert not layout.gateway.exists()


def test_doctor_names_a_vkey_that_is_none(installed: Layout) -> None:
    text = installed.settings_file.read_text().replace(WITNESS.vkey, "wit.example+00")
    installed.settings_file.write_text(text)
    (found,) = [check for check in examine(installed) if check.name == "settings"]
    assert found.level is Level.FAIL
    assert "regseal witness init" in found.found


def test_home_may_be_moved_for_it_names_its_address_files_from_within(installed: Layout) -> None:
    gateway.pin_chain(installed, "supervision", gateway.Pin(("http://127.0.0.1:8",), 7, GENESIS))
    moved = Layout(installed.var.with_name("moved"))
    installed.var.rename(moved.var)
    chain = load_settings(moved.gateway).chains["supervision"]
    assert chain.addresses_file == moved.addresses("supervision")


def test_lost_one_time_token_is_replaced_by_another(installed: Layout) -> None:
    kinds = [new_access(installed) for _ in range(2)]
    assert [kind for kind, _ in kinds] == ["one-time token"] * 2
    assert kinds[0] != kinds[1]


def test_access_is_refused_while_a_service_holds_the_database(installed: Layout) -> None:
    new_access(installed)
    holder = Database(load_settings(installed.gateway).url, pool_size=1)
    holder.claim()
    try:
        with pytest.raises(LocalError, match="Another service process"):
            new_access(installed)
    finally:
        holder.close()
