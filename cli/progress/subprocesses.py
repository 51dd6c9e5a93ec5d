"""Runs an external program; its output goes to a log, its last line is shown as progress."""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from cli.progress.steps import Progress, StepFailed

_libc = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


def run(
    argv: Sequence[str | Path],
    env: Mapping[str, str],
    log: Path,
    progress: Progress,
    cwd: Path | None = None,
    lock: IO[str] | None = None,
) -> str:
    """Standard output of the program. Raises StepFailed with its exit code.

    `lock` is a file that the program itself locks while it runs (fcntl.lockf). Its children do not inherit the lock,
    so a leftover child blocks nobody.

    The program gets SIGINT when this process dies, even by SIGKILL, so that it can finish what it has begun.
    """

    def prepare() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
        if lock is not None:
            fcntl.lockf(lock, fcntl.LOCK_EX)

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
            pass_fds=() if lock is None else (lock.fileno(),),
            preexec_fn=prepare,
        ) as process,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            out.write(line)
            out.flush()
            lines.append(line)
            if line.strip():
                progress(line.strip()[:110])
    if process.returncode != 0:
        raise StepFailed(f"{Path(argv[0]).name} {argv[1] if len(argv) > 1 else ''} ended with {process.returncode}")
    return "".join(lines)
