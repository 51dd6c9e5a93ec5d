"""Installs Debian packages without starting their services."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from local.toolchain.recipes.context import BuildContext, BuildFailed

INSTALL = Path(__file__).with_name("install_packages.sh")


def install(packages: tuple[str, ...], context: BuildContext) -> None:
    """Raises BuildFailed, with the command for an administrator, when this user may not install packages."""
    if not shutil.which("apt-get"):
        raise BuildFailed(
            f"apt-get is not installed; install the equivalents of the Debian packages {' '.join(packages)}"
        )
    if os.geteuid() and not can_install():
        raise BuildFailed(
            "this user may not install packages; ask an administrator to run "
            f"`apt-get install --no-install-recommends {' '.join(packages)}`, then run the command again"
        )
    privilege = () if os.geteuid() == 0 else ("sudo", "-n")
    # An interrupted dpkg leaves the system's package database in need of repair.
    context.run_uninterrupted(*privilege, "sh", INSTALL, *packages)


def can_install() -> bool:
    """Whether packages can be installed without a password prompt."""
    if os.geteuid() == 0:
        return True
    if not shutil.which("sudo"):
        return False
    return subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0


def prompt_for_password() -> None:
    """Lets sudo prompt on the terminal before a progress display uses it. `install` reports a failure."""
    if not can_install() and shutil.which("sudo") and os.isatty(0):
        subprocess.run(["sudo", "-v", "-p", "Password of %u, to install Debian packages: "], check=False)
