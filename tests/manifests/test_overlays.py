"""The overlays of the stacks: the same objects, which differ in hosts, ports and sizes."""

from __future__ import annotations

import json
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
from tests.manifests.overlays import STACKS, objects, of_kind

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
    for region in configuration(stack)["aura:regions"].values():
        assert listener["port"] == region["controllers"]["gatewayPort"]


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
