"""Profiles of the user's own AWS configuration, which would override the credentials of the local platform."""

from __future__ import annotations

import os

PROFILES = "AWS_PROFILE", "AWS_DEFAULT_PROFILE"
"""The environment variables that select one."""


def take_profile() -> str | None:
    """The selected profile; unset for this process and its children. A command for a stack on AWS asks for it."""
    selected = [os.environ.pop(name, None) for name in PROFILES]
    return next(filter(None, selected), None)
