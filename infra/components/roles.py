"""IAM roles for AWS services and for Kubernetes ServiceAccounts."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from infra.components.base import Component


def service_role(
    parent: Component, name: str, service: str, managed: Sequence[str]
) -> tuple[aws.iam.Role, list[pulumi.Resource]]:
    """A role that `service` assumes, with AWS managed policies; depend on the attachments before using it."""
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}],
    }
    role = aws.iam.Role(name, name=name, assume_role_policy=json.dumps(trust), opts=parent.child())
    return role, _attach(parent, name, role, managed)


def _attach(parent: Component, name: str, role: aws.iam.Role, managed: Sequence[str]) -> list[pulumi.Resource]:
    """`managed` are names of AWS's policies, with their path if they have one."""
    return [
        aws.iam.RolePolicyAttachment(
            f"{name}-{policy.rpartition('/')[2]}",
            role=role.name,
            policy_arn=f"arn:aws:iam::aws:policy/{policy}",
            opts=parent.child(),
        )
        for policy in managed
    ]


class ServiceAccountRole(Component):
    """The IAM role of one ServiceAccount of a cluster, which its Pods get by EKS Pod Identity.

    The cluster needs the add-on eks-pod-identity-agent.
    """

    def __init__(
        self,
        name: str,
        cluster: pulumi.Input[str],
        account: str,
        statements: Sequence[dict[str, object]] = (),
        managed: Sequence[str] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`account` is "<namespace>:<name>"; `statements` are those of its own policy, `managed` policies of AWS."""
        super().__init__(name, opts)
        namespace, _, service_account = account.partition(":")
        tags = {"eks-cluster-name": cluster, "kubernetes-namespace": namespace}
        tags |= {"kubernetes-service-account": service_account}
        trust = {
            "Effect": "Allow",
            "Principal": {"Service": "pods.eks.amazonaws.com"},
            "Action": ["sts:AssumeRole", "sts:TagSession"],
            "Condition": {"StringEquals": {f"aws:RequestTag/{key}": value for key, value in tags.items()}},
        }
        self.role = aws.iam.Role(
            name,
            name=name,
            assume_role_policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [trust]}),
            opts=self.child(),
        )
        policies: list[pulumi.Resource] = _attach(self, name, self.role, managed)
        if statements:
            document = pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": list(statements)})
            policies.append(
                aws.iam.RolePolicy(name, name=name, role=self.role.name, policy=document, opts=self.child())
            )
        aws.eks.PodIdentityAssociation(
            name,
            cluster_name=cluster,
            namespace=namespace,
            service_account=service_account,
            role_arn=self.role.arn,
            opts=self.child(depends_on=policies),
        )
        self.arn = self.role.arn
        self.register_outputs({"arn": self.arn})
