"""Real processes: restarts, orderly stop, leftovers, one installation at a time, busy ports."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.local.checks import Level, ports
from cli.local.errors import LocalError
from cli.local.layout import PROJECT, Layout
from cli.local.ports import LOOPBACK, claim, is_free, listen
from cli.local.processes import MARK, clear_leftovers, is_ours, leftovers
from cli.local.supervisor import Child, Supervisor
from cli.local.up import down, only_one, read_state, stopping_on_signals
from tests.waiting import until

SLEEP = ("-c", "import time; print('awake', flush=True); time.sleep(600)")


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout(tmp_path / "空 var")
    made.run.mkdir(parents=True)
    return made


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(layout: Layout, said: list[str]) -> Iterator[Supervisor]:
    made = Supervisor(layout, said.append)
    yield made
    made.stop()


def test_dead_child_is_announced_and_started_again(supervisor: Supervisor, said: list[str]) -> None:
    child = Child("sleeper", SLEEP, pause=0.1)
    supervisor.start(child)
    assert child.process is not None
    first = child.process.pid
    os.kill(first, signal.SIGKILL)
    child.process.wait(60)
    supervisor.tend()
    assert any("sleeper was killed by signal 9" in line for line in said)

    def tended() -> bool:
        supervisor.tend()
        return child.alive

    until(tended)
    assert child.process.pid != first
    assert child.pause == 0.2


def test_stop_ends_every_child_and_forgets_its_pid(supervisor: Supervisor, layout: Layout) -> None:
    children = [Child("one", SLEEP), Child("two", SLEEP)]
    for child in children:
        supervisor.start(child)
    assert sorted(file.name for file in layout.run.glob("*.pid")) == ["one.pid", "two.pid"]
    supervisor.stop()
    assert not any(child.alive for child in children)
    assert not list(layout.run.glob("*.pid"))


def test_ctrl_c_breaks_off_a_start_at_once_and_ends_what_was_started(supervisor: Supervisor) -> None:
    child = Child("first", SLEEP)
    before = signal.getsignal(signal.SIGINT)

    def start() -> None:
        with stopping_on_signals(supervisor):
            supervisor.start(child)
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        start()
    assert not child.alive
    assert signal.getsignal(signal.SIGINT) == before


def test_ctrl_c_while_all_runs_asks_for_an_orderly_stop(supervisor: Supervisor) -> None:
    with stopping_on_signals(supervisor):
        supervisor.watching = True
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)
        assert supervisor.stopping.is_set()
        supervisor.watch()  # returns


def test_child_that_dies_while_starting_shows_its_last_words(supervisor: Supervisor) -> None:
    child = Child("broken", ("-c", "raise SystemExit('no such table')"), ready=lambda: False)
    supervisor.start(child)
    with pytest.raises(LocalError, match="no such table"):
        supervisor.wait_ready(child, 60)


def test_child_does_not_inherit_another_installation(
    supervisor: Supervisor, layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGSEAL_HOME", "/somewhere/else")
    child = Child("printer", ("-c", "import os; print(sorted(k for k in os.environ if k.startswith('REGSEAL_')))"))
    supervisor.start(child)
    until(lambda: not child.alive)
    assert (layout.run / "printer.log").read_text().strip() == f"['{MARK}']"


def test_leftovers_of_a_killed_supervisor_are_ended(supervisor: Supervisor, layout: Layout, said: list[str]) -> None:
    child = Child("orphan", SLEEP)
    supervisor.start(child)
    assert child.process is not None
    until(lambda: list(leftovers(layout)) == [("orphan", child.process.pid if child.process else 0)])
    clear_leftovers(layout, said.append)
    until(lambda: not child.alive)  # its environment is gone a moment before the kernel tells us that it ended
    assert "orphan" in said[0]


def test_a_stranger_with_a_remembered_pid_is_left_alone(layout: Layout) -> None:
    stranger = subprocess.Popen([sys.executable, *SLEEP])
    try:
        (layout.run / "service.pid").write_text(f"{stranger.pid}\n")
        assert not is_ours(stranger.pid, layout)
        clear_leftovers(layout, print)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait(60)


def test_second_start_on_the_same_folder_is_refused(layout: Layout) -> None:
    with only_one(layout), pytest.raises(LocalError, match=f"already running .*pid {os.getpid()}"), only_one(layout):
        pass
    assert read_state(layout) == {}
    assert down(layout, print) is False


def test_doctor_says_when_nobody_watches_over_what_runs(layout: Layout) -> None:
    layout.state_file.write_text('{"pid": 1, "url": "http://127.0.0.1:1"}')
    (killed,) = ports(layout)
    assert (killed.level, "regseal up" in killed.fix) == (Level.FAIL, True)
    with only_one(layout):
        layout.state_file.write_text('{"pid": 1, "url": "http://127.0.0.1:1"}')
        assert [check.level for check in ports(layout)] == [Level.OK]


def test_busy_port_gives_the_next_free_one() -> None:
    with socket.socket() as busy:
        busy.bind((LOOPBACK, 0))
        busy.listen()
        port = busy.getsockname()[1]
        assert not is_free(port)
        number, claimed = claim(port)
        assert number != port
        claimed.close()
        with listen(port) as held:
            assert held.getsockname()[1] != port


def test_a_claimed_port_is_nobody_elses_although_nothing_listens_there_yet() -> None:
    first, held = claim(18_440)
    with held:
        another = (
            f"from cli.local.ports import claim, listen; print(claim({first})[0], listen({first}).getsockname()[1])"
        )
        told = subprocess.run([sys.executable, "-c", another], cwd=PROJECT, capture_output=True, text=True, check=True)
        assert str(first) not in told.stdout.split()
