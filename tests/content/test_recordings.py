"""Recordings: uploaded in parts that S3 verifies, played by URLs that CloudFront verifies."""

from __future__ import annotations

import hashlib
import json
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from joserfc.jwk import ECKey

from local.cloud.strict.cloudfront.managed import CACHE
from services.content.app import create
from services.content.settings import ContentSettings
from tests.content.conftest import DRAFT, EDITOR, MEDIA_KEY, Service, set_state
from tests.fixtures.cloud import KEY, REGION, Cloud
from tests.history.harness import ServerThread

pytestmark = pytest.mark.integration
BUCKET, HOST = "test-content-media", "media.content-test.example"
PARTS = (b"a" * (5 << 20), b"the end")


@pytest.fixture(scope="module")
def key_id(cloud: Cloud) -> Iterator[str]:
    """A bucket behind a distribution, whose URLs the returned key verifies."""
    cloudfront, s3 = cloud.client("cloudfront"), cloud.client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    public = load_pem_private_key(MEDIA_KEY.encode(), None).public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    config = {"CallerReference": "test-content", "Name": "test-content", "EncodedKey": pem}
    key = cloudfront.create_public_key(PublicKeyConfig=config)["PublicKey"]["Id"]
    group = cloudfront.create_key_group(KeyGroupConfig={"Name": "test-content", "Items": [key]})["KeyGroup"]["Id"]
    access = {"Name": "test-content", "SigningProtocol": "sigv4", "SigningBehavior": "always"}
    access |= {"OriginAccessControlOriginType": "s3"}
    control = cloudfront.create_origin_access_control(OriginAccessControlConfig=access)["OriginAccessControl"]["Id"]
    acm = cloud.client("acm", "us-east-1")
    certificate = acm.request_certificate(DomainName=HOST, ValidationMethod="DNS")["CertificateArn"]
    origin = {"Id": "media", "DomainName": f"{BUCKET}.s3.{REGION}.amazonaws.com", "OriginAccessControlId": control}
    behavior = {
        "TargetOriginId": "media",
        "ViewerProtocolPolicy": "https-only",
        "CachePolicyId": CACHE["CachingOptimized"],
        "TrustedKeyGroups": {"Enabled": True, "Quantity": 1, "Items": [group]},
    }
    made = cloudfront.create_distribution(
        DistributionConfig={
            "CallerReference": "test-content",
            "Aliases": {"Quantity": 1, "Items": [HOST]},
            "Origins": {"Quantity": 1, "Items": [{**origin, "S3OriginConfig": {"OriginAccessIdentity": ""}}]},
            "DefaultCacheBehavior": behavior,
            "ViewerCertificate": {"ACMCertificateArn": certificate, "SSLSupportMethod": "sni-only"},
            "Comment": "test-content",
            "Enabled": True,
        }
    )["Distribution"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{BUCKET}/*",
        "Condition": {"StringEquals": {"AWS:SourceArn": made["ARN"]}},
    }
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    yield key


@pytest.fixture(scope="module")
def service(cloud: Cloud, key_id: str, settings: ContentSettings, key: ECKey) -> Iterator[Service]:
    patch = pytest.MonkeyPatch()
    patch.setenv("AWS_ACCESS_KEY_ID", KEY)
    patch.setenv("AWS_SECRET_ACCESS_KEY", KEY)
    media = {"media_bucket": BUCKET, "media_url": f"https://{HOST}", "media_key_id": key_id}
    here = settings.model_copy(update={**media, "aws_endpoint_url": cloud.site.endpoint_url})
    application = create(here)
    with ServerThread(application, here) as address:
        made = Service(here, application, address, key)
        yield made
        for client in made.clients:
            client.close()
    patch.undo()


@pytest.fixture(scope="module")
def viewer(cloud: Cloud) -> Iterator[httpx.Client]:
    """Asks the edge location for what a URL of CloudFront names."""
    with httpx.Client(
        verify=ssl.create_default_context(cafile=cloud.site.authority / "ca.crt"), trust_env=False
    ) as one:
        yield one


def view(cloud: Cloud, viewer: httpx.Client, url: str, **headers: str) -> httpx.Response:
    parts, edge = urlsplit(url), urlsplit(cloud.site.edge_url)
    return viewer.get(
        f"https://{edge.netloc}{parts.path}?{parts.query}",
        headers={"Host": parts.netloc, **headers},
        extensions={"sni_hostname": parts.netloc},
    )


def announced(editor: httpx.Client, item: int, parts: tuple[bytes, ...] = PARTS) -> dict[str, Any]:
    described = [{"bytes": len(part), "sha256": hashlib.sha256(part).hexdigest()} for part in parts]
    answer = editor.post(f"/admin/items/{item}/uploads", json={"content_type": "audio/mpeg", "parts": described})
    return answer.raise_for_status().json()


def put(upload: dict[str, Any], parts: tuple[bytes, ...] = PARTS) -> list[str]:
    answers = [
        httpx.put(part["url"], content=content, headers=part["headers"], trust_env=False)
        for part, content in zip(upload["parts"], parts, strict=True)
    ]
    return [answer.raise_for_status().headers["ETag"] for answer in answers]


def test_a_recording_is_uploaded_published_and_played_until_its_signed_url_expires(
    service: Service, cloud: Cloud, viewer: httpx.Client
) -> None:
    editor, app = service.client(roles=[EDITOR]), service.client("ada")
    item = editor.post("/admin/items", json=DRAFT).json()
    upload = announced(editor, item["id"])
    early = editor.post(f"/admin/uploads/{upload['id']}/completion", json={"etags": ['"00"', '"11"']})
    assert early.status_code == 409
    etags = put(upload)
    done = editor.post(f"/admin/uploads/{upload['id']}/completion", json={"etags": etags}).raise_for_status().json()
    assert done["media"]["bytes"] == sum(map(len, PARTS))
    assert editor.post(f"/admin/uploads/{upload['id']}/completion", json={"etags": etags}).status_code == 404
    set_state(editor, done, "published").raise_for_status()

    url = app.get(f"/items/{item['id']}/playback").raise_for_status().json()["url"]
    played = view(cloud, viewer, url)
    assert (played.status_code, played.headers["Content-Type"]) == (200, "audio/mpeg")
    assert played.content == b"".join(PARTS)
    part = view(cloud, viewer, url, Range="bytes=-3")
    assert (part.status_code, part.content) == (206, b"end")

    signed, bare = urlsplit(url), f"https://{HOST}{urlsplit(url).path}"
    assert view(cloud, viewer, bare).status_code == 403
    assert view(cloud, viewer, url.replace("/items/", "/other/")).status_code == 403
    expires = int(signed.query.partition("Expires=")[2].partition("&")[0])
    assert view(cloud, viewer, url.replace(str(expires), str(expires + 1))).status_code == 403
    past = service.app.state.recordings.signer.sign(done["media"]["key"], datetime.now(UTC) - timedelta(seconds=1))
    assert "Access denied" in view(cloud, viewer, past).text


def test_s3_takes_only_the_part_that_was_announced(service: Service) -> None:
    editor = service.client(roles=[EDITOR])
    item = editor.post("/admin/items", json=DRAFT).json()
    upload = announced(editor, item["id"], (b"one",))
    (part,) = upload["parts"]
    other = httpx.put(part["url"], content=b"two", headers=part["headers"], trust_env=False)
    assert (other.status_code, "BadDigest" in other.text) == (400, True)
    headers = {**part["headers"], "x-amz-checksum-sha256": "x"}
    assert httpx.put(part["url"], content=b"two", headers=headers, trust_env=False).status_code == 403
    assert put(upload, (b"one",))


def test_what_s3_completed_before_a_crash_is_completed_by_a_repeat(service: Service, cloud: Cloud) -> None:
    editor = service.client(roles=[EDITOR])
    item = editor.post("/admin/items", json=DRAFT).json()
    upload = announced(editor, item["id"], (b"once",))
    (etag,) = put(upload, (b"once",))
    ((key, multipart),) = service.query("select media ->> 'key', multipart from uploads where id = %s", upload["id"])
    cloud.client("s3").complete_multipart_upload(
        Bucket=BUCKET, Key=key, UploadId=multipart, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]}
    )
    again = editor.post(f"/admin/uploads/{upload['id']}/completion", json={"etags": [etag]})
    assert (again.status_code, again.json()["media"]["key"]) == (200, key)


def test_playback_of_a_premium_item_needs_the_entitlement(service: Service) -> None:
    item = service.published(entitlement="premium")
    path = f"/items/{item['id']}/playback"
    assert service.client("ada").get(path).status_code == 403
    assert service.client("bob", ["premium"]).get(path).status_code == 200
