"""What doctor says of the bucket for stored files, asked on a real server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.local.checks import Check, Level
from cli.local.checks_store import store
from cli.local.gateway import Deployment
from cli.local.install import create
from cli.local.layout import Layout
from tests.integration.services.evidence.materials.s3server import BUCKET, KEYS, s3_store, serving
from tests.ports import free_port


@pytest.fixture(scope="module")
def s3_port() -> Iterator[int]:
    with serving() as port:
        yield port


@pytest.fixture
def installed(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path / "var")
    create(layout, Deployment("0x" + "11" * 20, {}), house_origin="house.example/log", public_url="http://127.0.0.1:1")
    return layout


def said(layout: Layout, port: int, bucket: str = BUCKET) -> Check:
    """Of a store at this port."""
    credentials = layout.gateway / "materials-store.toml"
    credentials.touch(mode=0o600)
    credentials.write_text("".join(f"{name} = '{value}'\n" for name, value in KEYS.items()))
    given = f'[materials]\nstore = "s3://{bucket}/doctor"\nendpoint = "http://127.0.0.1:{port}"\n'
    given += 'addressing = "path"\ntimeout_s = 1\n'
    layout.settings_file.write_text(layout.settings_file.read_text() + given)
    (found,) = store(layout)
    return found


def test_a_bucket_that_does_what_it_must_is_left_as_it_was(installed: Layout, s3_port: int) -> None:
    found = said(installed, s3_port)
    assert found.level is Level.OK, found
    assert list(s3_store(s3_port, "doctor/").entries()) == []


def test_a_bucket_that_is_not_there_is_named(installed: Layout, s3_port: int) -> None:
    found = said(installed, s3_port, "no-such-bucket")
    assert (found.level, "no-such-bucket" in found.found) == (Level.FAIL, True)
    assert KEYS["secret_key"] not in str(found)


def test_a_store_that_is_away_is_named(installed: Layout) -> None:
    found = said(installed, free_port())
    assert found.level is Level.FAIL
    assert "list, read, write and remove" in found.fix


def test_a_folder_is_not_probed(installed: Layout) -> None:
    assert list(store(installed)) == []
