"""The overlays of the stacks: the same objects, which differ in hosts, ports and sizes."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from infra.components.controllers import ISSUER
from local import identity
from local.plugins.kubernetes.helm.stand_in import leaves
from local.site import CHECKOUT
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
    ("AuraService", "users"): {"spec.routes"},
    ("Cluster", "timeseries"): {
        "spec.instances",
        "spec.postgresql.synchronous.dataDurability",
        "spec.postgresql.synchronous.method",
        "spec.postgresql.synchronous.number",
    },
    ("ObjectStore", "timeseries"): {"spec.configuration.destinationPath"},
}
"""What may differ from production's objects."""


def by_name(stack: str) -> dict[tuple[str, str], dict[str, Any]]:
    return {(one["kind"], one["metadata"]["name"]): one for one in objects(stack)}


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
    assert hosts == {f"{name}.{domain}" for name in ("api", "auth", "stream")}
    (listener,) = of_kind(stack, "Gateway")["aura"]["spec"]["listeners"]
    certificate = of_kind(stack, "Certificate")["gateway-tls"]["spec"]
    assert listener["hostname"] == f"*.{domain}"
    assert certificate["dnsNames"] == [listener["hostname"]]
    assert listener["tls"]["certificateRefs"] == [{"name": certificate["secretName"]}]
    assert certificate["issuerRef"] == {"kind": "ClusterIssuer", "name": ISSUER}


@pytest.mark.parametrize("stack", STACKS)
def test_the_listener_has_the_port_of_kongs_service(stack: str) -> None:
    """Otherwise Kong's controller says PortUnavailable, and no route is served."""
    (listener,) = of_kind(stack, "Gateway")["aura"]["spec"]["listeners"]
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


@pytest.mark.parametrize("stack", ["staging", "prod"])
def test_the_regions_of_a_pair_differ_in_their_buckets_alone(stack: str) -> None:
    folder = CHECKOUT / "manifests" / "overlays" / stack
    west = {file.name: file.read_text() for file in (folder / "us-west-2").iterdir()}
    east = {file.name: file.read_text() for file in (folder / "us-east-1").iterdir()}
    assert {name: text.replace("us-west-2", "us-east-1") for name, text in west.items()} == east


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
