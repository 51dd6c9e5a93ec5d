"""Profiles of the user's own AWS configuration, which would override the credentials of the local platform."""

from __future__ import annotations

import os

PROFILES = "AWS_PROFILE", "AWS_DEFAULT_PROFILE"
"""The environment variables that select one."""


def unset_profiles() -> None:
    """For this process and its children."""
    for name in PROFILES:
        os.environ.pop(name, None)
