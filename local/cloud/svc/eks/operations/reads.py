"""EKS operations about what no cluster here has: the true answer is an empty list, and none of it can be made."""

from __future__ import annotations

from local.cloud.service.base import Inputs, Output, Service
from local.cloud.service.errors import AwsError
from local.cloud.svc.eks.model import EksState
from local.cloud.svc.eks.operations.lookup import cluster_of


class ReadOperations(Service[EksState]):
    def list_fargate_profiles(self, state: EksState, inputs: Inputs) -> Output:
        cluster_of(state, inputs["clusterName"])
        return {"fargateProfileNames": []}

    def describe_fargate_profile(self, state: EksState, inputs: Inputs) -> Output:
        cluster_of(state, inputs["clusterName"])
        raise AwsError(
            "ResourceNotFoundException", f"No Fargate Profile found with name: {inputs['fargateProfileName']}"
        )

    def list_identity_provider_configs(self, state: EksState, inputs: Inputs) -> Output:
        cluster_of(state, inputs["clusterName"])
        return {"identityProviderConfigs": []}

    def describe_identity_provider_config(self, state: EksState, inputs: Inputs) -> Output:
        cluster_of(state, inputs["clusterName"])
        name = inputs["identityProviderConfig"]["name"]
        raise AwsError("ResourceNotFoundException", f"No identity provider config found with name: {name}")

    def list_insights(self, state: EksState, inputs: Inputs) -> Output:
        cluster_of(state, inputs["clusterName"])
        return {"insights": []}

    def describe_insight(self, state: EksState, inputs: Inputs) -> Output:
        cluster_of(state, inputs["clusterName"])
        raise AwsError("ResourceNotFoundException", f"No insight found with id: {inputs['id']}")

    def list_capabilities(self, state: EksState, inputs: Inputs) -> Output:
        cluster_of(state, inputs["clusterName"])
        return {"capabilities": []}

    def list_certificate_authorities(self, state: EksState, inputs: Inputs) -> Output:
        cluster_of(state, inputs["clusterName"])
        return {"certificateAuthorities": []}

    def list_eks_anywhere_subscriptions(self, state: EksState, inputs: Inputs) -> Output:
        return {"subscriptions": []}

    def describe_eks_anywhere_subscription(self, state: EksState, inputs: Inputs) -> Output:
        raise AwsError("ResourceNotFoundException", f"No subscription found with id: {inputs['id']}")
