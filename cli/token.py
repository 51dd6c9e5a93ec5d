"""`aura token`: an access token signed with the platform's own key."""

from __future__ import annotations

import sys
import time

import typer
from botocore.exceptions import BotoCoreError, ClientError
from joserfc.jwk import ECKey

from cli.aws.credentials import stored_secret
from cli.environment import PRIMARY
from cli.progress.steps import StepFailed
from contracts.platform import SIGNING_KEY_SECRET, secrets_prefix
from contracts.subjects import subject_error
from local.plugins.home import STACK
from local.site import Site
from services.auth import signing
from services.auth.tokens import issue


def print_token(user: str, roles: list[str], ttl: int) -> None:
    if error := subject_error(user):
        raise typer.BadParameter(error, param_hint="--user")
    try:
        key = signing_key(Site.current())
    except StepFailed as failed:
        sys.exit(str(failed))
    try:
        print(issue(user, roles, key, time.time(), lifetime=ttl))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def signing_key(site: Site) -> ECKey:
    """The key with which the running platform signs now; raises StepFailed when it cannot be read."""
    name = f"{secrets_prefix(STACK)}{SIGNING_KEY_SECRET}"
    try:
        stored = stored_secret(site, PRIMARY, name)
        return signing.signing_key(signing.load_all(stored.current, stored.previous), stored.since, time.time())
    except (BotoCoreError, ClientError) as error:
        raise StepFailed(
            f"the signing key could not be read ({error}); is the platform up? `make up` starts it"
        ) from error
    except ValueError as error:
        raise StepFailed(f"the secret {name} holds no usable key ({error}); put one as docs/tokens.md says") from error
