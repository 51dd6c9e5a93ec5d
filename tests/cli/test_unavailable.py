"""Output of commands when the platform is down, was never started, or a name is ambiguous."""

from __future__ import annotations

from pathlib import Path

import pytest
from urllib3.exceptions import HTTPError

from cli.logs import ambiguous
from local.observe import kube
from local.observe.model import Pod
from tests.cli.commands import aura, stopped

COMMANDS = (["logs", "ingest"], ["wearables"], ["dead-letters", "list"])


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_platform_that_is_down_is_reported_with_what_to_do(tmp_path: Path, command: list[str]) -> None:
    result = aura(stopped(tmp_path), *command)
    assert result.returncode == 1
    assert "does not answer" in result.stderr
    assert "make up" in result.stderr


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_platform_that_was_never_started_is_reported_with_what_to_do(tmp_path: Path, command: list[str]) -> None:
    result = aura(tmp_path, *command)
    assert result.returncode == 1
    assert "no cluster runs here" in result.stderr
    assert "make up" in result.stderr


@pytest.mark.parametrize("command", [["images"], ["region", "status"], ["inventory"]], ids=" ".join)
def test_a_command_that_needs_the_endpoint_fails_with_make_up_while_it_is_down(
    tmp_path: Path, command: list[str]
) -> None:
    result = aura(tmp_path, *command)
    assert result.returncode == 1
    assert "make up" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("message", "detail"), [("refused\nat host", "(refused)"), ("", "(HTTPError)"), ("\n", "(HTTPError)")]
)
def test_an_error_is_reported_by_its_first_line_or_else_its_class(message: str, detail: str) -> None:
    assert detail in kube.unavailable_message("us-west-2", HTTPError(message))


def test_a_token_needs_a_user(tmp_path: Path) -> None:
    result = aura(tmp_path, "token", "--user", "")
    assert result.returncode == 2
    assert "--user" in result.stderr


def test_each_of_several_matching_pods_is_named_with_its_command() -> None:
    pods = [Pod("us-west-2", "aura", f"ingest-{n}", "node-1", "Running", True, 0, "") for n in (1, 2)]
    message = ambiguous("ingest", pods, ["--follow"])
    assert "2 Pods" in message
    assert "\n    aura logs ingest-1 --follow" in message
    assert "\n    aura logs ingest-2 --follow" in message
