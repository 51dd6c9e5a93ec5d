"""Profiles of the person's own AWS files, which would win over the access that the local platform gives."""

from __future__ import annotations

import os

PROFILES = "AWS_PROFILE", "AWS_DEFAULT_PROFILE"
"""The variables that name one."""


def forget_profiles() -> None:
    """For this process and those it starts."""
    for name in PROFILES:
        os.environ.pop(name, None)
