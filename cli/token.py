"""`aura token`: an access token signed with the platform's own key."""

from __future__ import annotations

import sys
import time

from botocore.exceptions import BotoCoreError, ClientError

from cli.credentials import secret_value
from contracts.platform import SIGNING_KEY_SECRET
from local.site import Site
from services.auth.signing import load
from services.auth.tokens import issue

PRIMARY = "us-west-2"


def print_token(user: str, roles: list[str], ttl: int) -> None:
    try:
        key = load(secret_value(Site.current(), PRIMARY, SIGNING_KEY_SECRET))
    except (BotoCoreError, ClientError) as error:
        sys.exit(f"the signing key could not be read ({error}); is the platform up? `make up` starts it")
    print(issue(user, roles, key, time.time(), lifetime=ttl))
