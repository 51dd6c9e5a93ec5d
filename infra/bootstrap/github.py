"""GitHub's workflows as identities of this account: no stored AWS keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws

from infra.components.base import Component

_ISSUER = "token.actions.githubusercontent.com"
_AUDIENCE = "sts.amazonaws.com"
_SESSION_SECONDS = 2 * 3600
"""As long as a deployment may take: the workflow asks for it (role-duration-seconds)."""


class GitHub(Component):
    """The identity provider, of which an account has one, and roles for what GitHub says that a job is."""

    def __init__(self, name: str, repository: str, opts: pulumi.ResourceOptions) -> None:
        super().__init__(name, opts)
        self._repository = repository
        # AWS verifies this issuer by its certificate authority, so no thumbprint is needed.
        self._identity_provider = aws.iam.OpenIdConnectProvider(
            name, url=f"https://{_ISSUER}", client_id_lists=[_AUDIENCE], opts=self.child()
        )
        self.register_outputs({})

    def role(self, name: str, subject: str, statements: Sequence[Mapping[str, object]]) -> aws.iam.Role:
        """A role that only jobs of the repository with this subject take on, such as "environment:prod"."""
        claims = {f"{_ISSUER}:aud": _AUDIENCE, f"{_ISSUER}:sub": f"repo:{self._repository}:{subject}"}
        trust = {
            "Effect": "Allow",
            "Principal": {"Federated": self._identity_provider.arn},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": claims},
        }
        role = aws.iam.Role(
            name,
            name=name,
            assume_role_policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [trust]}),
            max_session_duration=_SESSION_SECONDS,
            opts=self.child(),
        )
        document = pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": list(statements)})
        aws.iam.RolePolicy(name, name=name, role=role.name, policy=document, opts=self.child())
        return role
