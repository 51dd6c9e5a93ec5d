"""`aura token`: an access token signed with a stack's own key, of the platform on this machine or of one on AWS."""

from __future__ import annotations

import sys
import time
from typing import Any

import typer
from botocore.exceptions import BotoCoreError, ClientError
from joserfc.jwk import ECKey

from cli.aws import stacks
from cli.aws.credentials import WrongAccount, local_client, own_client, stored_secret
from cli.progress.steps import StepFailed
from contracts import signing_keys
from contracts.platform import SIGNING_KEY_SECRET, secrets_prefix
from contracts.subjects import subject_error
from local.observe.serving import serving_region
from local.plugins.home import STACK
from local.site import Site
from services.auth import signing
from services.auth.tokens import issue

_LOCALLY = "is the platform up? `make up` starts it"
_ON_AWS = "have your AWS credentials (AWS_PROFILE) leave to read it, and is the stack up?"


def print_token(user: str, roles: list[str], ttl: int, stack: str, profile: str | None) -> None:
    """`profile` of the user's AWS configuration is for any stack but the local one."""
    if error := subject_error(user):
        raise typer.BadParameter(error, param_hint="--user")
    try:
        declared = stacks.read(stack)
        key = signing_key(Site.current()) if stack == STACK else _key_on_aws(declared, profile)
    except stacks.UnknownStack as error:
        raise typer.BadParameter(str(error), param_hint="--stack") from error
    except StepFailed as failed:
        sys.exit(str(failed))
    try:
        print(issue(user, roles, key, time.time(), issuer=declared.token_issuer, lifetime=ttl))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def signing_key(site: Site) -> ECKey:
    """The key with which the platform on this machine signs now; raises StepFailed when it cannot be read."""
    return _read(local_client(site, "secretsmanager", serving_region(site)), STACK, _LOCALLY)


def _key_on_aws(stack: stacks.Stack, profile: str | None) -> ECKey:
    try:
        return _read(own_client(stack, "secretsmanager", profile), stack.name, _ON_AWS)
    except (BotoCoreError, ClientError, WrongAccount) as error:
        raise StepFailed(f"no access to the account of stack {stack.name}: {error}") from error


def _read(client: Any, stack: str, question: str) -> ECKey:
    name = f"{secrets_prefix(stack)}{SIGNING_KEY_SECRET}"
    try:
        stored = stored_secret(client, name)
        return signing.signing_key(signing_keys.load_all(stored.current, stored.previous), stored.since, time.time())
    except (BotoCoreError, ClientError) as error:
        raise StepFailed(f"the signing key {name} could not be read ({error}); {question}") from error
    except ValueError as error:
        raise StepFailed(f"the secret {name} holds no usable key ({error}); put one as docs/tokens.md says") from error
