"""The gateway's Pod in a real cluster: manifests, permissions, statuses, and the keys that the operators declare."""

from __future__ import annotations

import json
import socket
import ssl
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey
from websockets.sync.client import connect

from contracts import signing_keys
from contracts.auraservice import AuraServiceSpec
from contracts.gateway import CONTROLLER_NAME, GATEWAY_CLASS, KEY_CLAIM, SUBJECT_TO_HEADER, UNMANAGED_ANNOTATION
from local.gateway.certificate import ensure_ca, issue
from operators.auraservice import token_keys
from operators.kubernetes.manifest import Manifest, Owner
from services.auth import signing
from services.auth.tokens import issue as issue_token
from tests.fixtures.cluster import Cluster
from tests.fixtures.controllers import installed, prepare

pytestmark = pytest.mark.integration
HOST = "api.aurawellness.com"
POD_IP = {"fieldRef": {"fieldPath": "status.podIP"}}


def conditions(status: dict[str, Any]) -> dict[str, str]:
    return {item["type"]: item["status"] for item in status.get("conditions", [])}


@pytest.fixture(scope="module")
def platform(cluster: Cluster) -> Cluster:
    prepare(cluster)
    return cluster


@dataclass
class DeployedGateway:
    cluster: Cluster
    key: ECKey
    client: httpx.Client
    trust: ssl.SSLContext

    def get(self, path: str, user: str = "", **headers: str) -> httpx.Response:
        if user:
            headers["Authorization"] = f"Bearer {issue_token(user, [], self.key, time.time())}"
        return self.client.get(path, headers=headers, extensions={"sni_hostname": HOST})

    def consumer(self) -> dict[str, str]:
        """Conditions of the KongConsumer with the keys."""
        return conditions(self.cluster.get("kongconsumer", "auth", "-n", "aura").get("status", {}))

    def route(self, name: str) -> dict[str, str]:
        """Conditions of an HTTPRoute by our controller."""
        parents = self.cluster.get("httproute", name, "-n", "aura").get("status", {}).get("parents", [])
        return conditions(parents[0]) if parents else {}


@pytest.fixture(scope="module")
def deployed(platform: Cluster) -> Iterator[DeployedGateway]:
    key = signing_keys.load(ECKey.generate_key("P-256").as_pem(private=True).decode())
    certificate = issue(platform.site, ["*.aurawellness.com"])
    platform.apply(*installed(platform, "kong"), namespace="kong")
    platform.apply(
        secret("gateway-tls", {"tls.crt": certificate.certificate, "tls.key": certificate.key}, "kubernetes.io/tls"),
        *credentials(key),
        deployment("echo", "aura-local/python:1", ["-m", "tests.gateway.upstream", "echo", "$(HOST)", "8080"]),
        service("echo"),
        plugin("user", "pre-function", {"access": [SUBJECT_TO_HEADER]}),
        plugin("token", "jwt", {"key_claim_name": KEY_CLAIM, "claims_to_verify": ["exp"], "uri_param_names": []}),
        gateway_class(),
        gateway(),
        route("mine", "/v1/mine", "user,token"),
        route("odd", "/v1/odd", "user,nobody"),
        namespace="aura",
    )
    platform.until(lambda: addresses(platform), seconds=60)
    trust = ssl.create_default_context(cafile=str(ensure_ca(platform.site)))
    with httpx.Client(
        base_url=f"https://{addresses(platform)}:8443",
        verify=trust,
        headers={"Host": HOST},
        trust_env=False,
        timeout=10,
    ) as client:
        made = DeployedGateway(platform, key, client, trust)
        platform.until(lambda: made.get("/v1/mine", "ann").status_code == 200, seconds=60)
        yield made
    for namespace in ("aura", "kong"):
        platform.kubectl("delete", "deployment", "--all", "-n", namespace, "--wait=false")


def test_declared_routes_are_served_and_programmed(deployed: DeployedGateway) -> None:
    assert deployed.get("/v1/mine", "ann").json()["headers"]["x-user-id"] == "ann"
    assert deployed.get("/v1/mine").status_code == 401
    assert deployed.get("/v1/odd", "ann").status_code == 404
    status = deployed.cluster.get("gateway", "aura", "-n", "aura")["status"]
    assert conditions(status) == {"Accepted": "True", "Programmed": "True"}
    assert status["listeners"][0]["attachedRoutes"] == 1
    assert conditions(deployed.cluster.get("gatewayclass", GATEWAY_CLASS)["status"]) == {"Accepted": "True"}
    assert deployed.route("mine") == {"Accepted": "True", "ResolvedRefs": "True", "Programmed": "True"}
    assert deployed.route("odd") == {"Accepted": "False", "Programmed": "False"}
    assert deployed.consumer() == {"Programmed": "True"}


def test_a_route_is_served_while_its_object_exists(deployed: DeployedGateway) -> None:
    deployed.cluster.apply(route("brief", "/v1/brief", ""), namespace="aura")
    deployed.cluster.until(lambda: deployed.get("/v1/brief").status_code == 200)
    deployed.cluster.kubectl("delete", "httproute", "brief", "-n", "aura")
    deployed.cluster.until(lambda: deployed.get("/v1/brief").status_code == 404)


def test_unchanged_statuses_are_not_written(deployed: DeployedGateway) -> None:
    before = deployed.cluster.get("httproute", "mine", "-n", "aura")["metadata"]["resourceVersion"]
    deployed.cluster.apply(route("other", "/v1/other", ""), namespace="aura")
    deployed.cluster.until(lambda: deployed.route("other").get("Programmed") == "True")
    assert deployed.cluster.get("httproute", "mine", "-n", "aura")["metadata"]["resourceVersion"] == before


def test_a_rotation_of_the_signing_key_loses_no_request(deployed: DeployedGateway) -> None:
    """Requests all the time; `passed` is how much later it is for who signs."""
    cluster, before, rotated_at = deployed.cluster, deployed.key, time.time()
    new = signing_keys.load(ECKey.generate_key("P-256").as_pem(private=True).decode())
    keys = [new, before]
    statuses: dict[str | None, Counter[int]] = {key.kid: Counter() for key in keys}

    def request(passed: float = 0) -> int:
        deployed.key = signing.signing_key(keys, rotated_at, time.time() + passed)
        status = deployed.get("/v1/mine", "ann").status_code
        statuses[deployed.key.kid][status] += 1
        return status

    cluster.apply(*credentials(*keys), namespace="aura")
    cluster.until(lambda: request() and loaded_keys(cluster) == kids(*keys), seconds=30)
    for _ in range(50):
        request(signing.ACTIVATION_SECONDS)
    assert [set(found) for found in statuses.values()] == [{200}, {200}]

    # The rotation after it publishes the key before no more: its tokens end.
    later = signing_keys.load(ECKey.generate_key("P-256").as_pem(private=True).decode())
    cluster.apply(*credentials(later, new), namespace="aura")
    cluster.until(lambda: loaded_keys(cluster) == kids(later, new), seconds=30)
    deployed.key = before
    refused = deployed.get("/v1/mine", "ann")
    assert (refused.status_code, refused.json()["message"]) == (401, "No credentials found for given 'kid'")
    deployed.key = new
    assert deployed.get("/v1/mine", "ann").status_code == 200


def test_many_changes_of_routes_are_few_reloads_and_end_no_socket(deployed: DeployedGateway) -> None:
    before = deployed.cluster.kubectl("logs", "deployment/kong-gateway", "-n", "kong").count("configuration_loaded")
    uri = f"wss://{HOST}:8443/v1/mine/v1/stream"
    token = issue_token("ann", [], deployed.key, time.time())
    host = deployed.client.base_url.host
    with connect(
        uri, sock=socket.create_connection((host, 8443)), ssl=deployed.trust, proxy=None,
        additional_headers={"Authorization": f"Bearer {token}"},
    ) as stream:  # fmt: skip
        stream.recv()
        for number in range(12):
            deployed.cluster.apply(route("brief", f"/v1/brief-{number}", ""), namespace="aura")
            stream.send(str(number))
            assert stream.recv(timeout=10) == f"echo:{number}"
        deployed.cluster.until(lambda: deployed.get("/v1/brief-11").status_code == 200, seconds=30)
        stream.send("last")
        assert stream.recv(timeout=10) == "echo:last"
    deployed.cluster.kubectl("delete", "httproute", "brief", "-n", "aura")
    after = deployed.cluster.kubectl("logs", "deployment/kong-gateway", "-n", "kong").count("configuration_loaded")
    assert before < after <= before + 12


def test_the_access_log_is_what_kubectl_logs_shows(deployed: DeployedGateway) -> None:
    trace = deployed.get("/v1/mine", "ann").headers["X-Trace-Id"]

    def entries() -> list[str]:
        printed = deployed.cluster.kubectl("logs", "deployment/kong-gateway", "-n", "kong").splitlines()
        return [line for line in printed if trace in line]

    assert json.loads(deployed.cluster.until(entries)[0])["user"] == "ann"


def test_a_killed_gateway_recovers(deployed: DeployedGateway) -> None:
    selector = ("-n", "kong", "-l", "app.kubernetes.io/name=gateway")
    deployed.cluster.kubectl("delete", "pod", *selector, "--grace-period=0", "--force")

    def serves() -> bool:
        try:
            return deployed.get("/v1/mine", "ann").status_code == 200
        except httpx.TransportError:
            return False

    deployed.cluster.until(serves, seconds=30)


def kids(*keys: ECKey) -> list[str]:
    return sorted(str(key.kid) for key in keys)


def loaded_keys(cluster: Cluster) -> list[str]:
    """Ids of the keys in the configuration that the gateway loaded last."""
    log = cluster.kubectl("logs", "deployment/kong-gateway", "-n", "kong").splitlines()
    return [json.loads(line) for line in log if '"configuration_loaded"' in line][-1]["keys"]


def credentials(*keys: ECKey) -> list[Manifest]:
    """As the operators declare them for a service with these keys; here nothing owns them."""
    names = [f"KEY_{number}" for number, _ in enumerate(keys)]
    declared = {"tokenKeys": names, "secrets": dict.fromkeys(names, "auth/signing-key")}
    minimal = {"image": "aura/auth:1", "ports": {"http": 8080}, "replicas": {"min": 1, "max": 1}, "placement": "spot"}
    pems = [key.as_pem(private=True).decode() for key in keys]
    made = token_keys.credentials(
        Owner("AuraService", "aura", "auth", "none"),
        AuraServiceSpec.model_validate(minimal | declared),
        dict(zip(names, pems, strict=True)),
    )
    for one in made:
        del one["metadata"]["ownerReferences"]
    return made


def addresses(cluster: Cluster) -> str:
    found = cluster.get("gateway", "aura", "-n", "aura").get("status", {})
    programmed = conditions(found).get("Programmed") == "True"
    return found["addresses"][0]["value"] if programmed else ""


def secret(name: str, values: dict[str, str], kind: str = "Opaque") -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "type": kind, "stringData": values}


def service(name: str) -> dict[str, Any]:
    spec = {"selector": {"app": name}, "ports": [{"name": "http", "port": 8080, "targetPort": "http"}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def plugin(name: str, plugin: str, config: dict[str, Any]) -> dict[str, Any]:
    about = {"apiVersion": "configuration.konghq.com/v1", "kind": "KongPlugin", "metadata": {"name": name}}
    return {**about, "plugin": plugin, "config": config}


def gateway_class() -> dict[str, Any]:
    metadata = {"name": GATEWAY_CLASS, "annotations": {UNMANAGED_ANNOTATION: "true"}}
    about = {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass", "metadata": metadata}
    return {**about, "spec": {"controllerName": CONTROLLER_NAME}}


def gateway() -> dict[str, Any]:
    tls = {"mode": "Terminate", "certificateRefs": [{"name": "gateway-tls"}]}
    listener = {"name": "https", "port": 8443, "protocol": "HTTPS", "hostname": "*.aurawellness.com", "tls": tls}
    spec = {"gatewayClassName": GATEWAY_CLASS, "listeners": [listener]}
    about = {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "aura"}}
    return {**about, "spec": spec}


def route(name: str, path: str, plugins: str) -> dict[str, Any]:
    rule = {
        "matches": [{"path": {"type": "PathPrefix", "value": path}}],
        "backendRefs": [{"name": "echo", "port": 8080}],
    }
    spec = {"parentRefs": [{"name": "aura"}], "hostnames": [HOST], "rules": [rule]}
    about = {"name": name, "annotations": {"konghq.com/plugins": plugins}}
    return {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": about, "spec": spec}


def deployment(name: str, image: str, args: list[str]) -> dict[str, Any]:
    container = {
        "name": name,
        "image": image,
        "args": args,
        "env": [{"name": "HOST", "valueFrom": POD_IP}],
        "ports": [{"name": "http", "containerPort": 8080}],
        "readinessProbe": {"tcpSocket": {"port": "http"}, "periodSeconds": 1},
    }
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}
