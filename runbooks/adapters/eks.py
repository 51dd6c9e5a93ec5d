"""API servers of EKS, with the caller's own AWS credentials: what `aws eks get-token` does (EKS User Guide, "Connect
kubectl to an EKS cluster"), without a program beside this one."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import Any

from botocore.awsrequest import AWSRequest
from kubernetes import client, config

from runbooks.adapters.aws import CONFIG, Connect, answers

_PREFIX = "k8s-aws-v1."
_CLUSTER_HEADER = "x-k8s-aws-id"
_EXPIRES_S = 60
"""Of the signed URL; the API server takes the token for 15 minutes after it was signed."""


class EksLogin:
    """Called, it gives a client of the cluster's API server, with a token of now."""

    def __init__(self, connect: Connect, region: str, name: str) -> None:
        self._connect, self._region, self._name = connect, region, name
        self._cluster: dict[str, Any] = {}

    def __call__(self) -> client.ApiClient:
        """Asks EKS once, and then STS and EKS no more: a token is a signature. Raises Unreachable and Refused."""
        if not self._cluster:
            with answers(f"EKS of {self._region}"):
                self._cluster = self._connect("eks", self._region, CONFIG).describe_cluster(name=self._name)["cluster"]
        cluster = self._cluster
        return config.new_client_from_config_dict(
            {
                "current-context": "it",
                "contexts": [{"name": "it", "context": {"cluster": "it", "user": "caller"}}],
                "clusters": [
                    {
                        "name": "it",
                        "cluster": {
                            "server": cluster["endpoint"],
                            "certificate-authority-data": cluster["certificateAuthority"]["data"],
                        },
                    }
                ],
                "users": [{"name": "caller", "user": {"token": self.token()}}],
            }
        )

    def token(self) -> str:
        """Of the region's own STS, so that no other region has to answer. Raises Unreachable without credentials."""

        def name_the_cluster(request: AWSRequest, **_: object) -> None:
            request.headers[_CLUSTER_HEADER] = self._name

        with answers(f"STS of {self._region}"):
            sts = self._connect("sts", self._region, CONFIG)
            sts.meta.events.register("before-sign.sts.GetCallerIdentity", name_the_cluster)
            url: str = sts.generate_presigned_url("get_caller_identity", ExpiresIn=_EXPIRES_S, HttpMethod="GET")
        return _PREFIX + urlsafe_b64encode(url.encode()).decode().rstrip("=")
