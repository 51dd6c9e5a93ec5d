"""Where a recipe works: a folder of its own, a log, and commands that end when their starter ends."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

# A build whose starter was killed would only be in the way of the next one.
TIED_TO_US = ("setpriv", "--pdeathsig", "TERM", "--")


class MakingFailed(RuntimeError):
    """A tool could not be made. The message says why; the log holds what the commands printed."""


@dataclass(frozen=True)
class Workshop:
    """`folder` is where the product goes; `find` gives the path of another tool's program."""

    folder: Path
    log: Path
    find: Callable[[str], Path]

    def run(self, *command: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> None:
        """Runs a command that dies with us; what it prints goes to the log. Raises MakingFailed."""
        self._run((*TIED_TO_US, *command), Path(command[0]).name, cwd, env)

    def run_to_its_end(self, *command: str | Path, env: Mapping[str, str] | None = None) -> None:
        """Runs a command that goes on when we are killed, for one whose half work is worse than none."""
        self._run(command, Path(command[0]).name, None, env)

    def output(self, *command: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> str:
        """Like `run`; gives what the command prints on standard output."""
        return self._run((*TIED_TO_US, *command), Path(command[0]).name, cwd, env, keep=True)

    def _run(
        self,
        command: tuple[str | Path, ...],
        name: str,
        cwd: Path | None,
        env: Mapping[str, str] | None,
        keep: bool = False,
    ) -> str:
        with self.log.open("ab") as log:
            log.write(f"\n[{time.strftime('%H:%M:%S')}] {' '.join(map(str, command))}\n".encode())
            log.flush()
            done = subprocess.run(
                command,
                cwd=cwd,
                env={**os.environ, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if keep else log,
                stderr=log,
                check=False,
            )
            if done.returncode:
                log.write(done.stdout or b"")
                raise MakingFailed(f"{name} ended with code {done.returncode}")
        return (done.stdout or b"").decode()
