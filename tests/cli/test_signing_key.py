"""The key with which `aura token` signs, before and after a rotation in Secrets Manager."""

from __future__ import annotations

import time

import pytest
from joserfc.jwk import ECKey

from cli import token
from cli.progress.steps import StepFailed
from services.auth import signing
from tests.fixtures.cloud import Cloud

pytestmark = pytest.mark.integration
SECRET = "cli/signing-key"


def test_a_new_key_signs_once_it_is_known_everywhere(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token, "SIGNING_KEY_SECRET", SECRET)
    old, new = (ECKey.generate_key("P-256").as_pem(private=True).decode() for _ in range(2))
    manager = cloud.client("secretsmanager")
    first = manager.create_secret(Name=f"aura/local/{SECRET}", SecretString=old)["VersionId"]
    assert token.signing_key(cloud.site).kid == signing.load(old).kid
    second = manager.put_secret_value(SecretId=f"aura/local/{SECRET}", SecretString=new)["VersionId"]
    assert token.signing_key(cloud.site).kid == signing.load(old).kid
    later = time.time() + signing.ACTIVATION_SECONDS + 1
    with monkeypatch.context() as patched:
        patched.setattr(token.time, "time", lambda: later)
        assert token.signing_key(cloud.site).kid == signing.load(new).kid
    stage = {"SecretId": f"aura/local/{SECRET}", "VersionStage": "AWSCURRENT"}
    manager.update_secret_version_stage(**stage, MoveToVersionId=first, RemoveFromVersionId=second)
    assert token.signing_key(cloud.site).kid == signing.load(new).kid  # the old one is current, but not yet everywhere


def test_a_secret_that_holds_no_key_is_named(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token, "SIGNING_KEY_SECRET", "cli/no-key")
    cloud.client("secretsmanager").create_secret(Name="aura/local/cli/no-key", SecretString="not a key")
    with pytest.raises(StepFailed, match="aura/local/cli/no-key"):
        token.signing_key(cloud.site)
    monkeypatch.setattr(token, "SIGNING_KEY_SECRET", "cli/nowhere")
    with pytest.raises(StepFailed, match="could not be read"):
        token.signing_key(cloud.site)
