"""Recorded processes are found by later parents, never confused with others, and ended with their descendants."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local.engines.runtime.ports import holder
from local.engines.runtime.process import EngineFailed, Identity, Process, boot_id, descendants
from local.site import CHECKOUT
from tests.fixtures.waiting import until


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


def in_another_process(code: str, *arguments: str) -> str:
    """Runs code in another Python process and waits for its end; returns the output."""
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout.strip()


def test_a_process_outlives_its_parent_and_is_found(process: Process) -> None:
    start = "import sys, pathlib; from local.engines.runtime.process import Process;"
    start += "print(Process(pathlib.Path(sys.argv[1]), 'sleeper').start(['sleep', '60']))"
    pid = int(in_another_process(start, str(process.folder)))
    assert process.pid() == pid
    assert process.start(["sleep", "60"]) == pid
    process.stop()
    assert not lives(pid)
    assert process.pid() is None


@pytest.mark.parametrize("changed", ["tick", "boot"])
def test_another_process_with_the_recorded_pid_is_ignored(process: Process, changed: str) -> None:
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


def test_concurrent_starts_start_one(process: Process) -> None:
    with ThreadPoolExecutor(8) as pool:
        pids = list(pool.map(lambda _: Process(process.folder, "sleeper").start(["sleep", "60"]), range(8)))
    assert len(set(pids)) == 1


def test_stop_kills_children_that_left_the_session_and_ignore_signals(process: Process, tmp_path: Path) -> None:
    pids, stubborn = tmp_path / "pids", tmp_path / "stubborn"
    stubborn.write_text(f"trap '' TERM INT\nsleep 60 &\necho $$ $! > {pids}\nwait\n")
    process.start(["/bin/sh", "-c", f"setsid /bin/sh {stubborn} & wait"])
    until("both pids", lambda: pids.exists() and len(pids.read_text().split()) == 2)
    children = [int(pid) for pid in pids.read_text().split()]
    assert all(lives(pid) for pid in children)
    process.stop(grace=0.3)
    assert not any(lives(pid) for pid in children)


def test_a_recorded_child_is_not_killed(process: Process, tmp_path: Path) -> None:
    child = Process(tmp_path / "child", "sleeper")
    code = "import sys, time, pathlib; from local.engines.runtime.process import Process;"
    code += "Process(pathlib.Path(sys.argv[1]), 'sleeper').start(['sleep', '60']); time.sleep(60)"
    process.start([sys.executable, "-c", code, child.folder], cwd=CHECKOUT)
    until("the child to run", lambda: child.pid() is not None)
    process.kill()
    assert child.pid() is not None
    child.kill()
    assert child.pid() is None


def test_a_recorded_child_is_no_descendant_during_exec(process: Process, tmp_path: Path) -> None:
    again = tmp_path / "again"
    again.write_text(f"exec /bin/sh {again}\n")
    child = Process(tmp_path / "child", "restless")
    code = "import sys, time, pathlib; from local.engines.runtime.process import Process;"
    code += "Process(pathlib.Path(sys.argv[1]), 'restless').start(['/bin/sh', sys.argv[2]]); time.sleep(60)"
    leader = process.start([sys.executable, "-c", code, child.folder, again], cwd=CHECKOUT)
    until("the child to run", lambda: child.pid() is not None)
    try:
        tick = process.record.read_text().split()[1]
        assert not any(
            child.pid() in {identity.pid for identity in descendants(Identity(leader, tick))} for _ in range(500)
        )
        assert child.pid() is not None
    finally:
        child.kill()


def test_a_dead_child_is_not_considered_alive(process: Process) -> None:
    pid = process.start(["sleep", "60"])
    os.kill(pid, 9)
    until("the process to end", lambda: process.pid() is None)
    assert process.start(["sleep", "60"]) != pid


def test_a_process_whose_first_thread_has_ended_has_not_ended(process: Process) -> None:
    code = "import ctypes, os, threading, time; threading.Thread(target=time.sleep, args=(60,)).start();"
    code += "ctypes.CDLL(None).syscall(60, 0)"  # exit(2): this thread only
    pid = process.start([sys.executable, "-c", code])
    until("the process to end", lambda: not lives(pid))
    assert process.pid() == pid
    process.kill()
    assert not Path(f"/proc/{pid}").exists()


def test_a_process_starts_once_its_address_is_free(process: Process) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        closing = threading.Timer(0.5, server.close)
        closing.start()
        listen = f"import socket, time; s = socket.create_server({address!r}); time.sleep(60)"
        pid = process.start([sys.executable, "-c", listen], listens=[address])
        process.wait_until(lambda: holder(*address).startswith(f"pid {pid} "), seconds=10)


def test_an_address_that_stays_in_use_is_an_error_that_names_who_listens(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local.engines.runtime.ports.FREE_SECONDS", 0.1)
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        pytest.raises(EngineFailed, match=rf"sleeper .* 127\.0\.0\.1:\d+ is in use .* pid {os.getpid()} "),
    ):
        process.start(["sleep", "60"], listens=[server.getsockname()])
    assert process.pid() is None


def test_the_error_of_a_program_that_ends_has_the_end_of_its_log(process: Process) -> None:
    process.start(["/bin/sh", "-c", "echo out of luck >&2; exit 3"])
    with pytest.raises(EngineFailed, match="out of luck"):
        process.wait_until(lambda: False, seconds=10)


def test_a_missing_program_is_an_error(process: Process) -> None:
    process.start(["no-such-program-anywhere"])
    with pytest.raises(EngineFailed, match="not found"):
        process.wait_until(lambda: False, seconds=10)


def test_a_long_log_is_rotated_at_the_next_start(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.engines.runtime.process.LOG_LIMIT", 10)
    process.folder.mkdir()
    process.log.write_text("more than ten bytes")
    process.start(["sleep", "60"])
    assert process.log.read_text() == ""
    assert process.log.with_suffix(".log.1").read_text() == "more than ten bytes"
