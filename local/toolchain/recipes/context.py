"""What a recipe builds with: an output folder, a log, and commands that end with their parent process."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

# An orphaned build would compete with the next one.
DIE_WITH_PARENT = ("setpriv", "--pdeathsig", "TERM", "--")


class BuildFailed(RuntimeError):
    """A tool could not be built. The message gives the cause; the log holds the output of the commands."""


@dataclass(frozen=True)
class BuildContext:
    """`folder` receives the output; `tool_path` gives the path of another tool's program."""

    folder: Path
    log: Path
    tool_path: Callable[[str], Path]

    def run(self, *command: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> None:
        """Runs a command that ends with this process; its output goes to the log. Raises BuildFailed."""
        self._run((*DIE_WITH_PARENT, *command), Path(command[0]).name, cwd, env)

    def run_uninterrupted(self, *command: str | Path, env: Mapping[str, str] | None = None) -> None:
        """Runs a command that continues when this process is killed, because an interrupted one leaves damage."""
        self._run(command, Path(command[0]).name, None, env)

    def output(self, *command: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> str:
        """Like `run`; returns the standard output."""
        return self._run((*DIE_WITH_PARENT, *command), Path(command[0]).name, cwd, env, keep=True)

    def run_until(self, text: str, *command: str | Path, cwd: Path, seconds: float) -> None:
        """Runs a program until it prints `text`, then ends it with SIGTERM.

        Raises BuildFailed when it ends before, or has not ended after `seconds`.
        """
        with self.log.open("ab") as log:
            log.write(f"\n[{time.strftime('%H:%M:%S')}] {' '.join(map(str, command))}\n".encode())
            log.flush()
            process = subprocess.Popen(
                (*DIE_WITH_PARENT, *command),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            assert process.stdout
            deadline = threading.Timer(seconds, process.kill)
            deadline.start()
            printed = False
            for line in process.stdout:
                log.write(line.encode())
                if not printed and text in line:
                    printed = True
                    process.terminate()
            code = process.wait()
            deadline.cancel()
        if not printed or code == -signal.SIGKILL:
            name = Path(command[0]).name
            raise BuildFailed(f"{name} ended with code {code}; it should have printed {text!r}, and ended at SIGTERM")

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
                raise BuildFailed(f"{name} ended with code {done.returncode}")
        return (done.stdout or b"").decode()
