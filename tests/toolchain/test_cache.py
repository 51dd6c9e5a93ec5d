"""The cache holds whole tools or none, whatever interrupts their making."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from local.site import CHECKOUT
from local.toolchain.lookup import cache as store
from local.toolchain.lookup.search import find
from tests.toolchain.recipes import Hanging, Writing, tool


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def eventually(true: Callable[[], bool], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.01)
    return true()


def runs(pid: int) -> bool:
    """A dead process that nobody has waited for does not run: in a container nobody may ever."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def python(program: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True
    )


def test_a_tool_is_there_once_its_making_ended(tmp_path: Path) -> None:
    made = tool("made", Writing("file", tmp_path / "diary"))
    with store.making(made) as folder:
        (folder / "file").write_text("content")
        assert find(made) is None
    found = find(made)
    assert found and (found.folder / "file").read_text() == "content"


def test_a_failed_making_leaves_nothing(tmp_path: Path) -> None:
    failing = tool("failing", Writing("file", tmp_path / "diary"))
    with pytest.raises(OSError, match="no space"), store.making(failing) as folder:
        (folder / "file").write_text("half of the con")
        raise OSError("no space left")
    assert find(failing) is None
    assert list((store.cache() / "failing").iterdir()) == []


def test_other_recipes_have_another_place(tmp_path: Path) -> None:
    before = tool("tool", Writing("file", tmp_path / "diary", "before"))
    after = tool("tool", Writing("file", tmp_path / "diary", "after"))
    with store.making(before):
        pass
    assert find(before)
    assert find(after) is None
    with store.making(after):
        pass
    assert find(before), "an older checkout still finds its own"


MAKE = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a starter in the background leaves it ignored
from pathlib import Path
from local.toolchain.provision.provisioner import provide
from tests.toolchain.recipes import Hanging, tool
provide(print, lambda: None, [tool("hanging", Hanging(Path(sys.argv[1])))])
"""


@pytest.mark.kill
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_killed_making_leaves_nothing_usable_and_no_command_running(how: signal.Signals, tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    maker = python(MAKE, str(begun))
    pid_file = Path(f"{begun}.pid")
    assert eventually(lambda: pid_file.exists() and pid_file.read_text().endswith("\n"))
    command = int(pid_file.read_text())
    maker.send_signal(how)
    maker.communicate(timeout=20)

    assert eventually(lambda: not runs(command)), "the build must die with its starter"
    hanging = tool("hanging", Hanging(begun))
    assert find(hanging) is None
    leftover = Path(begun.read_text())
    assert (leftover / "half").exists(), "this test tests nothing if the kill left nothing behind"
    with store.exclusive(lambda: pytest.fail("the killed process still holds the lock")), store.making(hanging):
        pass
    assert not leftover.exists()
    found = find(hanging)
    assert found and not (found.folder / "half").exists()


HOLD = """
import sys
from local.toolchain.lookup import cache as store
with store.exclusive(lambda: print("waiting", flush=True)):
    print("has it", flush=True)
    sys.stdin.read()
"""


@pytest.mark.integration
def test_one_process_at_a_time_and_a_killed_holder_lets_go() -> None:
    first = subprocess.Popen(
        [sys.executable, "-c", HOLD], cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert first.stdout and first.stdin
    assert first.stdout.readline() == "has it\n"
    second = subprocess.Popen(
        [sys.executable, "-c", HOLD], cwd=CHECKOUT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    )
    assert second.stdout
    assert second.stdout.readline() == "waiting\n"
    assert second.poll() is None
    os.kill(first.pid, signal.SIGKILL)
    first.communicate()
    assert second.communicate(timeout=20)[0] == "has it\n"
