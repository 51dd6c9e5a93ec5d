"""IAM roles for AWS services and for Kubernetes ServiceAccounts."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from infra.components.base import Component


def service_role(
    parent: Component, name: str, service: str, managed: Sequence[str]
) -> tuple[aws.iam.Role, list[aws.iam.RolePolicyAttachment]]:
    """A role that `service` assumes, with AWS managed policies; depend on the attachments before using it."""
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}],
    }
    role = aws.iam.Role(name, name=name, assume_role_policy=json.dumps(trust), opts=parent.child())
    attachments = [
        aws.iam.RolePolicyAttachment(
            f"{name}-{policy}", role=role.name, policy_arn=f"arn:aws:iam::aws:policy/{policy}", opts=parent.child()
        )
        for policy in managed
    ]
    return role, attachments


class OidcProvider(Component):
    """The IAM OIDC provider of one cluster, by which AWS trusts its ServiceAccount tokens."""

    def __init__(self, name: str, issuer: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self.issuer = pulumi.Output.from_input(issuer)
        self.provider = aws.iam.OpenIdConnectProvider(
            name, url=issuer, client_id_lists=["sts.amazonaws.com"], opts=self.child()
        )
        self.arn = self.provider.arn
        self.register_outputs({"arn": self.arn})


class ServiceAccountRole(Component):
    """The IAM role of one ServiceAccount."""

    def __init__(
        self,
        name: str,
        oidc: OidcProvider,
        account: str,
        statements: Sequence[dict[str, object]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`account` is "<namespace>:<name>"; `statements` are those of its IAM policy."""
        super().__init__(name, opts)
        subject = oidc.issuer.apply(
            lambda url: {
                f"{url.removeprefix('https://')}:sub": f"system:serviceaccount:{account}",
                f"{url.removeprefix('https://')}:aud": "sts.amazonaws.com",
            }
        )
        trust = {
            "Effect": "Allow",
            "Principal": {"Federated": oidc.arn},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": subject},
        }
        self.role = aws.iam.Role(
            name,
            name=name,
            assume_role_policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [trust]}),
            opts=self.child(),
        )
        aws.iam.RolePolicy(
            name,
            name=name,
            role=self.role.name,
            policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": list(statements)}),
            opts=self.child(),
        )
        self.arn = self.role.arn
        self.register_outputs({"arn": self.arn})
