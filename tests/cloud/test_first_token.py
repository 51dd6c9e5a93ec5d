"""README's step 8 by its own command: a stack's signing key, with a person's credentials, on the local endpoint."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from local.cloud.context import ACCOUNT
from local.site import CHECKOUT
from tests.fixtures.cloud import KEY, Cloud
from tests.infra.recording import configuration
from tests.infra.to_aws import commands
from tests.manifests.overlays import of_kind

pytestmark = pytest.mark.integration
STEPS = commands(CHECKOUT / "README.md")
ROOMS = ("bin", "cli", "contracts", "infra", "local", "operators", "runbooks", "services")
SECRET = "aura/prod/auth/signing-key"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """After README's step 2; `curl` writes what it is asked for."""
    for room in ROOMS:
        shutil.copytree(CHECKOUT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    file = CHECKOUT / "Pulumi.prod.yaml"
    account = configuration("prod")["aura:account"]
    (tmp_path / file.name).write_text(file.read_text().replace(account, ACCOUNT))
    (tmp_path / ".venv").symlink_to((CHECKOUT / ".venv").resolve())
    curl = tmp_path / "bin" / "curl"
    curl.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    curl.chmod(0o755)
    return tmp_path


@pytest.fixture
def key(cloud: Cloud) -> Iterator[str]:
    pem = ECKey.generate_key("P-256").as_pem(private=True).decode()
    manager = cloud.client("secretsmanager")
    manager.create_secret(Name=SECRET, SecretString=pem)
    yield pem
    manager.delete_secret(SecretId=SECRET, ForceDeleteWithoutRecovery=True)


def test_a_first_token_is_sent_to_the_history_of_its_person(cloud: Cloud, clone: Path, key: str) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("AWS", "PYTHON"))}
    credentials = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), KEY)
    export = next(line for line in STEPS[1] if line.startswith("export"))
    done = subprocess.run(
        ["bash", "-c", "\n".join(["set -eo pipefail", export, *STEPS[8]])],
        cwd=clone,
        env={**environ, **credentials, "AWS_ENDPOINT_URL": cloud.site.endpoint_url},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    option, header, url = done.stdout.splitlines()
    assert option == "-H"
    token = header.removeprefix("Authorization: Bearer ")
    claims = jwt.decode(token, ECKey.import_key(key), algorithms=["ES256"]).claims
    assert (claims["iss"], claims["sub"]) == (configuration("prod")["aura:tokenIssuer"], "ada")
    (route,) = of_kind("prod", "AuraService")["history"]["spec"]["routes"]
    assert url == f"https://{route['host']}{route['path']}"
