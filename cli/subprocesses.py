"""Runs a program of somebody else's, its output in a log and its last line told as progress."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from cli.steps import Say, StepFailed

_libc = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


def run(
    argv: Sequence[str | Path],
    env: Mapping[str, str],
    log: Path,
    say: Say,
    cwd: Path | None = None,
    pass_fds: Sequence[int] = (),
) -> str:
    """Standard output of the program, which inherits `pass_fds`. Raises StepFailed with its exit code.

    The program is interrupted when this process dies, however it dies, so that it can finish what it holds open.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    lines: list[str] = []
    with (
        log.open("a") as out,
        subprocess.Popen(
            [str(a) for a in argv],
            env={**os.environ, **env},
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            pass_fds=pass_fds,
            preexec_fn=lambda: _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGINT),
        ) as process,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            out.write(line)
            out.flush()
            lines.append(line)
            if line.strip():
                say(line.strip()[:110])
    if process.returncode != 0:
        raise StepFailed(f"{Path(argv[0]).name} {argv[1] if len(argv) > 1 else ''} ended with {process.returncode}")
    return "".join(lines)
