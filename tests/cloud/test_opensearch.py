"""Domains of OpenSearch Service: TLS, the master user, restarts, changes, tags, deletion."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.cloud.opensearch_domain import PASSWORD, USER, declaration
from tests.fixtures.cloud import Cloud, code
from tests.fixtures.waiting import until

pytestmark = pytest.mark.integration
DOMAIN = "life-cycle"
OTHER = "Another-Password-2"


@pytest.fixture(scope="module")
def domain(cloud: Cloud) -> Iterator[dict[str, Any]]:
    """An active domain's status."""
    api = cloud.client("opensearch")
    created = api.create_domain(**declaration(cloud, DOMAIN))["DomainStatus"]
    assert (created["Created"], created["Processing"], created.get("Endpoints")) == (False, True, None)
    yield until("the domain to be active", lambda: active(cloud), 60)
    api.delete_domain(DomainName=DOMAIN)
    until("the domain to be gone", lambda: not api.describe_domains(DomainNames=[DOMAIN])["DomainStatusList"], 30)
    assert code(api.describe_domain, DomainName=DOMAIN) == "ResourceNotFoundException"


def active(cloud: Cloud) -> dict[str, Any] | None:
    status = cloud.client("opensearch").describe_domain(DomainName=DOMAIN)["DomainStatus"]
    return status if status["DomainProcessingStatus"] == "Active" else None


def client(cloud: Cloud, domain: dict[str, Any], password: str = PASSWORD) -> httpx.Client:
    trusted = ssl.create_default_context(cafile=str(cloud.site.authority / "ca.crt"))
    url = f"https://{domain['Endpoints']['vpc']}"
    return httpx.Client(base_url=url, auth=(USER, password), verify=trusted, trust_env=False)


def answer(cloud: Cloud, domain: dict[str, Any], password: str = PASSWORD) -> int | None:
    """Status of a request that logs in; None while nobody listens."""
    with client(cloud, domain, password) as one:
        try:
            return one.get("/_cluster/health").status_code
        except httpx.TransportError:
            return None


def test_only_the_master_user_gets_an_answer_and_only_over_tls(cloud: Cloud, domain: dict[str, Any]) -> None:
    assert answer(cloud, domain) == 200
    assert answer(cloud, domain, "Wrong-Password-1") == 401
    endpoint = domain["Endpoints"]["vpc"]
    trusted = ssl.create_default_context(cafile=str(cloud.site.authority / "ca.crt"))
    for path in ("/", "/_search", "/_cat/indices", "/_cluster/settings", "/life/_doc/1"):
        refused = httpx.get(f"https://{endpoint}{path}", verify=trusted)
        assert (refused.status_code, refused.headers["www-authenticate"][:5]) == (401, "Basic")
    with pytest.raises(httpx.TransportError):
        httpx.get(f"http://{endpoint}/", auth=(USER, PASSWORD))
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(f"https://{endpoint}/")


def test_the_port_of_other_nodes_admits_nobody_without_a_certificate(cloud: Cloud, domain: dict[str, Any]) -> None:
    host = domain["Endpoints"]["vpc"].partition(":")[0]
    trusted = ssl.create_default_context(cafile=str(cloud.site.authority / "ca.crt"))
    with pytest.raises(httpx.TransportError):
        httpx.get(f"https://{host}:9300/", verify=trusted)
    with pytest.raises(httpx.TransportError):
        httpx.get(f"http://{host}:9300/")


def test_a_domain_is_described_as_it_was_declared_without_its_password(cloud: Cloud, domain: dict[str, Any]) -> None:
    given = declaration(cloud, DOMAIN)
    assert {name: domain[name] for name in ("EngineVersion", "NodeToNodeEncryptionOptions")} == {
        name: given[name] for name in ("EngineVersion", "NodeToNodeEncryptionOptions")
    }
    assert domain["EncryptionAtRestOptions"] == {"Enabled": True, "KmsKeyId": cloud.key}
    assert domain["VPCOptions"]["VPCId"] == cloud.vpc
    assert domain["VPCOptions"]["AvailabilityZones"] == ["us-west-2a", "us-west-2b", "us-west-2c"]
    api = cloud.client("opensearch")
    config = api.describe_domain_config(DomainName=DOMAIN)["DomainConfig"]
    assert config["ClusterConfig"]["Options"]["InstanceCount"] == 3
    assert config["DomainEndpointOptions"]["Status"]["State"] == "Active"
    assert PASSWORD not in json.dumps([domain, config], default=str)
    assert {"DomainName": DOMAIN, "EngineType": "OpenSearch"} in api.list_domain_names()["DomainNames"]


def test_a_killed_node_comes_back_with_what_it_had_acknowledged(cloud: Cloud, domain: dict[str, Any]) -> None:
    with client(cloud, domain) as one:
        one.put("/kept/_doc/1", json={"title": "kept"}).raise_for_status()
    process = cloud.engine("opensearch")
    killed = process.pid()
    process.kill()
    until("another process", lambda: process.pid() not in (None, killed), 30)
    until("the domain to answer", lambda: answer(cloud, domain) == 200, 60)
    with client(cloud, domain) as one:
        found = until("the index to be recovered", lambda: one.get("/kept/_doc/1").json().get("_source"), 30)
    assert found == {"title": "kept"}


def test_another_password_is_admitted_without_a_restart(cloud: Cloud, domain: dict[str, Any]) -> None:
    api, process = cloud.client("opensearch"), cloud.engine("opensearch")
    before = process.pid()
    for password, refused in ((OTHER, PASSWORD), (PASSWORD, OTHER)):
        user = {"MasterUserName": USER, "MasterUserPassword": password}
        changed = api.update_domain_config(DomainName=DOMAIN, AdvancedSecurityOptions={"MasterUserOptions": user})
        assert changed["DomainConfig"]["AdvancedSecurityOptions"]["Status"]["State"] == "Processing"
        assert code(api.update_domain_config, DomainName=DOMAIN, EBSOptions={"VolumeSize": 20}) == "ValidationException"
        until("the domain to be active", lambda: active(cloud), 30)
        assert (answer(cloud, domain, password), answer(cloud, domain, refused)) == (200, 401)
    assert process.pid() == before


def test_what_is_changed_is_described_and_what_cannot_be_undone_is_refused(
    cloud: Cloud, domain: dict[str, Any]
) -> None:
    api = cloud.client("opensearch")
    api.update_domain_config(DomainName=DOMAIN, EBSOptions={"VolumeSize": 20})
    disks = until("the domain to be active", lambda: active(cloud), 30)["EBSOptions"]
    assert disks == {"EBSEnabled": True, "VolumeType": "gp3", "VolumeSize": 20}
    for option in ("NodeToNodeEncryptionOptions", "EncryptionAtRestOptions", "AdvancedSecurityOptions"):
        assert (
            code(api.update_domain_config, DomainName=DOMAIN, **{option: {"Enabled": False}}) == "ValidationException"
        )


def test_tags(cloud: Cloud, domain: dict[str, Any]) -> None:
    api, arn = cloud.client("opensearch"), domain["ARN"]
    api.add_tags(ARN=arn, TagList=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    api.add_tags(ARN=arn, TagList=[{"Key": "b", "Value": "3"}])
    api.remove_tags(ARN=arn, TagKeys=["a", "none"])
    assert api.list_tags(ARN=arn)["TagList"] == [{"Key": "b", "Value": "3"}]
    reserved = [{"Key": "aws:x", "Value": ""}]
    assert code(api.add_tags, ARN=arn, TagList=reserved) == "ValidationException"
    assert code(api.list_tags, ARN=f"{arn}-none") == "ResourceNotFoundException"


def test_names_are_unique_and_versions_lead_to_later_ones(cloud: Cloud, domain: dict[str, Any]) -> None:
    api = cloud.client("opensearch")
    assert code(api.create_domain, **declaration(cloud, DOMAIN)) == "ResourceAlreadyExistsException"
    assert domain["EngineVersion"] in api.list_versions()["Versions"]
    assert api.get_compatible_versions(DomainName=DOMAIN)["CompatibleVersions"] == [
        {"SourceVersion": "OpenSearch_2.19", "TargetVersions": []}
    ]
    before = {
        one["SourceVersion"]: one["TargetVersions"] for one in api.get_compatible_versions()["CompatibleVersions"]
    }
    assert "OpenSearch_2.19" in before["OpenSearch_1.3"]
    assert "OpenSearch_2.19" not in before["OpenSearch_1.0"]
