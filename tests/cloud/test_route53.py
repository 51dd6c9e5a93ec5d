"""Names of hosted zones, answered by a DNS server whose health checks move them, also without the endpoint."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from dnslib import DNSRecord

from local.cloud.route53.backing import PORT
from tests.cloud.test_kept import killed
from tests.fixtures import names
from tests.fixtures.cloud import Cloud, code, code_of
from tests.fixtures.waiting import until

pytestmark = pytest.mark.integration

DOMAIN = "dns-test.example"
WEST, EAST = "127.17.0.10", "127.27.0.10"
"""Of what is probed; the check of a region is at its own address."""


class Active(http.server.BaseHTTPRequestHandler):
    """`/active`, with 200 or 503 as the server says."""

    def do_GET(self) -> None:
        self.send_response(self.server.status)  # pyright: ignore[reportAttributeAccessIssue]
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


@pytest.fixture
def gateway() -> Iterator[http.server.HTTPServer]:
    server = http.server.ThreadingHTTPServer((WEST, 0), Active)
    server.status = 200  # pyright: ignore[reportAttributeAccessIssue]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def zone(cloud: Cloud) -> str:
    return cloud.client("route53").create_hosted_zone(Name=DOMAIN, CallerReference=DOMAIN)["HostedZone"]["Id"]


def put(cloud: Cloud, zone: str, *records: dict[str, Any]) -> None:
    changes = [{"Action": "UPSERT", "ResourceRecordSet": record} for record in records]
    cloud.client("route53").change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})


def record(name: str, value: str, **given: Any) -> dict[str, Any]:
    return {"Name": f"{name}.{DOMAIN}", "Type": "A", "TTL": 10, "ResourceRecords": [{"Value": value}], **given}


def look_up(cloud: Cloud, name: str, tcp: bool = False, type: str = "A") -> list[str]:
    return names.look_up(cloud.site, f"{name}.{DOMAIN}", type, tcp)


def test_a_record_is_answered_over_udp_and_tcp(cloud: Cloud, zone: str) -> None:
    put(cloud, zone, record("plain", "10.1.2.3"))
    for tcp in (False, True):
        until("the record", lambda tcp=tcp: look_up(cloud, "plain", tcp) == ["10.1.2.3"], 30)
    assert look_up(cloud, "nobody") == []
    put(cloud, zone, record("plain", "10.1.2.4"))
    until("the new value", lambda: look_up(cloud, "plain") == ["10.1.2.4"], 30)


def test_an_answer_that_is_too_long_for_udp_is_asked_again_over_tcp(cloud: Cloud, zone: str) -> None:
    texts = [{"Value": f'"{letter * 200}"'} for letter in "abcd"]
    put(cloud, zone, {"Name": f"long.{DOMAIN}", "Type": "TXT", "TTL": 10, "ResourceRecords": texts})
    until("the record", lambda: len(look_up(cloud, "long", tcp=True, type="TXT")) == 4, 30)
    question = DNSRecord.question(f"long.{DOMAIN}", "TXT")
    short = DNSRecord.parse(question.send(cloud.site.endpoint_host, PORT, timeout=5))
    assert short.header.tc == 1


def test_health_checks_alone_move_a_name_while_the_endpoint_is_dead(
    cloud: Cloud, zone: str, gateway: http.server.HTTPServer
) -> None:
    route53 = cloud.client("route53")
    checked = {"Type": "HTTP", "IPAddress": WEST, "Port": gateway.server_port, "ResourcePath": "/active"}
    checked |= {"RequestInterval": 10, "FailureThreshold": 1}
    check = route53.create_health_check(CallerReference="west", HealthCheckConfig=checked)["HealthCheck"]["Id"]
    put(
        cloud,
        zone,
        record("api", WEST, SetIdentifier="west", Failover="PRIMARY", HealthCheckId=check),
        record("api", EAST, SetIdentifier="east", Failover="SECONDARY"),
    )

    def seen() -> list[Any]:
        return route53.get_health_check_status(HealthCheckId=check)["HealthCheckObservations"]

    (observed,) = until("the first probe", seen, 30)
    assert observed["StatusReport"]["Status"] == f"Success: HTTP Status Code: 200. Resolved IP: {WEST}. OK"
    until("the name to be in the west", lambda: look_up(cloud, "api") == [WEST], 30)
    killed(cloud)
    gateway.status = 503  # pyright: ignore[reportAttributeAccessIssue]
    until("the name to be in the east", lambda: look_up(cloud, "api") == [EAST], 40)
    gateway.status = 200  # pyright: ignore[reportAttributeAccessIssue]
    until("the name to be back in the west", lambda: look_up(cloud, "api") == [WEST], 40)


def test_the_last_failure_is_told(cloud: Cloud) -> None:
    route53 = cloud.client("route53")
    with socket.socket() as free:
        free.bind((WEST, 0))
        port = free.getsockname()[1]
    checked = {"Type": "TCP", "IPAddress": WEST, "Port": port, "RequestInterval": 10, "FailureThreshold": 1}
    check = route53.create_health_check(CallerReference="closed", HealthCheckConfig=checked)["HealthCheck"]["Id"]

    def reason() -> list[Any]:
        return route53.get_health_check_last_failure_reason(HealthCheckId=check)["HealthCheckObservations"]

    (seen,) = until("the first probe", reason, 30)
    assert f"{WEST}:{port} could not be opened" in seen["StatusReport"]["Status"]
    unknown = "00000000-0000-0000-0000-000000000000"
    assert code(route53.get_health_check_status, HealthCheckId=unknown) == "NoSuchHealthCheck"


WRONG_CHECKS: list[tuple[dict[str, Any], str]] = [
    ({"Type": "HTTP", "IPAddress": WEST, "RequestInterval": 20}, "InvalidInput"),
    ({"Type": "HTTP", "IPAddress": WEST, "FailureThreshold": 11}, "InvalidInput"),
    ({"Type": "HTTP"}, "InvalidInput"),
    ({"Type": "HTTPS_STR_MATCH", "IPAddress": WEST}, "InvalidInput"),
    ({"Type": "CLOUDWATCH_METRIC"}, "NotImplemented"),
]


@pytest.mark.parametrize(("given", "expected"), WRONG_CHECKS)
def test_a_wrong_health_check_is_refused(cloud: Cloud, given: dict[str, Any], expected: str) -> None:
    create = cloud.client("route53").create_health_check
    assert code(create, CallerReference="wrong", HealthCheckConfig=given) == expected


WRONG_RECORDS: list[tuple[dict[str, Any], str]] = [
    ({"Weight": 1}, "InvalidInput"),
    ({"Weight": 1, "Failover": "PRIMARY", "SetIdentifier": "a"}, "InvalidInput"),
    ({"GeoLocation": {"CountryCode": "DE"}, "SetIdentifier": "a"}, "NotImplemented"),
]


@pytest.mark.parametrize(("given", "expected"), WRONG_RECORDS)
def test_a_wrong_record_is_refused(cloud: Cloud, zone: str, given: dict[str, Any], expected: str) -> None:
    batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record("wrong", WEST, **given)}]}
    change = cloud.client("route53").change_resource_record_sets
    assert code(change, HostedZoneId=zone, ChangeBatch=batch) == expected


def changed(cloud: Cloud, zone: str, action: str, name: str, type: str, *values: str, **given: Any) -> str:
    """The message with which the change is refused; empty when it is not."""
    made = {"Name": name, "Type": type, "TTL": 60, "ResourceRecords": [{"Value": value} for value in values], **given}
    batch = {"Changes": [{"Action": action, "ResourceRecordSet": made}]}
    try:
        cloud.client("route53").change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)
    except ClientError as error:
        assert code_of(error) == "InvalidChangeBatch"
        return error.response.get("Error", {}).get("Message", "")
    return ""


WRONG_VALUES = [
    ("A", "not-ip", "ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address)"),
    ("A", "10.0.0.1, 10.0.0.2", "ARRDATANotSingleField (Value contains spaces)"),
    ("AAAA", "10.0.0.1", "AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address)"),
    ("MX", "mail.example.", "MXRRDATANotTwoFields (MX record doesn't have 2 fields)"),
    ("TXT", "hello", "InvalidCharacterString (Value should be enclosed in quotation marks)"),
    ("TXT", '"a" b', "InvalidCharacterString (Value should be enclosed in quotation marks)"),
    ("TXT", f'"{"x" * 256}"', "CharacterStringTooLong (Value is too long)"),
    ("SPF", f'"a""{"x" * 256}"', "CharacterStringTooLong (Value is too long)"),
]


@pytest.mark.parametrize(("type", "value", "problem"), WRONG_VALUES)
def test_a_value_that_its_type_cannot_have_is_refused(
    cloud: Cloud, zone: str, type: str, value: str, problem: str
) -> None:
    expected = f"[Invalid Resource Record: FATAL problem: {problem} encountered with '{value}']"
    for action in ("CREATE", "UPSERT"):
        assert changed(cloud, zone, action, f"wrong-value.{DOMAIN}", type, value) == expected


RIGHT_VALUES = [
    *(("A", "10.1.2.3"), ("AAAA", "::1"), ("MX", "10 mail.example."), ("TXT", '"a" "b \\" c"')),
    *(("TXT", f'"{"x" * 255}""more"'), ("TXT", '"' + "\\052" * 255 + '"'), ("TXT", '"' + '\\"' * 255 + '"')),
]


def test_valid_values_are_accepted(cloud: Cloud, zone: str) -> None:
    for number, (type, value) in enumerate(RIGHT_VALUES):
        assert changed(cloud, zone, "CREATE", f"right-{number}.{DOMAIN}", type, value) == "", value


def test_strings_without_white_space_between_them_are_answered(cloud: Cloud, zone: str) -> None:
    assert changed(cloud, zone, "CREATE", f"strings.{DOMAIN}", "TXT", f'"{"x" * 255}""more"') == ""
    shown = [f'"{"x" * 255}" "more"', f'"{"x" * 255}","more"']
    until("the record", lambda: look_up(cloud, "strings", type="TXT")[:1] in [[each] for each in shown], 30)


def listed(cloud: Cloud, zone: str, **given: Any) -> list[str]:
    """Names of the zone's record sets, as far as they are under `spelled`."""
    sets = cloud.client("route53").list_resource_record_sets(HostedZoneId=zone, **given)["ResourceRecordSets"]
    return [one["Name"] for one in sets if one["Name"].lower().endswith(f".spelled.{DOMAIN}.")]


ALIAS = {"HostedZoneId": "Z2FDTNDATAQYW2", "DNSName": "d.cloudfront.net", "EvaluateTargetHealth": False}
SPELLINGS = [("*", "\\052"), ("\\052", "*"), ("Capital", "cAPITAL"), ("small", "SMALL")]


@pytest.mark.parametrize("of", [{"ResourceRecords": [{"Value": "10.1.2.3"}], "TTL": 60}, {"AliasTarget": ALIAS}])
@pytest.mark.parametrize(("one", "other"), SPELLINGS)
def test_a_name_is_the_same_however_it_is_spelled(
    cloud: Cloud, zone: str, one: str, other: str, of: dict[str, Any]
) -> None:
    route53, names = cloud.client("route53"), {spelled: f"{spelled}.spelled.{DOMAIN}" for spelled in (one, other)}

    def change(action: str, spelled: str) -> None:
        made = {"Name": names[spelled], "Type": "A", **of}
        batch = {"Changes": [{"Action": action, "ResourceRecordSet": made}]}
        route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)

    for spelled in (one, other):
        change("UPSERT", spelled)
    kept = f"{one.lower()}.spelled.{DOMAIN}.".replace("\\052", "*")
    assert listed(cloud, zone) == [kept]
    for spelled in (one, other):
        assert listed(cloud, zone, StartRecordName=names[spelled], StartRecordType="A", MaxItems="1") == [kept]
    change("DELETE", other)
    assert listed(cloud, zone) == []


def test_a_record_is_created_once_and_deleted_as_it_is(cloud: Cloud, zone: str) -> None:
    name = f"once.{DOMAIN}"
    shown = f"[name='{name}.', type='A']"
    assert changed(cloud, zone, "CREATE", name, "A", "10.1.2.3") == ""
    exists = f"[Tried to create resource record set {shown} but it already exists]"
    assert changed(cloud, zone, "CREATE", name, "A", "10.1.2.4") == exists
    differs = f"[Tried to delete resource record set {shown} but the values provided do not match the current values]"
    assert changed(cloud, zone, "DELETE", name, "A", "10.1.2.4") == differs
    assert changed(cloud, zone, "DELETE", name, "A", "10.1.2.3", TTL=61) == differs
    assert changed(cloud, zone, "DELETE", name, "A", "10.1.2.3") == ""
    missing = f"[Tried to delete resource record set {shown} but it was not found]"
    assert changed(cloud, zone, "DELETE", name, "A", "10.1.2.3") == missing


def test_a_record_with_a_set_identifier_goes_alone(cloud: Cloud, zone: str) -> None:
    for name in ("one", "other"):
        for identifier, weight in (("a", 1), ("b", 2)):
            given: dict[str, Any] = {"SetIdentifier": identifier, "Weight": weight}
            assert changed(cloud, zone, "CREATE", f"{name}.{DOMAIN}", "A", "10.1.2.3", **given) == ""
    gone = f"one.{DOMAIN}"
    assert changed(cloud, zone, "DELETE", gone, "A", "10.1.2.3", SetIdentifier="a", Weight=1) == ""
    sets = cloud.client("route53").list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    left = [(one["Name"].split(".")[0], one["SetIdentifier"]) for one in sets if "Weight" in one]
    assert left == [("one", "b"), ("other", "a"), ("other", "b")]


def test_a_name_has_a_cname_or_other_records(cloud: Cloud, zone: str) -> None:
    apex = f"[RRSet of type CNAME with DNS name {DOMAIN}. is not permitted at apex in zone {DOMAIN}.]"
    assert changed(cloud, zone, "CREATE", DOMAIN, "CNAME", "x.example.") == apex
    assert changed(cloud, zone, "CREATE", f"address.{DOMAIN}", "A", "10.1.2.3") == ""
    assert "conflicts with other records" in changed(cloud, zone, "UPSERT", f"address.{DOMAIN}", "CNAME", "x.example.")
    assert changed(cloud, zone, "CREATE", f"canonical.{DOMAIN}", "CNAME", "x.example.") == ""
    beside = changed(cloud, zone, "CREATE", f"canonical.{DOMAIN}", "A", "10.1.2.3")
    assert "a conflicting RRSet of type CNAME with the same DNS name already exists" in beside
    swap = [("DELETE", "CNAME", "x.example."), ("CREATE", "A", "10.1.2.3")]
    changes = [
        {"Action": action, "ResourceRecordSet": {**record("canonical", value), "Type": type, "TTL": 60}}
        for action, type, value in swap
    ]
    cloud.client("route53").change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})


def test_a_name_is_of_the_zone(cloud: Cloud, zone: str) -> None:
    for name in ("a.other.example.", f"not-{DOMAIN}."):
        refused = changed(cloud, zone, "CREATE", name, "A", "10.1.2.3")
        assert refused == f"[RRSet with DNS name {name} is not permitted in zone {DOMAIN}.]"


def test_ns_and_soa_of_a_zone_cannot_be_deleted_and_have_string_values(cloud: Cloud, zone: str) -> None:
    sets = cloud.client("route53").list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    own = {one["Type"]: one for one in sets if one["Name"] == f"{DOMAIN}." and one["Type"] in ("NS", "SOA")}
    (soa,) = own["SOA"]["ResourceRecords"]
    assert len(soa["Value"].split()) == 7
    for type, message in (("NS", "at least one NS record"), ("SOA", "exactly one SOA record")):
        values = [one["Value"] for one in own[type]["ResourceRecords"]]
        assert message in changed(cloud, zone, "DELETE", DOMAIN, type, *values, TTL=own[type]["TTL"])


def test_a_reference_of_a_caller_makes_one_zone(cloud: Cloud, zone: str) -> None:
    create = cloud.client("route53").create_hosted_zone
    assert code(create, Name="another.example", CallerReference=DOMAIN) == "HostedZoneAlreadyExists"


def test_the_server_ends_with_the_last_zone_and_the_last_health_check(cloud: Cloud) -> None:
    route53 = cloud.client("route53")
    route53.create_hosted_zone(Name="last.example", CallerReference="last")
    server = until("the server", lambda: cloud.engine("dns"), 30)
    until("it to run", lambda: server.pid() is not None, 30)
    for check in route53.list_health_checks()["HealthChecks"]:
        route53.delete_health_check(HealthCheckId=check["Id"])
    for known in route53.list_hosted_zones()["HostedZones"]:
        of = {"HostedZoneId": known["Id"]}
        sets = route53.list_resource_record_sets(**of)["ResourceRecordSets"]
        for one in [one for one in sets if one["Type"] not in ("NS", "SOA")]:
            change = {"Action": "DELETE", "ResourceRecordSet": one}
            route53.change_resource_record_sets(**of, ChangeBatch={"Changes": [change]})
        route53.delete_hosted_zone(Id=known["Id"])
    until("the server to end", lambda: server.pid() is None, 30)
