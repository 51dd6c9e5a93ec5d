"""The effect of `aura env` on a shell."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from cli.aws.profiles import PROFILES
from tests.cli.commands import aura


def test_a_profile_of_the_user_does_not_win(tmp_path: Path) -> None:
    script = f'eval "$(cat)"; echo "$AWS_ACCESS_KEY_ID {" ".join(f"${{{name}-unset}}" for name in PROFILES)}"'
    shell = subprocess.run(
        ["sh", "-ec", script],
        env={**os.environ, **dict.fromkeys(PROFILES, "theirs")},
        input=aura(tmp_path, "env").stdout,
        capture_output=True,
        text=True,
        check=True,
    )
    assert shell.stdout.split() == ["local", *["unset"] * len(PROFILES)]


def test_commands_do_not_look_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROFILES:
        monkeypatch.setenv(name, "theirs")
    result = aura(tmp_path, "status")
    assert "Nothing runs here" in result.stdout
    assert "theirs" not in result.stdout + result.stderr
