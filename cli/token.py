"""`aura token`: an access token signed with the platform's own key."""

from __future__ import annotations

import sys
import time

import typer
from botocore.exceptions import BotoCoreError, ClientError
from joserfc.jwk import ECKey

from cli.aws.credentials import secret_value
from cli.environment import PRIMARY
from cli.progress.steps import StepFailed
from contracts.platform import SIGNING_KEY_SECRET
from local.site import Site
from services.auth.signing import load
from services.auth.tokens import issue


def print_token(user: str, roles: list[str], ttl: int) -> None:
    if not user:
        raise typer.BadParameter("a token needs a user", param_hint="--user")
    try:
        key = signing_key(Site.current())
    except StepFailed as failed:
        sys.exit(str(failed))
    print(issue(user, roles, key, time.time(), lifetime=ttl))


def signing_key(site: Site) -> ECKey:
    """The key of the running platform; raises StepFailed when it cannot be read."""
    try:
        return load(secret_value(site, PRIMARY, SIGNING_KEY_SECRET))
    except (BotoCoreError, ClientError) as error:
        raise StepFailed(
            f"the signing key could not be read ({error}); is the platform up? `make up` starts it"
        ) from error
