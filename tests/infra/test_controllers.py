"""The controllers that the program declares: releases, definitions, the issuer."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from infra.components.charts import CHARTS
from local.site import CHECKOUT
from tests.infra.recording import Recording, configuration, run

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:pulumi_aws.*")
HOME = "aura-us-west-2"
STEADY = {"eks.amazonaws.com/capacityType": "ON_DEMAND"}


@pytest.fixture(scope="module", params=["local", "staging", "prod"])
def stack(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def declared(stack: str) -> Recording:
    return run(stack, outputs_known=True)


def releases(declared: Recording) -> dict[str, dict[str, Any]]:
    """Of the first region."""
    return {one["name"]: one for one in declared.of("kubernetes:helm.sh/v3:Release", HOME).values()}


def test_every_controller_is_a_release_of_a_pinned_chart(declared: Recording) -> None:
    found = releases(declared)
    places = {name: (one["chart"], one["namespace"]) for name, one in found.items()}
    assert places == {
        "kong": ("ingress", "kong"),
        "cnpg": ("cloudnative-pg", "cnpg-system"),
        "plugin-barman-cloud": ("plugin-barman-cloud", "cnpg-system"),
        "cert-manager": ("cert-manager", "cert-manager"),
        "external-dns": ("external-dns", "external-dns"),
        "prometheus": ("kube-prometheus-stack", "monitoring"),
        "cluster-autoscaler": ("cluster-autoscaler", "kube-system"),
    }
    for one in found.values():
        assert one["version"].removeprefix("v").replace(".", "").isdigit()
        assert one["repositoryOpts"]["repo"].startswith("https://")


def test_a_release_comes_after_those_that_it_needs() -> None:
    names = [chart.release for chart in CHARTS]
    for chart in CHARTS:
        assert all(names.index(needed) < names.index(chart.release) for needed in chart.after)


def test_kong_serves_tls_1_3_behind_a_network_load_balancer_on_the_port_of_the_stack(
    declared: Recording, stack: str
) -> None:
    gateway = releases(declared)["kong"]["values"]["gateway"]
    region = configuration(stack)["aura:region"]
    assert gateway["env"]["ssl_cipher_suite"] == "modern"
    assert gateway["podDisruptionBudget"]["enabled"] is (gateway["replicaCount"] > 1)
    proxy = gateway["proxy"]
    assert proxy["tls"]["servicePort"] == region["controllers"]["gatewayPort"]
    assert proxy["http"]["enabled"] is False
    assert proxy["annotations"]["service.beta.kubernetes.io/aws-load-balancer-type"] == "nlb"
    assert proxy["externalTrafficPolicy"] == "Local"
    assert releases(declared)["kong"]["values"]["controller"]["ingressController"]["ingressClass"] == "kong"


def test_external_dns_writes_and_removes_records_of_its_own_in_the_domain_only(declared: Recording, stack: str) -> None:
    values = releases(declared)["external-dns"]["values"]
    domain = configuration(stack)["aura:domain"]  # in a pair, the region's part of it (test_pair.py)
    assert values["domainFilters"][0] in (domain, f"us-west-2.{domain}")
    assert values["sources"] == ["gateway-httproute", "service"]
    assert (values["policy"], values["registry"], values["txtOwnerId"]) == ("sync", "txt", "aura-us-west-2")


def test_prometheus_takes_the_monitors_and_rules_of_every_release(declared: Recording) -> None:
    spec = releases(declared)["prometheus"]["values"]["prometheus"]["prometheusSpec"]
    for selector in ("serviceMonitor", "podMonitor", "probe", "rule", "scrapeConfig"):
        assert spec[f"{selector}SelectorNilUsesHelmValues"] is False
    assert releases(declared)["prometheus"]["values"]["grafana"]["enabled"] is False


def test_the_autoscaler_finds_the_node_groups_of_its_own_cluster(declared: Recording) -> None:
    values = releases(declared)["cluster-autoscaler"]["values"]
    assert values["autoDiscovery"] == {"clusterName": "aura-us-west-2"}
    assert values["awsRegion"] == "us-west-2"


def test_service_accounts_have_the_names_that_roles_are_associated_with(declared: Recording) -> None:
    """Of cert-manager's chart it is the release's name."""
    found = releases(declared)
    assert found["external-dns"]["values"]["serviceAccount"]["name"] == "external-dns"
    assert found["cluster-autoscaler"]["values"]["rbac"]["serviceAccount"]["name"] == "cluster-autoscaler"
    assert "cert-manager" in found


def test_controllers_that_must_not_stop_run_on_demand(declared: Recording) -> None:
    found = {name: one["values"] for name, one in releases(declared).items()}
    for name in ("cnpg", "plugin-barman-cloud", "cert-manager", "external-dns", "cluster-autoscaler"):
        assert found[name]["nodeSelector"] == STEADY
        assert found[name]["tolerations"][0]["key"] == "aura/stateful"
    assert found["kong"]["controller"]["nodeSelector"] == STEADY


def test_the_issuer_proves_names_in_the_zone_of_the_domain(declared: Recording) -> None:
    (issuer,) = declared.of("kubernetes:cert-manager.io/v1:ClusterIssuer", HOME).values()
    (solver,) = issuer["spec"]["acme"]["solvers"]
    assert solver == {"dns01": {"route53": {"region": "us-west-2", "hostedZoneID": "Z1"}}}


def test_volumes_of_pods_are_encrypted_with_our_key_in_the_zone_of_their_node(declared: Recording) -> None:
    (found,) = declared.of("kubernetes:storage.k8s.io/v1:StorageClass", HOME).values()
    assert (found["metadata"]["name"], found["provisioner"]) == ("gp3", "ebs.csi.aws.com")
    # It names no key, so EBS takes the account's default one, and that is ours.
    assert found["parameters"] == {"type": "gp3", "encrypted": "true"}
    (default,) = declared.of("aws:ebs/defaultKmsKey:DefaultKmsKey", HOME).values()
    assert default["keyArn"] == declared.arn("aws:kms/key:Key", "aura-us-west-2-volumes")
    assert found["volumeBindingMode"] == "WaitForFirstConsumer"
    assert (found["allowVolumeExpansion"], found["reclaimPolicy"]) == (True, "Delete")


def test_our_definitions_are_applied_as_generated(declared: Recording) -> None:
    file = CHECKOUT / "manifests" / "crds" / "platform.yaml"
    generated = {one["metadata"]["name"]: one["spec"] for one in yaml.safe_load_all(file.read_text())}
    kind = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"
    found = {one["metadata"]["name"]: one["spec"] for one in declared.of(kind).values()}
    assert found == generated


def test_the_definitions_of_the_gateway_api_are_those_of_a_release(declared: Recording) -> None:
    (found,) = declared.of("kubernetes:yaml/v2:ConfigFile", HOME).values()
    assert found["file"].endswith("/v1.4.0/standard-install.yaml")


def test_the_platforms_namespace_admits_restricted_pods_only(declared: Recording) -> None:
    (namespace,) = declared.of("kubernetes:core/v1:Namespace", HOME).values()
    assert namespace["metadata"]["name"] == "aura"
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
