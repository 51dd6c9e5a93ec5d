"""The platform's own program under the rules, and that no type of it is out of their sight."""

from __future__ import annotations

import inspect
import re

import pulumi_aws as aws
import pytest

from infra.policies.configuration import configuration, without_secrets
from infra.policies.rules import encryption, iam
from infra.policies.rules.bucket_encryption import ENCRYPTION
from tests.infra.policies import good
from tests.infra.policies.programs import bootstrap, declared, found, small

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
STACKS = ("local", "staging", "prod")


@pytest.mark.parametrize("outputs_known", [True, False], ids=["update", "first preview"])
@pytest.mark.parametrize("stack", STACKS)
def test_the_platform_keeps_every_rule(stack: str, outputs_known: bool) -> None:
    judged = declared(stack, outputs_known)
    assert len(judged.resources) > 150
    assert found(judged) == []


@pytest.mark.parametrize("stack", STACKS)
def test_the_accounts_bootstrap_keeps_every_rule(stack: str) -> None:
    judged = bootstrap(stack)
    assert len(judged.resources) > 15
    assert found(judged) == []


def test_whatever_takes_a_key_is_asked_for_one() -> None:
    """Types of the program with an input for a KMS key: those which name keys for another purpose are named here."""
    not_storage = {"aws:kms/alias:Alias", "aws:kms/key:Key", "aws:kms/replicaKey:ReplicaKey"}
    types = {resource.type for stack in STACKS for resource in declared(stack).resources if resource.type[:4] == "aws:"}
    assert len(types) > 40
    takes = {type for type in types if re.search("kms_?(master_)?key|key_arn", " ".join(_inputs(type)))}
    assert takes - not_storage <= encryption.CHECKS.keys() | {ENCRYPTION}
    assert "aws:rds/instance:Instance" in takes


def _inputs(type: str) -> list[str]:
    """Names of the arguments of a type's class, "aws:rds/instance:Instance" being pulumi_aws.rds.Instance."""
    module, _, name = type.removeprefix("aws:").partition(":")
    found = getattr(getattr(aws, module.split("/")[0].replace("lambda", "lambda_")), name)
    return list(inspect.signature(found._internal_init).parameters)


def test_every_exception_says_where_aws_says_so() -> None:
    for action, source in {**iam.WITHOUT_RESOURCE, **iam.FAMILIES}.items():
        assert re.fullmatch(r"[a-z0-9]+:[A-Za-z]+\*?", action)
        assert source.startswith("https://docs.aws.amazon.com/")


def test_the_policy_of_the_workflows_role_is_the_only_exception() -> None:
    assert found(small(lambda: good.role_policy("aura-deploy", Action="*"))) != []  # in another project it is none
    assert list(iam.EXEMPT) == [("aura-bootstrap", "aura-deploy")]


@pytest.mark.parametrize(
    ("values", "refused"),
    [
        ({"aura:databasePassword": "hunter2"}, "aura:databasePassword is a secret by its name"),
        ({"aura:regions": {"us-west-2": {"apiKey": "1"}}}, "aura:regions.us-west-2.apiKey is a secret by its name"),
        ({"aura:webhook": "https://u:p@hooks.example/1"}, "aura:webhook has a secret in its text"),
    ],
)
def test_a_secret_in_the_configuration_is_refused(values: dict[str, object], refused: str) -> None:
    (line,) = found(small(good.key, config=values))
    assert line.startswith(f"no-secrets-in-configuration: aura-prod: Pulumi.prod.yaml: {refused}")


def test_an_encrypted_value_is_not_in_plain_text() -> None:
    values = {"password": {"secure": "v1:x"}, "domain": "d", "list": [{"token": {"secure": "v1:y"}, "size": 1}]}
    assert without_secrets(values) == {"domain": "d", "list": [{"size": 1}]}
    assert configuration("aura", "prod")["aura:domain"] == "aurawellness.com"
