"""Rules of S3 that need no endpoint: conditions, retention, origins, names, digests, forms."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.cloud.http.signature import verify_form
from local.cloud.moto_backends.s3.conditions import Conditions, Verdict, of_read, time_of
from local.cloud.service.errors import AwsError
from local.cloud.strict.s3 import lifecycle, post_policy, public_policy
from local.cloud.strict.s3.conditions import refusal_of_write
from local.cloud.strict.s3.cors import CorsRule, of_answer, preflight
from local.cloud.strict.s3.digests import refusal
from local.cloud.strict.s3.names import refusal_of_bucket, refusal_of_key
from local.cloud.strict.s3.object_lock import (
    Retention,
    refusal_of_change,
    refusal_of_default,
    refusal_of_suspension,
    refusal_of_times,
)
from local.cloud.strict.s3.public_policy import is_public

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BEFORE, AFTER = NOW - timedelta(hours=1), NOW + timedelta(hours=1)
ETAG = '"a1"'
RULE = CorsRule(("https://*.example.com", "http://a.b"), ("GET", "PUT"), ("x-amz-*", "Content-Type"), ("ETag",), 300)


@pytest.mark.parametrize(
    ("asked", "verdict"),
    [
        (Conditions(), Verdict.MET),
        (Conditions(match='"a1"'), Verdict.MET),
        (Conditions(match="a1"), Verdict.MET),
        (Conditions(match="*"), Verdict.MET),
        (Conditions(match='"b", "a1"'), Verdict.MET),
        (Conditions(match='"b"'), Verdict.FAILED),
        (Conditions(unmodified_since=BEFORE), Verdict.FAILED),
        (Conditions(unmodified_since=NOW), Verdict.MET),
        (Conditions(match='"a1"', unmodified_since=BEFORE), Verdict.MET),
        (Conditions(none_match='"a1"'), Verdict.NOT_MODIFIED),
        (Conditions(none_match='"b", W/"a1"'), Verdict.NOT_MODIFIED),
        (Conditions(none_match="*"), Verdict.NOT_MODIFIED),
        (Conditions(none_match='"b"'), Verdict.MET),
        (Conditions(modified_since=NOW), Verdict.NOT_MODIFIED),
        (Conditions(modified_since=BEFORE), Verdict.MET),
        (Conditions(none_match='"a1"', modified_since=BEFORE), Verdict.NOT_MODIFIED),
        (Conditions(none_match='"b"', modified_since=AFTER), Verdict.MET),
        (Conditions(match='"b"', none_match='"a1"'), Verdict.FAILED),
    ],
)
def test_a_read_has_its_conditions(asked: Conditions, verdict: Verdict) -> None:
    assert of_read(asked, ETAG, NOW + timedelta(milliseconds=500)) is verdict


@pytest.mark.parametrize(
    ("text", "time"),
    [
        *(("Thu, 01 Jan 2026 00:00:00 GMT", NOW), ("Thursday, 01-Jan-26 00:00:00 GMT", NOW)),
        *(("Thu Jan  1 00:00:00 2026", NOW), ("yesterday-ish", None), ("", None), (None, None)),
        *(("Thu, 99 Jan 2026 00:00:00 GMT", None), ("2026-01-01T00:00:00Z", None)),
        ("Thu, 01 Jan 99999999999999999999 00:00:00 GMT", None),
    ],
)
def test_a_time_has_the_form_of_http(text: str | None, time: datetime | None) -> None:
    assert time_of(text) == time


@given(st.text(max_size=40))
def test_any_other_text_is_no_time(text: str) -> None:
    assert time_of(text) is None or any(digit.isdigit() for digit in text)


@pytest.mark.parametrize(
    ("match", "none_match", "etag", "code"),
    [
        (None, None, ETAG, None),
        (None, "*", None, None),
        (None, "*", ETAG, "PreconditionFailed"),
        (None, ETAG, ETAG, "NotImplemented"),
        (None, '"b"', None, "NotImplemented"),
        (ETAG, None, ETAG, None),
        ('"b"', None, ETAG, "PreconditionFailed"),
        (ETAG, None, None, "NoSuchKey"),
    ],
)
def test_a_write_has_its_conditions(
    match: str | None, none_match: str | None, etag: str | None, code: str | None
) -> None:
    error = refusal_of_write(match, none_match, etag)
    assert (error.code if error else None) == code


modes = st.sampled_from(["GOVERNANCE", "COMPLIANCE"])
times = st.timedeltas(timedelta(seconds=1), timedelta(days=9)).map(lambda ahead: NOW + ahead)
retentions = st.builds(Retention, modes, times)


@given(retentions, st.none() | retentions, st.booleans())
def test_compliance_is_never_weakened_and_governance_only_with_a_bypass(
    current: Retention, asked: Retention | None, bypass: bool
) -> None:
    weaker = asked is None or asked.until < current.until or asked.mode != current.mode
    refused = refusal_of_change(current, asked, bypass, NOW) is not None
    assert refused == (weaker and (current.mode == "COMPLIANCE" or not bypass))


@given(st.none() | retentions, st.none() | retentions)
def test_a_retention_that_is_over_protects_nothing(current: Retention | None, asked: Retention | None) -> None:
    assert refusal_of_change(current, asked, False, NOW + timedelta(days=10)) is None


@pytest.mark.parametrize(
    ("mode", "until", "refused"),
    [
        *((None, None, False), ("GOVERNANCE", AFTER, False), ("GOVERNANCE", None, True), (None, AFTER, True)),
        *(("COMPLIANCE", NOW, True), ("COMPLIANCE", BEFORE, True)),
    ],
)
def test_a_version_is_kept_in_a_mode_until_a_time_to_come(
    mode: str | None, until: datetime | None, refused: bool
) -> None:
    error = refusal_of_times(mode, until, NOW)
    assert (error is not None) == refused
    assert error is None or error.code == "InvalidArgument"


@pytest.mark.parametrize(
    ("days", "years", "code"),
    [
        *((1, None, None), (None, 1, None), (1, 1, "MalformedXML"), (None, None, "MalformedXML")),
        *((0, None, "InvalidArgument"), (None, -1, "InvalidArgument")),
    ],
)
def test_a_default_retention_is_of_days_or_of_years(days: int | None, years: int | None, code: str | None) -> None:
    error = refusal_of_default(days, years)
    assert (error.code if error else None) == code


@pytest.mark.parametrize(
    ("status", "locked", "refused"), [("Suspended", True, True), ("Enabled", True, False), ("Suspended", False, False)]
)
def test_a_locked_bucket_keeps_its_versions(status: str, locked: bool, refused: bool) -> None:
    assert (refusal_of_suspension(status, locked) is not None) == refused


@pytest.mark.parametrize(
    ("origin", "method", "asked", "code"),
    [
        ("https://x.example.com", "PUT", "X-Amz-Date, content-type", None),
        ("http://a.b", "GET", "", None),
        ("https://example.com", "GET", "", "AccessForbidden"),
        ("https://x.example.com.evil.net", "GET", "", "AccessForbidden"),
        ("http://axb", "GET", "", "AccessForbidden"),
        ("http://a.b", "DELETE", "", "AccessForbidden"),
        ("http://a.b", "GET", "x-other", "AccessForbidden"),
        ("", "GET", "", "BadRequest"),
        ("http://a.b", "", "", "BadRequest"),
    ],
)
def test_a_preflight_is_answered_by_the_first_rule_that_admits_it(
    origin: str, method: str, asked: str, code: str | None
) -> None:
    if code is None:
        assert preflight([CorsRule(("http://c",), ("GET",)), RULE], origin, method, asked)
        return
    with pytest.raises(AwsError) as refused:
        preflight([RULE], origin, method, asked)
    assert refused.value.code == code


def test_a_bucket_without_rules_admits_no_other_origin() -> None:
    with pytest.raises(AwsError, match="not enabled"):
        preflight([], "http://a.b", "GET", "")
    assert of_answer([], "http://a.b", "GET") == {}


def test_a_response_has_cors_headers_when_a_rule_matches() -> None:
    assert of_answer([RULE], "http://a.b", "PUT")["Access-Control-Allow-Origin"] == "http://a.b"
    assert of_answer([RULE], "http://a.b", "PUT")["Access-Control-Allow-Credentials"] == "true"
    assert of_answer([RULE], "http://a.b", "DELETE") == {}
    assert of_answer([RULE], "", "GET") == {}
    everyone = of_answer([CorsRule(("*",), ("GET",))], "http://a.b", "GET")
    assert everyone["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in everyone


@pytest.mark.parametrize(
    ("name", "valid"),
    [
        *(("abc", True), ("a" * 63, True), ("my.bucket-1", True), ("1bucket", True)),
        *(("ab", False), ("a" * 64, False), ("Upper", False), ("under_score", False), ("a..b", False)),
        *(("-abc", False), ("abc-", False), ("192.0.2.1", False), ("xn--abc", False), ("abc-s3alias", False)),
        *(("abc--x-s3", False), ("amzn-s3-demo-x", False), ("abc\n", False)),
    ],
)
def test_a_bucket_has_a_name_as_of_a_host(name: str, valid: bool) -> None:
    assert (refusal_of_bucket(name) is None) == valid


@given(st.text(alphabet="aü€", min_size=300, max_size=1100))
def test_a_key_has_1024_bytes_at_most(key: str) -> None:
    assert (refusal_of_key(key) is None) == (len(key.encode()) <= 1024)


DIGESTS = {"ContentMD5": hashlib.md5, "ChecksumSHA1": hashlib.sha1, "ChecksumSHA256": hashlib.sha256}


@given(st.sampled_from([*DIGESTS]), st.binary(max_size=100), st.binary(max_size=100))
def test_a_body_that_differs_from_its_digest_is_refused(name: str, body: bytes, sent: bytes) -> None:
    given_ = {name: base64.b64encode(DIGESTS[name](sent).digest()).decode()}
    error = refusal(body, given_)
    assert (error.code if error else None) == (None if body == sent else "BadDigest")


def test_a_malformed_digest_is_an_invalid_digest() -> None:
    for name, code in (("ContentMD5", "InvalidDigest"), ("ChecksumCRC32", "InvalidRequest")):
        for text in ("!", "AAAA", base64.b64encode(b"x" * 99).decode()):
            error = refusal(b"x", {name: text})
            assert error is not None
            assert error.code == code
    assert refusal(b"x", {"ChecksumCRC32": "jNwWgw=="}) is None


FORM = {"key": "up/a.txt", "x-amz-credential": "c", "policy": "p", "x-amz-signature": "s", "x-ignore-me": "1"}
CONDITIONS: list[Any] = [{"bucket": "b"}, ["starts-with", "$key", "up/"], {"x-amz-credential": "c"}]


@pytest.mark.parametrize(
    ("more", "fields", "size", "code"),
    [
        ([], {}, 5, None),
        ([["content-length-range", 1, 5]], {}, 5, None),
        ([["content-length-range", 1, 4]], {}, 5, "EntityTooLarge"),
        ([["content-length-range", 6, 9]], {}, 5, "EntityTooSmall"),
        ([], {"key": "other"}, 5, "AccessDenied"),
        ([["eq", "$Content-Type", "text/plain"]], {"content-type": "text/plain"}, 5, None),
        ([["eq", "$Content-Type", "text/plain"]], {"content-type": "text/html"}, 5, "AccessDenied"),
        ([["eq", "$Content-Type", "text/plain"]], {}, 5, "AccessDenied"),
        ([], {"acl": "public-read"}, 5, "AccessDenied"),
        ([{"bucket": "another"}], {}, 5, "AccessDenied"),
        ([["matches", 1]], {}, 5, "AccessDenied"),
        (["nonsense"], {}, 5, "AccessDenied"),
        *(([["content-length-range", least, 5]], {}, 5, "AccessDenied") for least in ("a", -1, 0.5, None, [], True)),
        ([["content-length-range", "1", "5"]], {}, 5, None),
        ([["like", "$key", "up/a.txt"]], {}, 5, "AccessDenied"),
    ],
)
def test_a_post_form_must_meet_the_conditions_of_its_policy(
    more: list[Any], fields: dict[str, str], size: int, code: str | None
) -> None:
    error = post_policy.refusal([*CONDITIONS, *more], {**FORM, **fields}, "b", size)
    assert (error.code if error else None) == code


@pytest.mark.parametrize("expiration", ["2030-01-01T00:00:00", "2030-01-01", "soon", "", 5, None])
def test_a_policy_ends_at_a_time_of_a_zone(expiration: Any) -> None:
    policy = base64.b64encode(json.dumps({"expiration": expiration, "conditions": []}).encode()).decode()
    fields = {"policy": policy, "awsaccesskeyid": "k", "signature": "s"}
    with pytest.raises(AwsError) as refused:
        verify_form(fields, NOW, lambda key: key)
    assert refused.value.code == "AccessDenied"


READ = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}
BAD = "InvalidArgument"
TRANSITIONS = ((10, "STANDARD_IA", BAD), (30, "STANDARD_IA", None), (0, "GLACIER", None), (-1, "GLACIER", BAD))
ADDRESSES = (
    *(("192.0.2.1", False), ("10.0.0.0/8", False), ("8.0.0.0/7", True), ("0.0.0.0/1", True), ("*", True)),
    *(("2001:db8::/32", False), ("2001:db8::/31", True), ("::/0", True)),
)
ACCESS_POINTS = (
    *(("arn:aws:s3:us-west-2:123456789012:accesspoint/*", False), ("arn:aws:s3:us-west-2:*:accesspoint/a", True)),
    *(("arn:aws:s3:us-west-2:12345678901?:accesspoint/a", True), ("arn:aws:s3:*:123456789012:accesspoint/a", True)),
    *(("arn:aws:s3:us-west-2::accesspoint/*", True), ("arn:aws:s3:*", True), ("*", True)),
    ("arn:aws:s3:us-west-2:${aws:PrincipalAccount}:accesspoint/a", True),
)
VPC = {"StringEquals": {"aws:SourceVpc": "vpc-1"}}


@pytest.mark.parametrize(
    ("changes", "public"),
    [
        *(({}, True), ({"Principal": {"AWS": "*"}}, True), ({"Principal": {"AWS": ["a", "*"]}}, True)),
        *(({"Effect": "Deny"}, False), ({"Principal": {"AWS": "arn:aws:iam::123456789012:root"}}, False)),
        ({"Principal": {"Service": "cloudfront.amazonaws.com"}}, False),
        *(({"Condition": VPC}, False), ({"Condition": {"Bool": {"aws:SecureTransport": "true"}}}, True)),
        ({"Condition": {"StringLike": {"aws:SourceArn": "arn:aws:s3:::*"}}}, True),
        ({"Condition": {"StringNotEquals": {"aws:SourceVpc": "vpc-1"}}}, True),
        ({"Condition": {"IpAddress": {"aws:SourceIp": ["192.0.2.0/24"]}}}, False),
        ({"Condition": {"IpAddress": {"aws:SourceIp": ["192.0.2.0/24", "0.0.0.0/0"]}}}, True),
        *(({"Condition": {"IpAddress": {"aws:SourceIp": of}}}, public) for of, public in ADDRESSES),
        *(({"Condition": {"ArnLike": {"s3:DataAccessPointArn": of}}}, public) for of, public in ACCESS_POINTS),
    ],
)
def test_a_policy_is_public_that_lets_in_everyone(changes: dict[str, Any], public: bool) -> None:
    assert is_public({**READ, **changes}) == public
    refused = public_policy.refusal([{**READ, "Effect": "Deny"}, {**READ, **changes}], "b", "arn:aws:iam::1:root")
    assert (refused.code if refused else None) == ("AccessDenied" if public else None)


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        *(
            ({}, "InvalidRequest"),
            ({"Expiration": {"Days": 0}}, BAD),
            ({"Expiration": {"Days": 1}}, None),
        ),
        ({"Expiration": {"ExpiredObjectDeleteMarker": True}}, None),
        *(({"NoncurrentVersionExpiration": {"NoncurrentDays": days}}, code) for days, code in ((0, BAD), (1, None))),
        *(({"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": n}}, code) for n, code in ((0, BAD), (7, None))),
        *(({"Transitions": [{"Days": n, "StorageClass": to}]}, code) for n, to, code in TRANSITIONS),
        ({"NoncurrentVersionTransitions": [{"NoncurrentDays": 29, "StorageClass": "ONEZONE_IA"}]}, BAD),
        ({"NoncurrentVersionTransitions": [{"NoncurrentDays": 30, "StorageClass": "ONEZONE_IA"}]}, None),
    ],
)
def test_a_lifecycle_has_days_that_its_actions_can_have(rule: dict[str, Any], code: str | None) -> None:
    refused = lifecycle.refusal({"ID": "x", "Status": "Enabled", **rule})
    assert (refused.code if refused else None) == code
