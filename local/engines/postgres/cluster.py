"""A data folder (PostgreSQL's "database cluster") without its server: made by initdb, run as an unprivileged user."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from local.engines.postgres.roles import SUPERUSER
from local.engines.runtime.process import EngineFailed
from local.toolchain import tools


class TimedOut(EngineFailed):
    """A program of PostgreSQL took too long, and was ended."""


def initialize(data: Path, password: str) -> None:
    """Makes an empty cluster. It is made under another name and then renamed, so an interrupted one starts anew."""
    unfinished = data.with_name(f"{data.name}.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    file = data.with_name("superuser.new")
    file.touch(mode=0o600)
    file.write_text(password)
    identity = ["-U", SUPERUSER, "-A", "scram-sha-256", f"--pwfile={file}"]
    run(["initdb", "-D", str(unfinished), *identity, "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "-k"])
    file.unlink()
    unfinished.rename(data)


def remove_stale_lock(data: Path) -> None:
    """Removes the lock file of a killed postmaster, and waits for the end of its children.

    When its parent has ended too, init may take seconds to reap the zombie; PostgreSQL's own check considers a
    zombie alive. The children end by themselves when they notice.
    """
    (data / "postmaster.pid").unlink(missing_ok=True)
    deadline = time.monotonic() + 5
    while _orphans(data) and time.monotonic() < deadline:
        time.sleep(0.02)


def unprivileged() -> list[str]:
    """PostgreSQL refuses uid 0. In this user namespace root has another uid; outside, the files belong to root."""
    if os.geteuid() != 0:
        return []
    nobody = pwd.getpwnam("nobody")  # initdb needs a user with a name
    return ["unshare", f"--map-user={nobody.pw_uid}", f"--map-group={nobody.pw_gid}", "--"]


def checked(folder: Path, settings: Mapping[str, str]) -> str | None:
    """What PostgreSQL says against settings of a server, without starting one; None if it accepts them.

    `folder` is empty, and for this.
    """
    folder.chmod(0o700)
    file = folder / "postgresql.conf"
    file.touch()
    argv = ["postgres", "-C", "port", "-D", str(folder), "-c", f"config_file={file}", "-c", "lc_messages=C"]
    try:
        run([*argv, *(word for name, value in settings.items() for word in ("-c", f"{name}={value}"))])
    except EngineFailed as error:
        reasons = [line.split(": ", 2)[-1].strip() for line in str(error).splitlines() if "FATAL" in line]
        return reasons[-1] if reasons else str(error)
    return None


def run(
    argv: list[str],
    environment: Mapping[str, str] | None = None,
    stdin: str | None = None,
    seconds: float | None = None,
) -> str:
    """Output of a program of PostgreSQL; `environment` is added to this process's own.

    The program ends with the thread that waits for it: it would write to a folder that the next attempt removes.
    Raises EngineFailed, and its subclass TimedOut after `seconds`.
    """
    command = [*unprivileged(), "setpriv", "--pdeathsig", "KILL", "--", str(tools.path(argv[0])), *argv[1:]]
    variables = {**os.environ, **(environment or {})}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env=variables, input=stdin, timeout=seconds
        )
    except subprocess.TimeoutExpired as error:
        raise TimedOut(f"{argv[0]} has not ended after {seconds:.0f} s") from error
    if done.returncode != 0:
        raise EngineFailed(f"{argv[0]} failed: {done.stderr[-800:]}")
    return done.stdout


def new_password() -> str:
    return secrets.token_urlsafe(24)


def _orphans(data: Path) -> list[int]:
    """Living processes whose working directory is the data folder."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "cwd").readlink() == data:
                found.append(int(entry.name))
        except (FileNotFoundError, PermissionError, ProcessLookupError):
            continue  # has ended, is a zombie, or belongs to another user
    return found
