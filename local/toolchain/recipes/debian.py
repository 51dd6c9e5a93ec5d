"""Installing Debian packages, without letting them start services of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from local.toolchain.recipes.context import MakingFailed, Workshop

INSTALL = Path(__file__).with_name("install_packages.sh")


def install(packages: tuple[str, ...], workshop: Workshop) -> None:
    """Raises MakingFailed, with the command for an administrator, when this user may not install packages."""
    if not shutil.which("apt-get"):
        raise MakingFailed(f"there is no apt-get here; install what Debian calls {' '.join(packages)}")
    if os.geteuid() and not may_install():
        raise MakingFailed(
            "this user may not install packages; ask an administrator to run "
            f"`apt-get install --no-install-recommends {' '.join(packages)}`, then repeat"
        )
    privilege = () if os.geteuid() == 0 else ("sudo", "-n")
    # To its end: dpkg killed half-way leaves the system's package database in need of repair.
    workshop.run_to_its_end(*privilege, "sh", INSTALL, *packages)


def may_install() -> bool:
    """Whether packages can be installed without a question now."""
    if os.geteuid() == 0:
        return True
    if not shutil.which("sudo"):
        return False
    return subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0


def ask_for_password() -> None:
    """Lets sudo ask on the terminal, before a progress display takes that over. A refusal shows up in `install`."""
    if not may_install() and shutil.which("sudo") and os.isatty(0):
        subprocess.run(["sudo", "-v", "-p", "Password of %u, to install Debian packages: "], check=False)
