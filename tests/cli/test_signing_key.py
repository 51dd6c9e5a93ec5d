"""The key with which `aura token` signs, before and after a rotation in Secrets Manager."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
import typer
from joserfc import jwt
from joserfc.jwk import ECKey

from cli import token
from cli.aws import stacks
from cli.progress.steps import StepFailed
from contracts import signing_keys
from services.auth import signing
from tests.fixtures.cloud import KEY, Cloud

pytestmark = pytest.mark.integration
SECRET = "cli/signing-key"


def test_a_new_key_signs_once_it_is_known_everywhere(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token, "SIGNING_KEY_SECRET", SECRET)
    old, new = (ECKey.generate_key("P-256").as_pem(private=True).decode() for _ in range(2))
    manager = cloud.client("secretsmanager")
    first = manager.create_secret(Name=f"aura/local/{SECRET}", SecretString=old)["VersionId"]
    assert token.signing_key(cloud.site).kid == signing_keys.load(old).kid
    second = manager.put_secret_value(SecretId=f"aura/local/{SECRET}", SecretString=new)["VersionId"]
    assert token.signing_key(cloud.site).kid == signing_keys.load(old).kid
    later = time.time() + signing.ACTIVATION_SECONDS + 1
    with monkeypatch.context() as patched:
        patched.setattr(token.time, "time", lambda: later)
        assert token.signing_key(cloud.site).kid == signing_keys.load(new).kid
    stage = {"SecretId": f"aura/local/{SECRET}", "VersionStage": "AWSCURRENT"}
    manager.update_secret_version_stage(**stage, MoveToVersionId=first, RemoveFromVersionId=second)
    assert (
        token.signing_key(cloud.site).kid == signing_keys.load(new).kid
    )  # the old one is current, but not yet everywhere


def test_a_secret_that_holds_no_key_is_named(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token, "SIGNING_KEY_SECRET", "cli/no-key")
    cloud.client("secretsmanager").create_secret(Name="aura/local/cli/no-key", SecretString="not a key")
    with pytest.raises(StepFailed, match="aura/local/cli/no-key"):
        token.signing_key(cloud.site)
    monkeypatch.setattr(token, "SIGNING_KEY_SECRET", "cli/nowhere")
    with pytest.raises(StepFailed, match="could not be read"):
        token.signing_key(cloud.site)


def test_the_key_of_a_stack_on_aws_is_read_with_the_users_credentials_and_in_its_account_only(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud.site.endpoint_url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEY)
    pem = ECKey.generate_key("P-256").as_pem(private=True).decode()
    cloud.client("secretsmanager").create_secret(Name="aura/staging/auth/signing-key", SecretString=pem)
    with pytest.raises(SystemExit, match="credentials are of account 123456789012, and the stack is in"):
        token.print_token("ada", [], 900, "staging", None)
    staging = stacks.read("staging")
    monkeypatch.setattr(stacks, "read", lambda name: replace(staging, account="123456789012"))
    token.print_token("ada", [], 900, "staging", None)
    issued = jwt.decode(capsys.readouterr().out.strip(), ECKey.import_key(pem), algorithms=["ES256"])
    assert issued.claims["iss"] == "https://auth.staging.aurawellness.com"
    assert issued.header["kid"] == signing_keys.load(pem).kid


def test_a_stack_that_no_file_declares_is_refused_by_name() -> None:
    with pytest.raises(typer.BadParameter, match=r"no stack 'production' here.*'prod', 'staging'"):
        token.print_token("ada", [], 900, "production", None)
