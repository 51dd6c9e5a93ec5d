"""What commands say where the platform is down, was never up, or holds two answers."""

from __future__ import annotations

from pathlib import Path

import pytest
from urllib3.exceptions import HTTPError

from cli.logs import several
from local.observe import kube
from local.observe.model import Pod
from tests.cli.commands import aura, stopped

COMMANDS = (["logs", "ingest"], ["wearables"], ["dead-letters", "list"])


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_platform_that_is_down_is_told_in_a_sentence_with_what_to_do(tmp_path: Path, command: list[str]) -> None:
    said = aura(stopped(tmp_path), *command)
    assert said.returncode == 1
    assert "does not answer" in said.stderr
    assert "make up" in said.stderr


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_platform_that_was_never_up_is_told_with_what_to_do(tmp_path: Path, command: list[str]) -> None:
    said = aura(tmp_path, *command)
    assert said.returncode == 1
    assert "no cluster runs here" in said.stderr
    assert "make up" in said.stderr


@pytest.mark.parametrize(
    ("message", "said"), [("refused\nat host", "(refused)"), ("", "(HTTPError)"), ("\n", "(HTTPError)")]
)
def test_of_an_error_the_first_line_is_told_or_else_its_kind(message: str, said: str) -> None:
    assert said in kube.unavailable_message("us-west-2", HTTPError(message))


def test_a_token_needs_a_user(tmp_path: Path) -> None:
    said = aura(tmp_path, "token", "--user", "")
    assert said.returncode == 2
    assert "--user" in said.stderr


def test_of_several_pods_each_is_named_with_the_command_for_it() -> None:
    pods = [Pod("us-west-2", "aura", f"ingest-{n}", "node-1", "Running", True, 0, "") for n in (1, 2)]
    said = several("ingest", pods, ["--follow"])
    assert "2 Pods" in said
    assert "\n    aura logs ingest-1 --follow" in said
    assert "\n    aura logs ingest-2 --follow" in said
