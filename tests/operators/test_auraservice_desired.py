from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from typing import Any

from hypothesis import given

from contracts.gateway import PLUGINS_ANNOTATION, USER_HEADER
from operators.auraservice.dependencies import needs_met
from operators.auraservice.desired import desired
from operators.auraservice.workload import CONFIG_HASH, awaits_region, replicas_override, without_pods
from operators.kubernetes.conditions import State
from operators.kubernetes.manifest import Manifest
from operators.kubernetes.services import Address
from services.kit.settings import ServiceSettings
from tests.operators.samples import OWNER, SERVICES, dependencies, service


def only(objects: list[Manifest], kind: str) -> Manifest:
    (found,) = [one for one in objects if one["kind"] == kind]
    return found


def container(objects: list[Manifest]) -> Manifest:
    return only(objects, "Deployment")["spec"]["template"]["spec"]["containers"][0]


def values(objects: list[Manifest]) -> dict[str, str]:
    return {one["name"]: one["value"] for one in container(objects)["env"] if "value" in one}


@given(SERVICES)
def test_every_object_has_its_owner_and_names_are_unique(spec: Any) -> None:
    objects = desired(OWNER, spec, dependencies())
    names = [(one["kind"], one["metadata"]["name"]) for one in objects]
    assert len(set(names)) == len(names)
    for one in objects:
        assert one["metadata"]["ownerReferences"][0]["uid"] == OWNER.uid
        assert one["metadata"]["namespace"] == OWNER.namespace
        assert re.fullmatch(r"[a-z0-9][-a-z0-9.]{0,252}", one["metadata"]["name"])


@given(SERVICES)
def test_equal_specs_give_equal_objects(spec: Any) -> None:
    again = type(spec).model_validate(spec.to_manifest())
    assert desired(OWNER, spec, dependencies()) == desired(OWNER, again, dependencies())


@given(SERVICES)
def test_every_plugin_of_a_route_is_created_before_it(spec: Any) -> None:
    created: set[str] = set()
    for one in desired(OWNER, spec, dependencies()):
        if one["kind"] == "KongPlugin":
            created.add(one["metadata"]["name"])
        if one["kind"] == "HTTPRoute":
            assert set(one["metadata"]["annotations"][PLUGINS_ANNOTATION].split(",")) <= created


def test_requests_are_counted_by_user_only_after_token_verification() -> None:
    route = {"host": "api.aurawellness.com", "path": "/v1/x", "auth": "jwt", "rateLimit": {"perMinute": 1000}}
    objects = desired(OWNER, service(routes=[route]), dependencies())
    plugins = {one["plugin"]: one for one in objects if one["kind"] == "KongPlugin"}
    assert limit_of(objects)["header_name"] == USER_HEADER
    assert {"jwt", "pre-function", "correlation-id"} <= plugins.keys()
    assert plugins["jwt"]["config"]["uri_param_names"] == []


@given(SERVICES)
def test_every_route_has_a_largest_body_and_security_headers(spec: Any) -> None:
    objects = desired(OWNER, spec, dependencies())
    plugins = {one["metadata"]["name"]: one for one in objects if one["kind"] == "KongPlugin"}
    sizes: list[int] = []
    for one in objects:
        if one["kind"] == "HTTPRoute":
            attached = [plugins[name] for name in one["metadata"]["annotations"][PLUGINS_ANNOTATION].split(",")]
            assert "response-transformer" in {plugin["plugin"] for plugin in attached}
            (size,) = [plugin["config"] for plugin in attached if plugin["plugin"] == "request-size-limiting"]
            assert size["size_unit"] == "bytes"
            sizes.append(size["allowed_payload_size"])
    assert sorted(sizes) == sorted(route.max_body_bytes for route in spec.routes)


def test_the_largest_body_is_in_binary_units() -> None:
    sizes = {"1Ki": 1024, "99999Ki": 102_398_976, "1Mi": 1_048_576, "99Mi": 103_809_024}
    for text, size in sizes.items():
        route = {"host": "api.aurawellness.com", "path": "/v1/x", "auth": "none", "maxBody": text}
        assert service(routes=[route]).routes[0].max_body_bytes == size


def limit_of(objects: list[Manifest]) -> Manifest:
    """The configuration of the only limit, which is in a Secret."""
    (plugin,) = [one for one in objects if one.get("plugin") == "rate-limiting"]
    source = plugin["configFrom"]["secretKeyRef"]
    (secret,) = [one for one in objects if one["kind"] == "Secret" and one["metadata"]["name"] == source["name"]]
    return json.loads(base64.b64decode(secret["data"][source["key"]]))


def test_all_gateways_count_in_the_redis_of_the_region_whose_password_is_in_a_secret() -> None:
    route = {"host": "api.aurawellness.com", "path": "/v1/x", "auth": "none", "rateLimit": {"perMinute": 7, "by": "ip"}}
    of_region = dependencies(config={"REDIS_URL": "rediss://:p%2Fw@cache.internal:6379/0"})
    objects = desired(OWNER, service(routes=[route]), of_region)
    limit = limit_of(objects)
    assert (limit["minute"], limit["policy"]) == (7, "redis")
    verified = {"ssl": True, "ssl_verify": True, "server_name": "cache.internal"}
    assert limit["redis"] == {"host": "cache.internal", "port": 6379, "password": "p/w", **verified}
    (plugin,) = [one for one in objects if one.get("plugin") == "rate-limiting"]
    assert "config" not in plugin
    secret = plugin["configFrom"]["secretKeyRef"]["name"]
    assert [one["metadata"]["name"] for one in objects].index(secret) < objects.index(plugin)
    alone = desired(OWNER, service(routes=[route]), dependencies(config={}, secrets={}))
    (plugin,) = [one for one in alone if one.get("plugin") == "rate-limiting"]
    assert plugin["config"]["policy"] == "local"
    assert not [one for one in alone if one["kind"] == "Secret"]


def test_the_service_has_kongs_timeouts_if_the_spec_says_how_long_a_connection_may_be_silent() -> None:
    route = {"host": "stream.aurawellness.com", "path": "/v1/stream", "auth": "jwt"}
    annotated = only(desired(OWNER, service(routes=[route], idleTimeout="330s"), dependencies()), "Service")
    assert annotated["metadata"]["annotations"] == {
        "konghq.com/read-timeout": "330000",
        "konghq.com/write-timeout": "330000",
    }
    assert "annotations" not in only(desired(OWNER, service(routes=[route]), dependencies()), "Service")["metadata"]


def test_only_kongs_proxies_and_prometheus_come_in_from_other_namespaces() -> None:
    route = {"host": "api.aurawellness.com", "path": "/v1/x", "auth": "none"}
    policy = only(desired(OWNER, service(routes=[route]), dependencies()), "NetworkPolicy")
    (rule,) = policy["spec"]["ingress"]
    foreign = [peer for peer in rule["from"] if "namespaceSelector" in peer]
    assert foreign == [
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}},
        {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kong"}},
            "podSelector": {"matchLabels": {"app.kubernetes.io/name": "gateway"}},
        },
    ]
    inside = only(desired(OWNER, service(), dependencies()), "NetworkPolicy")["spec"]["ingress"][0]["from"]
    assert foreign[1] not in inside


def test_the_autoscaler_manages_replicas_if_there_is_one() -> None:
    scaled = desired(OWNER, service(), dependencies())
    assert "replicas" not in only(scaled, "Deployment")["spec"]
    assert only(scaled, "HorizontalPodAutoscaler")["spec"]["minReplicas"] == 2
    fixed = desired(OWNER, service(replicas={"min": 3, "max": 3}), dependencies())
    assert only(fixed, "Deployment")["spec"]["replicas"] == 3
    assert not [one for one in fixed if one["kind"] == "HorizontalPodAutoscaler"]


def test_a_passive_region_runs_its_passive_replicas() -> None:
    spec = service(replicas={"min": 2, "max": 4, "passive": 0})
    assert only(desired(OWNER, spec, dependencies(passive=True)), "Deployment")["spec"]["replicas"] == 0
    assert "replicas" not in only(desired(OWNER, service(), dependencies(passive=True)), "Deployment")["spec"]


def test_a_change_from_fixed_to_scaled_keeps_the_pods() -> None:
    deployment: Manifest = {"metadata": {"managedFields": []}, "spec": {"replicas": 4}}
    spec = service(replicas={"min": 2, "max": 9})
    assert replicas_override(spec, deployment, False) is None
    deployment["metadata"]["managedFields"] = [
        {"manager": "aura-operators", "fieldsV1": {"f:spec": {"f:replicas": {}}}}
    ]
    assert replicas_override(spec, deployment, False) == 4
    assert replicas_override(spec, {"metadata": {}, "spec": {"replicas": 0}}, False) == 2
    assert replicas_override(spec, None, False) is None


def test_a_rotated_secret_and_a_changed_configuration_restart_the_pods() -> None:
    def hashed(**members: Any) -> str:
        template = only(desired(OWNER, service(), dependencies(**members)), "Deployment")["spec"]["template"]
        return template["metadata"]["annotations"][CONFIG_HASH]

    assert hashed() == hashed()
    assert len({hashed(), hashed(secrets={"KEY": "rotated"}), hashed(config={}), hashed(timeseries="v2")}) == 4


def test_a_change_of_roles_restarts_the_pods_of_the_region_service_only() -> None:
    def hashed(name: str, role: str) -> str:
        owner = replace(OWNER, name=name)
        objects = desired(owner, service(), dependencies(config={"AWS_REGION": "us-west-2", "REGION_ROLE": role}))
        return only(objects, "Deployment")["spec"]["template"]["metadata"]["annotations"][CONFIG_HASH]

    assert hashed("ingest", "active") == hashed("ingest", "passive")
    assert hashed("region", "active") != hashed("region", "passive")


def test_a_deleted_pod_serves_until_proxies_know_and_has_the_time_to_drain_after_that() -> None:
    pod = only(desired(OWNER, service(), dependencies()), "Deployment")["spec"]["template"]["spec"]
    before = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert before == 5
    assert before + ServiceSettings.model_fields["drain_seconds"].default < pod["terminationGracePeriodSeconds"]


def test_a_service_with_a_database_gets_no_pods_before_its_region_writes_and_keeps_those_that_it_has() -> None:
    owning = service(database={"instance": "auth", "name": "auth"})
    for deployment in (None, {"spec": {"replicas": 0}}):
        assert awaits_region(owning, deployment, writes=False)
        assert not awaits_region(owning, deployment, writes=True)
        assert not awaits_region(service(), deployment, writes=False)
    assert not awaits_region(owning, {"spec": {"replicas": 2}}, writes=False)
    for replicas in ({"min": 2, "max": 2}, {"min": 1, "max": 4, "passive": 1}):
        held = without_pods(service(database={"instance": "auth", "name": "auth"}, replicas=replicas))
        assert only(desired(OWNER, held, dependencies(passive=True)), "Deployment")["spec"]["replicas"] == 0


def test_needs_become_variables_and_network_policy_rules_on_both_sides() -> None:
    objects = desired(OWNER, service(needs=["auth", "kafka", "timeseries"]), dependencies())
    assert values(objects)["AUTH_SERVICE_HOST"] == "10.1.0.1"
    references = [one for one in container(objects)["env"] if one["name"] == "TIMESERIES_URL"]
    assert references[0]["valueFrom"]["secretKeyRef"] == {"name": "timeseries-app", "key": "uri"}
    labels = only(objects, "Deployment")["spec"]["template"]["metadata"]["labels"]
    assert labels["needs.platform.aurawellness.com/auth"] == "true"
    rules = only(objects, "NetworkPolicy")["spec"]["egress"]
    assert {"to": [{"podSelector": {"matchLabels": {"app.kubernetes.io/name": "auth"}}}]} in rules
    assert any({"protocol": "TCP", "port": 9096} in rule.get("ports", []) for rule in rules)


def test_where_there_is_a_lease_pods_can_ask_for_their_regions_state() -> None:
    known = dependencies(leased=True, services={"region": Address("10.1.0.2", 8080)})
    objects = desired(OWNER, service(), known)
    assert values(objects)["REGION_URL"] == "http://10.1.0.2:8080/v1/region"
    labels = only(objects, "Deployment")["spec"]["template"]["metadata"]["labels"]
    assert labels["needs.platform.aurawellness.com/region"] == "true"
    rule = {"to": [{"podSelector": {"matchLabels": {"app.kubernetes.io/name": "region"}}}]}
    assert rule in only(objects, "NetworkPolicy")["spec"]["egress"]
    assert needs_met(service(), dependencies(leased=True)).reason == "ServiceMissing"
    alone = desired(OWNER, service(), dependencies())
    assert "REGION_URL" not in values(alone)
    assert rule not in only(alone, "NetworkPolicy")["spec"]["egress"]


def test_who_needs_aws_reaches_its_endpoint_and_the_agent_with_the_credentials() -> None:
    rules = only(desired(OWNER, service(needs=["aws"]), dependencies(aws=4566)), "NetworkPolicy")["spec"]["egress"]
    assert {"ports": [{"protocol": "TCP", "port": 4566}]} in rules
    assert any("169.254.170.23/32" in str(rule) for rule in rules)
    assert not any("'aws'" in str(rule) for rule in rules)


def test_who_needs_the_internet_reaches_public_addresses_and_gets_no_variable() -> None:
    with_it, without = (desired(OWNER, service(needs=needs), dependencies()) for needs in (["internet"], []))
    rules = {len(only(one, "NetworkPolicy")["spec"]["egress"]) for one in (with_it, without)}
    assert len(rules) == 2
    added = only(with_it, "NetworkPolicy")["spec"]["egress"][-1]
    block = added["to"][0]["ipBlock"]
    assert block["cidr"] == "0.0.0.0/0"
    assert {"10.0.0.0/8", "169.254.0.0/16"} <= set(block["except"]), "the VPC, and the metadata of instances"
    assert values(with_it) == values(without)


def test_who_needs_the_time_series_store_can_verify_it_and_does_not_get_its_authority_key() -> None:
    objects = desired(OWNER, service(needs=["timeseries"]), dependencies())
    pod = only(objects, "Deployment")["spec"]["template"]["spec"]
    (volume,) = [one for one in pod["volumes"] if "secret" in one]
    assert volume["secret"] == {"secretName": "timeseries-ca", "items": [{"key": "ca.crt", "path": "ca.crt"}]}
    (mount,) = [one for one in container(objects)["volumeMounts"] if one["name"] == volume["name"]]
    assert mount["readOnly"]
    assert values(objects)["TIMESERIES_CA_FILE"] == f"{mount['mountPath']}/ca.crt"
    without = only(desired(OWNER, service(needs=["kafka"]), dependencies()), "Deployment")["spec"]["template"]["spec"]
    assert not [one for one in without["volumes"] if "secret" in one]


def test_only_who_needs_a_password_of_the_region_gets_it() -> None:
    def passwords(*needs: str) -> dict[str, Any]:
        (deployment,) = [
            o for o in desired(OWNER, service(needs=list(needs)), dependencies()) if o["kind"] == "Deployment"
        ]
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        return {
            one["name"]: one["valueFrom"]["secretKeyRef"]
            for one in container["env"]
            if one.get("valueFrom", {}).get("secretKeyRef", {}).get("name") == "aura-platform"
        }

    def optional(key: str) -> dict[str, Any]:
        return {"name": "aura-platform", "key": key, "optional": True}

    assert passwords("auth") == {}
    assert passwords("redis") == {"REDIS_URL": optional("REDIS_URL")}
    assert passwords("kafka") == {"KAFKA_PASSWORD": optional("KAFKA_PASSWORD")}
    assert passwords("opensearch") == {"OPENSEARCH_PASSWORD": optional("OPENSEARCH_PASSWORD")}


def test_who_needs_search_may_leave_for_the_port_of_the_domain() -> None:
    of_region = dependencies(config={"OPENSEARCH_URL": "https://search.internal:9200"}, opensearch=9200)
    leaving = {"ports": [{"protocol": "TCP", "port": 9200}]}
    for needs in (["opensearch"], []):
        policy = only(desired(OWNER, service(needs=needs), of_region), "NetworkPolicy")
        assert (leaving in policy["spec"]["egress"]) == bool(needs)
    assert needs_met(service(needs=["opensearch"]), of_region).state is State.GOOD
    assert needs_met(service(needs=["opensearch"]), dependencies()).reason == "NotConfigured"


def test_env_overrides_plain_variables_and_a_pod_knows_its_address() -> None:
    objects = desired(OWNER, service(env={"LOG_LEVEL": "debug"}), dependencies())
    assert values(objects) | {"HOST": "$(POD_IP)", "PORT": "8080", "LOG_LEVEL": "debug"} == values(objects)
    order = [one["name"] for one in container(objects)["env"]]
    assert order.index("POD_IP") < order.index("HOST")


def test_a_missing_dependency_is_named() -> None:
    missing = {
        "kafka": needs_met(service(needs=["kafka"]), dependencies(config={})),
        "users": needs_met(service(needs=["users"]), dependencies()),
        "timeseries": needs_met(service(needs=["timeseries"]), dependencies(timeseries=None)),
    }
    for name, finding in missing.items():
        assert finding.state is State.WAITING
        assert f"needs {name}" in finding.message


def test_kinds_that_the_cluster_does_not_serve_are_skipped() -> None:
    kinds = {
        one["kind"] for one in desired(OWNER, service(), dependencies(served=frozenset({("apps/v1", "Deployment")})))
    }
    assert kinds == {"Deployment"}
