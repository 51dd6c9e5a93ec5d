"""The overlays of the stacks: the same objects, which differ in hosts, ports and sizes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from contracts.gateway import region_host
from contracts.platform import STREAMS
from infra.components.controllers import ISSUER
from local import identity
from local.plugins.kubernetes.helm.stand_in import leaves
from local.site import CHECKOUT
from operators.timeseries.topology import other_member
from tests.infra.recording import configuration, run
from tests.manifests.overlays import STACKS, objects, of_kind, with_qdrant

pytestmark = pytest.mark.integration
DIFFERENT = {
    ("Gateway", "aura"): {"spec.listeners"},
    ("Certificate", "gateway-tls"): {"spec.dnsNames"},
    ("AuraService", "auth"): {
        "spec.routes",
        *(f"spec.env.{name}" for name in ("APP_REDIRECTS", "GOOGLE_CLIENT_ID", "GOOGLE_ISSUER", "PUBLIC_URL")),
    },
    ("AuraService", "history"): {"spec.routes"},
    ("AuraService", "ingest"): {"spec.routes"},
    ("AuraService", "region"): {"spec.routes"},
    ("Service", "region-active"): {"metadata.annotations.external-dns.alpha.kubernetes.io/hostname"},
    ("AuraService", "users"): {"spec.routes"},
    ("AuraService", "content"): {"spec.routes"},
    ("AuraService", "payments"): {"spec.routes", "spec.env.APP_URL"},
    ("Cluster", "timeseries"): {
        "spec.instances",
        "spec.postgresql.synchronous.dataDurability",
        "spec.postgresql.synchronous.method",
        "spec.postgresql.synchronous.number",
    },
    ("ObjectStore", "timeseries"): {"spec.configuration.destinationPath"},
    ("BioStream", "bio-sync"): {"spec.dataflow.replicas.max", "spec.dataflow.replicas.min"},
}
"""What may differ from production's objects."""


def by_name(stack: str, region: str = "us-west-2") -> dict[tuple[str, str], dict[str, Any]]:
    return {(one["kind"], one["metadata"]["name"]): one for one in objects(stack, region)}


@pytest.mark.parametrize("stack", [stack for stack in STACKS if stack != "prod"])
def test_stacks_have_the_same_objects_and_differ_in_hosts_ports_and_sizes(stack: str) -> None:
    prod, other = by_name("prod"), by_name(stack)
    assert prod.keys() == other.keys()
    for name, one in prod.items():
        ours, theirs = dict(leaves(other[name])), dict(leaves(one))
        changed = {path for path in ours.keys() | theirs.keys() if ours.get(path) != theirs.get(path)}
        assert changed <= DIFFERENT.get(name, set()), name


@pytest.mark.parametrize("stack", STACKS)
def test_every_host_is_of_the_domain_and_served_by_listener_and_certificate(stack: str) -> None:
    domain = configuration(stack)["aura:domain"]
    hosts = {
        route["host"]
        for service in of_kind(stack, "AuraService").values()
        for route in service["spec"].get("routes", [])
    }
    own = region_host("us-west-2", domain)
    assert hosts == {*(f"{name}.{domain}" for name in ("api", "auth", "stream")), own}
    listener, of_region = of_kind(stack, "Gateway")["aura"]["spec"]["listeners"]
    certificate = of_kind(stack, "Certificate")["gateway-tls"]["spec"]
    assert listener["hostname"] == f"*.{domain}"
    assert of_region["hostname"] == own
    assert {**of_region, "name": "https", "hostname": listener["hostname"]} == listener
    assert certificate["dnsNames"] == [listener["hostname"], own]
    assert listener["tls"]["certificateRefs"] == [{"name": certificate["secretName"]}]
    assert certificate["issuerRef"] == {"kind": "ClusterIssuer", "name": ISSUER}


@pytest.mark.parametrize("stack", STACKS)
def test_the_listener_has_the_port_of_kongs_service(stack: str) -> None:
    """Otherwise Kong's controller says PortUnavailable, and no route is served."""
    listener, _ = of_kind(stack, "Gateway")["aura"]["spec"]["listeners"]
    assert listener["port"] == configuration(stack)["aura:region"]["controllers"]["gatewayPort"]


def test_the_class_is_one_that_kong_serves_by_the_proxies_it_has() -> None:
    (found,) = of_kind("prod", "GatewayClass").values()
    assert found["spec"]["controllerName"] == "konghq.com/kic-gateway-controller"
    assert found["metadata"]["annotations"]["konghq.com/gatewayclass-unmanaged"] == "true"
    assert of_kind("prod", "Gateway")["aura"]["spec"]["gatewayClassName"] == found["metadata"]["name"]


def test_each_stack_has_an_overlay_for_each_of_its_regions() -> None:
    for stack in STACKS:
        folder = CHECKOUT / "manifests" / "overlays" / stack
        regions = {file.parent.name for file in folder.glob("*/kustomization.yaml")}
        assert regions == configuration(stack)["aura:regions"].keys()
        assert all(yaml.safe_load(file.read_text()) for file in folder.glob("*/kustomization.yaml"))


@pytest.mark.parametrize("stack", STACKS)
def test_the_regions_of_a_pair_differ_in_their_buckets_and_in_where_the_store_begins(stack: str) -> None:
    west, east = by_name(stack), by_name(stack, "us-east-1")
    assert west.keys() == east.keys()
    different = {name for name in west if west[name] != east[name]}
    services = {("AuraService", "region"), ("Service", "region-active")}
    named_by_region = {("Gateway", "aura"), ("Certificate", "gateway-tls"), *services}
    assert different == {("Cluster", "timeseries"), ("ObjectStore", "timeseries"), *named_by_region}
    for name in named_by_region:
        ours, theirs = (json.dumps(one[name]).replace(at, "") for one, at in ((west, "us-west-2"), (east, "us-east-1")))
        assert ours == theirs, name
    ours, theirs = (dict(leaves(one["Cluster", "timeseries"]["spec"])) for one in (west, east))
    assert {path for path in ours.keys() | theirs.keys() if ours.get(path) != theirs.get(path)} == {
        "plugins",
        *(f"bootstrap.initdb.{name}" for name in ("database", "owner")),
        *(f"bootstrap.recovery.{name}" for name in ("database", "owner", "source")),
        *(f"replica.{name}" for name in ("self", "source")),
    }


@pytest.mark.parametrize("region", ["us-west-2", "us-east-1"])
@pytest.mark.parametrize("stack", STACKS)
def test_a_store_is_a_member_of_the_topology_under_the_name_of_its_region(stack: str, region: str) -> None:
    found = by_name(stack, region)["Cluster", "timeseries"]
    (archiver,) = found["spec"]["plugins"]
    assert archiver["parameters"] == {"barmanObjectName": "timeseries", "serverName": region}
    assert other_member(found, region) == ({"us-west-2", "us-east-1"} - {region}).pop()
    for external in found["spec"]["externalClusters"]:
        assert external["plugin"]["parameters"]["serverName"] == external["name"]
    assert "primary" not in found["spec"].get("replica", {}), "an apply would undo the last promotion"


def test_every_stream_has_a_role_for_its_snapshots() -> None:
    assert set(STREAMS) == of_kind("prod", "BioStream").keys()


@pytest.mark.parametrize("stack", STACKS)
def test_the_store_archives_into_the_bucket_that_the_stack_declares(stack: str) -> None:
    bucket = run(stack, outputs_known=True).of("aws:s3/bucket:Bucket")["aura-us-west-2-backups"]["bucket"]
    store = of_kind(stack, "ObjectStore")["timeseries"]["spec"]["configuration"]
    assert store["destinationPath"] == f"s3://{bucket}/timeseries"


def test_instances_of_the_store_reach_each_others_server_and_status() -> None:
    """CloudNativePG's isolation check: a primary that reaches neither the API server nor port 8000 of others stops."""
    policy = of_kind("prod", "NetworkPolicy")["timeseries"]["spec"]
    itself = {"podSelector": policy["podSelector"]}
    assert of_kind("prod", "Cluster").keys() == {policy["podSelector"]["matchLabels"]["cnpg.io/cluster"]}
    ports = {port["port"] for rule in policy["ingress"] if itself in rule["from"] for port in rule["ports"]}
    assert ports == {5432, 8000}
    others = [one for rule in policy["ingress"] if {"port": 8000} in rule["ports"] for one in rule["from"]]
    operator = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "cnpg-system"}}}
    assert others == [itself, operator]


def test_a_server_of_qdrant_is_reached_by_who_needs_it_and_confined(tmp_path: Path) -> None:
    found = {(one["kind"], one["metadata"]["name"]): one for one in yaml.safe_load_all(with_qdrant(tmp_path))}
    assert {name for name in found if name not in by_name("prod")} == {
        (kind, "qdrant") for kind in ("ServiceAccount", "Service", "NetworkPolicy", "StatefulSet")
    }
    recommend = found["AuraService", "recommend"]["spec"]
    assert "qdrant" in recommend["needs"]
    service, stateful = found["Service", "qdrant"], found["StatefulSet", "qdrant"]["spec"]
    (port,) = service["spec"]["ports"]
    assert recommend["env"]["QDRANT_URL"] == f"http://{service['metadata']['name']}:{port['port']}"
    (rule,) = found["NetworkPolicy", "qdrant"]["spec"]["ingress"]
    assert rule["from"] == [{"podSelector": {"matchLabels": {"needs.platform.aurawellness.com/qdrant": "true"}}}]
    (container,) = stateful["template"]["spec"]["containers"]
    assert rule["ports"] == [{"port": container["ports"][0]["containerPort"]}]
    assert {one["metadata"]["namespace"] for one in found.values() if one["metadata"]["name"] == "qdrant"} == {"aura"}
    assert stateful["template"]["spec"]["securityContext"]["runAsNonRoot"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert stateful["volumeClaimTemplates"][0]["spec"]["storageClassName"] == "gp3"


def test_what_staging_serves_is_stagings() -> None:
    routes = [route for one in of_kind("staging", "AuraService").values() for route in one["spec"].get("routes", [])]
    named = [route["host"] for route in routes] + [origin for route in routes for origin in route.get("origins", [])]
    assert len(named) > len(routes)
    assert {name for name in named if not name.endswith(".staging.aurawellness.com")} == set()


def test_the_local_overlay_names_the_provider_that_aura_sign_in_runs() -> None:
    env = of_kind("local", "AuraService")["auth"]["spec"]["env"]
    assert env["GOOGLE_ISSUER"] == f"https://{identity.HOST}:{identity.PORT}"
    assert env["GOOGLE_CLIENT_ID"] == identity.CLIENT_ID


@pytest.mark.parametrize("stack", ["staging", "prod"])
def test_providers_are_those_of_the_internet_and_not_offered_before_they_have_a_client(stack: str) -> None:
    env = of_kind(stack, "AuraService")["auth"]["spec"]["env"]
    assert (env["GOOGLE_ISSUER"], env["APPLE_ISSUER"]) == ("https://accounts.google.com", "https://appleid.apple.com")
    assert not [name for name in env if "CLIENT_ID" in name]
