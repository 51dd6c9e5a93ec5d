"""Whoever works on the state of the stack has it alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from cli.stack import turn
from cli.subprocesses import run


def test_what_a_killed_run_started_is_waited_for(tmp_path: Path) -> None:
    """The starter dies, the program it started goes on for a moment, and holds the turn until it ends."""
    lock, ended = tmp_path / "turn", tmp_path / "ended"
    program = f"import time, pathlib; print('on', flush=True); time.sleep(1.5); pathlib.Path({str(ended)!r}).touch()"
    starter = (
        "import os, subprocess, sys\n"
        "from pathlib import Path\n"
        "from cli.stack import turn\n"
        f"with turn(Path({str(lock)!r}), print) as held:\n"
        f"    child = subprocess.Popen([sys.executable, '-c', {program!r}], pass_fds=[held], stdout=subprocess.PIPE)\n"
        "    child.stdout.readline()\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    assert subprocess.run([sys.executable, "-c", starter], check=False).returncode == -9
    assert not ended.exists()

    said: list[str] = []
    with turn(lock, said.append) as held:
        assert ended.exists()
        assert (
            run(
                [sys.executable, "-c", f"import os; os.fstat({held})"], {}, tmp_path / "log", said.append, None, (held,)
            )
            == ""
        )
    assert any("earlier run" in words for words in said)
