"""Only one pulumi process at a time updates the state of the stack."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from cli.deploy.stack import exclusive_lock
from tests.fixtures.waiting import until

PROGRAM = """
import pathlib, signal, subprocess
signal.signal(signal.SIGINT, signal.SIG_IGN)
left = subprocess.Popen(["sleep", "60"], close_fds=False)
pathlib.Path({left!r}).write_text(str(left.pid))
open({end!r}).close()  # a pipe: as soon as somebody writes
pathlib.Path({ended!r}).touch()
"""
STARTER = """
import sys
from pathlib import Path
from cli.deploy.stack import exclusive_lock
from cli.progress.subprocesses import run
with exclusive_lock(Path({lock!r}), print) as lock:
    run([sys.executable, "-c", {program!r}], {{}}, Path({log!r}), print, lock=lock)
"""


def test_the_program_of_a_killed_run_is_waited_for_but_not_its_leftover_child(tmp_path: Path) -> None:
    lock, left, end, ended = (tmp_path / name for name in ("lock", "left", "end", "ended"))
    os.mkfifo(end)
    program = PROGRAM.format(left=str(left), end=str(end), ended=str(ended))
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER.format(lock=str(lock), program=program, log=str(tmp_path / "log"))]
    )
    until("the program to run", lambda: left.exists() and left.read_text())
    starter.kill()
    starter.wait()
    try:
        output: list[str] = []

        def write(line: str) -> None:
            if not output:  # the program ends only once somebody waits for it
                os.close(os.open(end, os.O_WRONLY | os.O_NONBLOCK))
            output.append(line)

        with exclusive_lock(lock, write):
            assert ended.exists()
        assert any("earlier run" in line for line in output)
    finally:
        os.kill(int(left.read_text()), signal.SIGKILL)
