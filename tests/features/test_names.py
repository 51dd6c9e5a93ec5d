"""The platform's hosts have names, which lead to the gateway."""

from __future__ import annotations

import httpx
import pytest
import yaml

from local.site import Site
from tests.fixtures.names import look_up
from tests.fixtures.platform import Platform
from tests.fixtures.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]
DOMAIN, REGION = "aurawellness.com", "us-west-2"


@pytest.fixture
def site(platform: Platform) -> Site:
    return Site(platform.home, int(platform.env["AURA_SITE"]))


@pytest.mark.parametrize("host", ["api", "auth", "stream", f"gateway.{REGION}"])
def test_a_host_of_a_route_leads_to_the_gateway(platform: Platform, site: Site, host: str) -> None:
    gateway = platform.get("gateway", "-n", "aura", "aura")["status"]["addresses"][0]["value"]
    until("the record", lambda: look_up(site, f"{host}.{DOMAIN}") == [gateway])


def test_health_checkers_reach_the_region_without_tls_and_nothing_else_of_it(site: Site) -> None:
    host = f"active.{REGION}.{DOMAIN}"
    (address,) = until("the record", lambda: look_up(site, host))
    with httpx.Client(base_url=f"http://{address}:8081", headers={"Host": host}, trust_env=False) as checker:
        assert checker.get("/active").json() == {"region": REGION, "state": "active"}
        assert {checker.get(path).status_code for path in ("/v1/region", "/metrics", "/readyz")} == {404}


def test_a_host_has_its_record_as_long_as_its_route(platform: Platform, site: Site) -> None:
    host, name = f"for-a-while.{DOMAIN}", "for-a-while"
    route = {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": name, "namespace": "aura"},
        "spec": {
            "parentRefs": [{"name": "aura"}],
            "hostnames": [host],
            "rules": [{"backendRefs": [{"name": "auth", "port": 8080}]}],
        },
    }
    platform.kubectl("apply", "-f", "-", stdin=yaml.safe_dump(route))
    try:
        until("the record", lambda: look_up(site, host))
    finally:
        platform.kubectl("delete", "httproute", "-n", "aura", name)
    until("the record's end", lambda: not look_up(site, host))
    assert look_up(site, f"api.{DOMAIN}"), "records of other routes are left alone"
