"""Recorded processes: adopted by whoever comes next, never confused with another, ended with all they started."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local.engines.runtime.process import EngineFailed, Identity, Process, boot_id, descendants
from local.site import CHECKOUT


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    found = Process(tmp_path / "engine", "sleeper")
    yield found
    found.kill()


def lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state not in "ZX"


def wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def from_elsewhere(code: str, *arguments: str) -> str:
    """Runs code in another Python, which has ended when this returns; gives what it printed."""
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout.strip()


def test_process_outlives_its_starter_and_is_adopted(process: Process) -> None:
    start = "import sys, pathlib; from local.engines.runtime.process import Process;"
    start += "print(Process(pathlib.Path(sys.argv[1]), 'sleeper').start(['sleep', '60']))"
    pid = int(from_elsewhere(start, str(process.folder)))
    assert process.pid() == pid
    assert process.start(["sleep", "60"]) == pid
    process.stop()
    assert not lives(pid)
    assert process.pid() is None


@pytest.mark.parametrize("changed", ["tick", "boot"])
def test_somebody_elses_process_with_the_recorded_pid_is_not_ours(process: Process, changed: str) -> None:
    other = subprocess.Popen(["sleep", "60"])
    tick = "1" if changed == "tick" else Path(f"/proc/{other.pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
    process.folder.mkdir()
    process.record.write_text(f"{other.pid} {tick} {boot_id() if changed == 'tick' else 'an-earlier-boot'}\n")
    assert process.pid() is None
    process.stop()
    process.kill()
    assert other.poll() is None
    other.kill()
    other.wait()


def test_starters_at_the_same_time_start_one(process: Process) -> None:
    with ThreadPoolExecutor(8) as pool:
        pids = list(pool.map(lambda _: Process(process.folder, "sleeper").start(["sleep", "60"]), range(8)))
    assert len(set(pids)) == 1


def test_end_reaches_children_that_left_the_session_and_ignore_signals(process: Process, tmp_path: Path) -> None:
    pids, stubborn = tmp_path / "pids", tmp_path / "stubborn"
    stubborn.write_text(f"trap '' TERM INT\nsleep 60 &\necho $$ $! > {pids}\nwait\n")
    process.start(["/bin/sh", "-c", f"setsid /bin/sh {stubborn} & wait"])
    wait(lambda: pids.exists() and len(pids.read_text().split()) == 2)
    children = [int(pid) for pid in pids.read_text().split()]
    assert all(lives(pid) for pid in children)
    process.stop(grace=0.3)
    assert not any(lives(pid) for pid in children)


def test_recorded_child_is_left_alone(process: Process, tmp_path: Path) -> None:
    child = Process(tmp_path / "child", "sleeper")
    code = "import sys, time, pathlib; from local.engines.runtime.process import Process;"
    code += "Process(pathlib.Path(sys.argv[1]), 'sleeper').start(['sleep', '60']); time.sleep(60)"
    process.start([sys.executable, "-c", code, child.folder], cwd=CHECKOUT)
    wait(lambda: child.pid() is not None)
    process.kill()
    assert child.pid() is not None
    child.kill()
    assert child.pid() is None


def test_recorded_child_is_nobodys_descendant_while_it_becomes_another_program(
    process: Process, tmp_path: Path
) -> None:
    again = tmp_path / "again"
    again.write_text(f"exec /bin/sh {again}\n")
    child = Process(tmp_path / "child", "restless")
    code = "import sys, time, pathlib; from local.engines.runtime.process import Process;"
    code += "Process(pathlib.Path(sys.argv[1]), 'restless').start(['/bin/sh', sys.argv[2]]); time.sleep(60)"
    leader = process.start([sys.executable, "-c", code, child.folder, again], cwd=CHECKOUT)
    wait(lambda: child.pid() is not None)
    try:
        tick = process.record.read_text().split()[1]
        assert not any(child.pid() in {who.pid for who in descendants(Identity(leader, tick))} for _ in range(500))
        assert child.pid() is not None
    finally:
        child.kill()


def test_dead_child_of_ours_is_not_taken_for_alive(process: Process) -> None:
    pid = process.start(["sleep", "60"])
    os.kill(pid, 9)
    wait(lambda: process.pid() is None)
    assert process.start(["sleep", "60"]) != pid


def test_program_that_ends_before_it_answers_is_told_with_the_end_of_its_log(process: Process) -> None:
    process.start(["/bin/sh", "-c", "echo out of luck >&2; exit 3"])
    with pytest.raises(EngineFailed, match="out of luck"):
        process.wait_until(lambda: False, seconds=10)


def test_missing_program_is_told(process: Process) -> None:
    process.start(["no-such-program-anywhere"])
    with pytest.raises(EngineFailed, match="not found"):
        process.wait_until(lambda: False, seconds=10)


def test_long_log_is_set_aside_at_the_next_start(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.engines.runtime.process.LOG_LIMIT", 10)
    process.folder.mkdir()
    process.log.write_text("more than ten bytes")
    process.start(["sleep", "60"])
    assert process.log.read_text() == ""
    assert process.log.with_suffix(".log.1").read_text() == "more than ten bytes"
