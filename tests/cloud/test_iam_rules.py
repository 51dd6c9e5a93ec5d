"""Roles and policies that IAM refuses, with its code, and those that it takes."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from local.cloud.strict.iam import documents, names, quotas
from tests.cloud.signed import headers as signed_headers
from tests.fixtures.cloud import Cloud, code

pytestmark = pytest.mark.integration

ACCOUNT = "123456789012"


def document(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


def trust(principal: Any) -> str:
    return document(Principal=principal, Action="sts:AssumeRole")


TRUST = trust({"Service": "ec2.amazonaws.com"})
READ = document(Action="s3:GetObject", Resource="*")
NO_PRINCIPAL = document(Action="sts:AssumeRole")
UNKNOWN = trust({"AWS": f"arn:aws:iam::{ACCOUNT}:role/test-rules-none"})


@contextmanager
def role(cloud: Cloud, name: str) -> Iterator[str]:
    """The name of a role that is deleted with its policies in the end."""
    iam = cloud.client("iam")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    try:
        yield name
    finally:
        for attached in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
            iam.detach_role_policy(RoleName=name, PolicyArn=attached["PolicyArn"])
        for inline in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            iam.delete_role_policy(RoleName=name, PolicyName=inline)
        iam.delete_role(RoleName=name)


def test_a_policy_is_deleted_after_what_has_it_and_its_other_versions(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    arn = iam.create_policy(PolicyName="test-rules-attached", PolicyDocument=READ)["Policy"]["Arn"]
    with role(cloud, "test-rules-attached") as name:
        iam.attach_role_policy(RoleName=name, PolicyArn=arn)
        assert code(iam.delete_policy, PolicyArn=arn) == "DeleteConflict"
        assert code(iam.delete_role, RoleName=name) == "DeleteConflict"
        assert iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"][0]["PolicyArn"] == arn
        iam.detach_role_policy(RoleName=name, PolicyArn=arn)
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=READ)
    assert code(iam.delete_policy, PolicyArn=arn) == "DeleteConflict"
    iam.delete_policy_version(PolicyArn=arn, VersionId="v2")
    iam.delete_policy(PolicyArn=arn)
    assert code(iam.get_policy, PolicyArn=arn) == "NoSuchEntity"


def test_a_role_trusts_principals_that_exist(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    new = {"RoleName": "test-rules-trust"}
    for refused in (NO_PRINCIPAL, UNKNOWN, "no JSON", "[]"):
        assert code(iam.create_role, **new, AssumeRolePolicyDocument=refused) == "MalformedPolicyDocument"
    assert code(iam.get_role, **new) == "NoSuchEntity"
    with role(cloud, new["RoleName"]) as name:
        assert code(iam.update_assume_role_policy, RoleName=name, PolicyDocument=UNKNOWN) == "MalformedPolicyDocument"
        itself = trust({"AWS": [f"arn:aws:iam::{ACCOUNT}:root", iam.get_role(RoleName=name)["Role"]["Arn"]]})
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=itself)


@pytest.mark.parametrize(
    "principal",
    [
        *("*", {"AWS": "*"}, {"AWS": ACCOUNT}, {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}),
        {"AWS": ["arn:aws:iam::210987654321:role/others"]},
        {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"},
    ],
)
def test_everybody_accounts_others_and_providers_are_not_looked_up(principal: Any) -> None:
    assert documents.refusal_of_trust(trust(principal), lambda arn: False) is None


def test_identity_policies_have_no_principal(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    policy = {"PolicyName": "test-rules-principal", "PolicyDocument": document(Principal="*", Action="*", Resource="*")}
    assert code(iam.create_policy, **policy) == "MalformedPolicyDocument"
    with role(cloud, "test-rules-principal") as name:
        assert code(iam.put_role_policy, RoleName=name, **policy) == "MalformedPolicyDocument"
        assert iam.list_role_policies(RoleName=name)["PolicyNames"] == []
        iam.put_role_policy(RoleName=name, **{**policy, "PolicyDocument": READ})


def test_names_have_the_characters_of_names(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    for name in ("b 2", "a/b", "ä", "x" * 65):
        assert code(iam.create_role, RoleName=name, AssumeRolePolicyDocument=TRUST) == "ValidationError", name
    assert code(iam.create_user, UserName="b 2") == "ValidationError"
    assert code(iam.create_policy, PolicyName="b 2", PolicyDocument=READ) == "ValidationError"
    assert names.refusal("CreateRole", {"RoleName": "Az_0+=,.@-", "AssumeRolePolicyDocument": TRUST}) is None


def test_a_role_has_a_name_and_a_trust_policy(cloud: Cloud) -> None:
    url, kind = cloud.site.endpoint_url, {"Content-Type": "application/x-www-form-urlencoded"}
    for body, missing in (
        (b"Action=CreateRole&Version=2010-05-08", "roleName"),
        (b"Action=CreateRole&Version=2010-05-08&RoleName=test-rules-raw", "assumeRolePolicyDocument"),
    ):
        headers = signed_headers("iam", url, "POST", body, kind)
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=5)
        answer = refused.value.read().decode()
        assert refused.value.code == 400
        assert "<Code>ValidationError</Code>" in answer
        assert f"'{missing}' failed to satisfy constraint: Member must not be null" in answer


def test_a_permissions_boundary_exists(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    none, real = (f"arn:aws:iam::aws:policy/{name}" for name in ("Nope", "PowerUserAccess"))
    new = {"RoleName": "test-rules-boundary", "AssumeRolePolicyDocument": TRUST}
    assert code(iam.create_role, **new, PermissionsBoundary=none) == "NoSuchEntity"
    assert code(iam.create_user, UserName="test-rules-boundary", PermissionsBoundary=none) == "NoSuchEntity"
    with role(cloud, new["RoleName"]) as name:
        assert code(iam.put_role_permissions_boundary, RoleName=name, PermissionsBoundary=none) == "NoSuchEntity"
        iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=real)
        assert iam.get_role(RoleName=name)["Role"]["PermissionsBoundary"]["PermissionsBoundaryArn"] == real


def test_ten_policies_are_attached_at_most(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    with role(cloud, "test-rules-ten") as name:
        arns = [
            iam.create_policy(PolicyName=f"test-rules-{n}", PolicyDocument=READ)["Policy"]["Arn"] for n in range(11)
        ]
        for arn in (*arns[:10], arns[0]):
            iam.attach_role_policy(RoleName=name, PolicyArn=arn)
        assert code(iam.attach_role_policy, RoleName=name, PolicyArn=arns[10]) == "LimitExceeded"
        iam.detach_role_policy(RoleName=name, PolicyArn=arns[0])
        iam.attach_role_policy(RoleName=name, PolicyArn=arns[10])
    for arn in arns:
        iam.delete_policy(PolicyArn=arn)


def test_inline_policies_of_a_role_have_10240_characters_in_sum(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    empty = len(document(Action="s3:GetObject", Resource=["arn:aws:s3:::"]).replace(" ", ""))

    def sized(characters: int, indent: int | None = None) -> str:
        resource = "arn:aws:s3:::" + "x" * (characters - empty)
        text = document(Action="s3:GetObject", Resource=[resource])
        return json.dumps(json.loads(text), indent=indent)

    with role(cloud, "test-rules-inline") as name:
        iam.put_role_policy(RoleName=name, PolicyName="one", PolicyDocument=sized(5_000))
        one_more = {"RoleName": name, "PolicyName": "two"}
        assert code(iam.put_role_policy, **one_more, PolicyDocument=sized(5_241)) == "LimitExceeded"
        iam.put_role_policy(**one_more, PolicyDocument=sized(5_240, indent=200))
        iam.put_role_policy(**one_more, PolicyDocument=sized(5_240))  # instead of the one before


@pytest.mark.parametrize(("kind", "most"), [("role", 10_240), ("user", 2_048), ("group", 5_120)])
def test_each_kind_of_identity_has_its_quota(kind: str, most: int) -> None:
    assert quotas.refusal_of_inline(kind, "x", {"a": "x" * most + " \n"}) is None
    assert quotas.refusal_of_inline(kind, "x", {"a": "x" * most, "b": "x"}) is not None
