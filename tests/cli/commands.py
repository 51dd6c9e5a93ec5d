"""Runs the `aura` command on a site where nothing runs."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from local.site import CHECKOUT, REGIONS

SITE = "9"
_KUBECONFIG = """\
apiVersion: v1
kind: Config
clusters: [{name: unavailable, cluster: {server: "https://127.0.0.1:9"}}]
users: [{name: unavailable, user: {token: any}}]
contexts: [{name: unavailable, context: {cluster: unavailable, user: unavailable}}]
current-context: unavailable
"""


def aura(home: Path, *argv: str, stdin: str = "", site: str = SITE) -> subprocess.CompletedProcess[str]:
    """The finished command; fails the test when it printed a traceback."""
    keep = {k: v for k, v in os.environ.items() if not k.startswith("AURA_")}
    done = subprocess.run(
        [CHECKOUT / "bin" / "aura", *argv],
        env={**keep, "AURA_HOME": str(home), "AURA_SITE": site},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "Traceback" not in done.stdout + done.stderr, done.stderr
    return done


def stopped(home: Path) -> Path:
    """A site whose clusters are down: kubeconfigs of servers that do not answer."""
    for region in REGIONS:
        file = home / "kube" / region / "kubeconfig"
        file.parent.mkdir(parents=True)
        file.write_text(_KUBECONFIG)
    return home
