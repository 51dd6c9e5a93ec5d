"""The `aura` command as a person types it, on a site where nothing runs unless a test makes something."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from local.site import CHECKOUT, REGIONS

SITE = "9"
_KUBECONFIG = """\
apiVersion: v1
kind: Config
clusters: [{name: away, cluster: {server: "https://127.0.0.1:9"}}]
users: [{name: away, user: {token: any}}]
contexts: [{name: away, context: {cluster: away, user: away}}]
current-context: away
"""


def aura(home: Path, *argv: str, stdin: str = "", site: str = SITE) -> subprocess.CompletedProcess[str]:
    """What the command said; fails the test when that is a traceback."""
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
    """A site whose clusters were there and are down: kubeconfigs that lead to nothing."""
    for region in REGIONS:
        file = home / "kube" / region / "kubeconfig"
        file.parent.mkdir(parents=True)
        file.write_text(_KUBECONFIG)
    return home
