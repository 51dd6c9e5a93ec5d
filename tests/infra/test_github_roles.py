"""Which of GitHub's jobs a role of the account trusts, and for how long."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest
import yaml
from pulumi.runtime import mocks
from pydantic import ValidationError

from infra.bootstrap.github import GitHub
from tests.infra.recording import Recording, event_loop, record_options
from tests.infra.test_deploy_role import config
from tests.workflows.blocks import FOLDER

SUBJECT = "token.actions.githubusercontent.com:sub"


def declared(repository: str) -> dict[str, Any]:
    """The role of jobs with the environment `prod`."""
    recording = Recording(outputs_known=True)
    with event_loop() as loop:
        mocks.set_mocks(recording, project="aura-bootstrap", stack="prod")
        record_options(recording)

        def program() -> None:
            GitHub("aura-github", config(repository=repository).repository, pulumi.ResourceOptions()).role(
                "aura-deploy", "environment:prod", []
            )

        loop.run_until_complete(pulumi.runtime.stack.run_pulumi_func(program))  # pyright: ignore[reportArgumentType]
    return recording.of("aws:iam/role:Role")["aura-deploy"]


@pytest.mark.parametrize("repository", ["aura-wellness/control-plane", "aura-wellness@123456/control-plane@456789"])
def test_a_role_trusts_the_form_of_subject_that_the_repository_sends(repository: str) -> None:
    (statement,) = json.loads(declared(repository)["assumeRolePolicy"])["Statement"]
    assert statement["Condition"]["StringEquals"][SUBJECT] == f"repo:{repository}:environment:prod"


@pytest.mark.parametrize("repository", ["aura@1/plane", "aura/plane@1", "aura@/plane@", "aura@x/plane@1", "a@1/b@1/c"])
def test_ids_belong_to_both_names_or_to_none(repository: str) -> None:
    with pytest.raises(ValidationError, match="owner@id/name@id"):
        config(repository=repository)


def test_no_job_asks_for_a_longer_session_than_its_role_gives() -> None:
    longest = declared("aura-wellness/control-plane")["maxSessionDuration"]
    asked = {
        f"{file.stem}/{job}": int(step["with"]["role-duration-seconds"])
        for file in FOLDER.glob("*.yml")
        for job, content in yaml.safe_load(file.read_text())["jobs"].items()
        for step in content.get("steps", ())
        if "role-duration-seconds" in step.get("with", {})
    }
    assert asked.keys() >= {"deploy/deploy", "recover/recover"}
    assert set(asked.values()) == {longest}
