"""Objects that a region's cluster needs before the platform's manifests can be applied."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path

import yaml

from cli.progress.steps import Progress
from cli.progress.subprocesses import run
from contracts.platform import NAMESPACE
from local import toolchain
from local.gateway import certificate
from local.site import CHECKOUT, Site
from local.toolchain import tools


def kubectl(site: Site, region: str, log: Path, progress: Progress, *argv: str) -> str:
    config = site.kubeconfig(region)
    return run([tools.path("kubectl"), "--kubeconfig", config, *argv], {}, log, progress, cwd=CHECKOUT)


def apply(site: Site, region: str, log: Path, progress: Progress, *what: str) -> str:
    """Server-side apply; returns the number of objects."""
    printed = kubectl(
        site, region, log, progress, "apply", "--server-side", "--force-conflicts", "--field-manager=aura-up", *what
    )
    return f"{len(printed.splitlines())} objects"


def install_definitions(site: Site, region: str, log: Path, progress: Progress) -> str:
    """CRDs of Gateway API, Kong and CloudNativePG, and our own; returns once the API server serves them."""
    files = [*toolchain.crds(), CHECKOUT / "manifests" / "crds"]
    outcome = apply(site, region, log, progress, *(argument for file in files for argument in ("-f", str(file))))
    kubectl(site, region, log, progress, "wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
    return outcome


def install_secrets(site: Site, region: str, log: Path, progress: Progress) -> str:
    """The gateway's certificate."""
    issued = certificate.issue(site, ["*.aurawellness.com"])
    secrets = [
        _secret("gateway-tls", {"tls.crt": issued.certificate, "tls.key": issued.key}, kind="kubernetes.io/tls"),
    ]
    manifest = log.parent / "secrets.yaml"
    manifest.parent.mkdir(parents=True, exist_ok=True)
    manifest.touch(mode=0o600)
    manifest.write_text(yaml.safe_dump_all(secrets))
    try:
        return apply(site, region, log, progress, "-f", str(manifest))
    finally:
        manifest.unlink()


def _secret(name: str, values: Mapping[str, str], kind: str = "Opaque") -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": kind,
        "metadata": {"name": name, "namespace": NAMESPACE},
        "data": {key: base64.b64encode(value.encode()).decode() for key, value in values.items()},
    }
