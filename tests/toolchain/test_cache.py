"""A cache entry is complete or absent, whatever interrupts the build."""

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
from local.toolchain.lookup import cache
from local.toolchain.lookup.search import find
from tests.toolchain.recipes import Hanging, Writing, tool


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def eventually(condition: Callable[[], bool], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


def runs(pid: int) -> bool:
    """A zombie does not run; in a container nothing may ever reap it."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def python(program: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True
    )


def test_a_tool_is_cached_once_its_build_ended(tmp_path: Path) -> None:
    built = tool("built", Writing("file", tmp_path / "log"))
    with cache.add(built) as folder:
        (folder / "file").write_text("content")
        assert find(built) is None
    found = find(built)
    assert found and (found.folder / "file").read_text() == "content"


def test_a_failed_build_leaves_nothing(tmp_path: Path) -> None:
    failing = tool("failing", Writing("file", tmp_path / "log"))
    with pytest.raises(OSError, match="no space"), cache.add(failing) as folder:
        (folder / "file").write_text("half of the con")
        raise OSError("no space left")
    assert find(failing) is None
    assert list((cache.folder() / "failing").iterdir()) == []


def test_other_recipes_have_another_entry(tmp_path: Path) -> None:
    before = tool("tool", Writing("file", tmp_path / "log", "before"))
    after = tool("tool", Writing("file", tmp_path / "log", "after"))
    with cache.add(before):
        pass
    assert find(before)
    assert find(after) is None
    with cache.add(after):
        pass
    assert find(before), "an older checkout still finds its entry"


PROVISION = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored when the parent is a background job
from pathlib import Path
from local.toolchain.provision.provisioner import provision
from tests.toolchain.recipes import Hanging, tool
provision(print, lambda: None, [tool("hanging", Hanging(Path(sys.argv[1])))])
"""


@pytest.mark.kill
@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_killed_build_leaves_no_entry_and_no_running_command(sent: signal.Signals, tmp_path: Path) -> None:
    started = tmp_path / "started"
    builder = python(PROVISION, str(started))
    pid_file = Path(f"{started}.pid")
    assert eventually(lambda: pid_file.exists() and pid_file.read_text().endswith("\n"))
    command = int(pid_file.read_text())
    builder.send_signal(sent)
    builder.communicate(timeout=20)

    assert eventually(lambda: not runs(command)), "the build must end with its parent"
    hanging = tool("hanging", Hanging(started))
    assert find(hanging) is None
    leftover = Path(started.read_text())
    assert (leftover / "half").exists(), "the test proves nothing if the kill left nothing behind"
    with cache.lock(lambda: pytest.fail("the killed process still holds the lock")), cache.add(hanging):
        pass
    assert not leftover.exists()
    found = find(hanging)
    assert found and not (found.folder / "half").exists()


HOLD = """
import sys
from local.toolchain.lookup import cache
with cache.lock(lambda: print("waiting", flush=True)):
    print("acquired", flush=True)
    sys.stdin.read()
"""


@pytest.mark.integration
def test_the_lock_is_exclusive_and_a_killed_holder_releases_it() -> None:
    first = subprocess.Popen(
        [sys.executable, "-c", HOLD], cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert first.stdout and first.stdin
    assert first.stdout.readline() == "acquired\n"
    second = subprocess.Popen(
        [sys.executable, "-c", HOLD], cwd=CHECKOUT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    )
    assert second.stdout
    assert second.stdout.readline() == "waiting\n"
    assert second.poll() is None
    os.kill(first.pid, signal.SIGKILL)
    first.communicate()
    assert second.communicate(timeout=20)[0] == "acquired\n"
