"""The service EKS Auth: exchanges the token of a Pod for credentials of its role."""

from __future__ import annotations

import time
import uuid
from datetime import timedelta

from local.cloud.authorization.trust import may_assume
from local.cloud.context import ACCOUNT, CloudContext
from local.cloud.moto_backends.roles import open_session, role_of
from local.cloud.service.base import Backing, Inputs, Output, Service
from local.cloud.service.errors import AwsError
from local.cloud.svc.eks.model import Cluster, EksState, PodIdentityAssociation
from local.cloud.svc.eks.operations.lookup import active, cluster_of
from local.cloud.svc.eks.pod_identity.injection import AUDIENCE
from local.cloud.svc.eks.pod_identity.subject import Subject, subject_of
from local.engines.kubernetes.administration import Administrator
from local.engines.kubernetes.control_plane import ControlPlane

LIFETIME = timedelta(hours=6)
"""Of the credentials (EKS User Guide, "Learn how EKS Pod Identity grants Pods access")."""
_SESSION_NAME_LENGTH = 64


class EksAuth(Service[EksState]):
    name = "eks-auth"
    invalid = "InvalidParameterException"
    locks_itself = True

    def new_state(self, region: str) -> EksState:
        return EksState(region)

    def state(self, region: str) -> EksState:
        """That of EKS: it has none of its own."""
        return self.context.state.get(("eks", region)) or self.new_state(region)

    def backings(self) -> list[Backing]:
        return []

    def assume_role_for_pod_identity(self, state: EksState, inputs: Inputs) -> Output:
        with self.context.lock:
            cluster = active(cluster_of(state, inputs["clusterName"]))
            administrator = _administrator(self.context, cluster)
        # The API server may ask this endpoint back, so the lock must be free.
        subject = subject_of(inputs["token"], administrator, time.time())
        with self.context.mutation():
            cluster = cluster_of(self.state(state.region), cluster.name)
            known = cluster.association_of(subject.namespace, subject.service_account)
            if known is None:
                message = f"{subject.namespace}/{subject.service_account} has no association in {cluster.name}."
                raise AwsError("ResourceNotFoundException", message)
            return _session(cluster, known, subject)


def _administrator(context: CloudContext, cluster: Cluster) -> Administrator:
    return Administrator(ControlPlane(context.site, cluster.region, cluster.name, cluster.address))


def session_tags(cluster: Cluster, subject: Subject) -> dict[str, str]:
    """The tags of a session (EKS User Guide, "Grant Pods access to AWS resources based on tags")."""
    return {
        "eks-cluster-arn": cluster.arn,
        "eks-cluster-name": cluster.name,
        "kubernetes-namespace": subject.namespace,
        "kubernetes-service-account": subject.service_account,
        "kubernetes-pod-name": subject.pod,
        "kubernetes-pod-uid": subject.pod_uid,
    }


def _session(cluster: Cluster, known: PodIdentityAssociation, subject: Subject) -> Output:
    role = role_of(known.inputs["roleArn"])
    tags = {} if known.inputs["disableSessionTags"] else session_tags(cluster, subject)
    context = {f"aws:RequestTag/{key}": value for key, value in tags.items()}
    context |= {"aws:SourceAccount": ACCOUNT, "aws:SourceArn": cluster.arn}
    if role is None or not may_assume(role.trust, context):
        message = "Unauthorized Exception! EKS does not have permissions to assume the associated role."
        raise AwsError("AccessDeniedException", message)
    id = str(uuid.uuid4())
    name = f"eks-{cluster.name}-{subject.pod}"[: _SESSION_NAME_LENGTH - len(id) - 1] + f"-{id}"
    session = open_session(role.arn, name, cluster.region, LIFETIME)
    return {
        "subject": {"namespace": subject.namespace, "serviceAccount": subject.service_account},
        "audience": AUDIENCE,
        "podIdentityAssociation": {"associationArn": known.arn, "associationId": known.id},
        "assumedRoleUser": {"arn": session.arn, "assumeRoleId": session.user_id},
        "credentials": {
            "sessionToken": session.token,
            "secretAccessKey": session.secret_key,
            "accessKeyId": session.access_key,
            "expiration": session.expiration,
        },
    }
