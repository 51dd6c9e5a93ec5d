"""Bearer tokens of EKS: a presigned request of STS GetCallerIdentity that names its cluster.

The format is that of aws-iam-authenticator (`aws eks get-token`): "k8s-aws-v1." and the URL in base64url without
padding, signed with the query form of Signature Version 4, the header x-k8s-aws-id among what is signed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote, urlsplit

PREFIX = "k8s-aws-v1."
CLUSTER_HEADER = "x-k8s-aws-id"
LIFETIME_SECONDS = 15 * 60
_EMPTY = hashlib.sha256(b"").hexdigest()


class BadToken(ValueError):
    """An invalid token; the message is the reason."""


@dataclass(frozen=True)
class Claim:
    """The parts of a token."""

    access_key: str
    session_token: str
    signed_at: datetime
    region: str
    host: str
    query: tuple[tuple[str, str], ...]
    signature: str


def read(token: str) -> Claim:
    """Parses a token. Raises BadToken when it is malformed."""
    if not token.startswith(PREFIX):
        raise BadToken(f"does not begin with {PREFIX}")
    text = token.removeprefix(PREFIX)
    try:
        url = urlsplit(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode())
        pairs = parse_qsl(url.query, keep_blank_values=True, strict_parsing=True)
        values = {key.lower(): value for key, value in pairs}
        access_key, _, region, service, _ = values["x-amz-credential"].split("/")
        signed_at = datetime.strptime(values["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        claim = Claim(
            access_key,
            values.get("x-amz-security-token", ""),
            signed_at,
            region,
            url.netloc,
            tuple((key, value) for key, value in pairs if key.lower() != "x-amz-signature"),
            values["x-amz-signature"],
        )
    except (KeyError, ValueError, binascii.Error) as error:
        raise BadToken(f"is not a presigned URL: {error}") from error
    if values.get("action") != "GetCallerIdentity" or service != "sts":
        raise BadToken("is not a call of STS GetCallerIdentity")
    if CLUSTER_HEADER not in values.get("x-amz-signedheaders", "").split(";"):
        raise BadToken(f"does not sign {CLUSTER_HEADER}")
    return claim


def verify(token: str, cluster: str, now: datetime, secret_of: Callable[[str], str | None]) -> Claim:
    """The claim of a token that was signed for `cluster` less than 15 minutes ago; raises BadToken.

    `secret_of` returns the secret of an access key, or None for an unknown one.
    """
    claim = read(token)
    age = (now - claim.signed_at).total_seconds()
    if not -60 <= age <= LIFETIME_SECONDS:
        raise BadToken(f"was signed {age:.0f} s ago; it lives for {LIFETIME_SECONDS} s")
    secret = secret_of(claim.access_key)
    if secret is None:
        raise BadToken(f"is signed with the unknown key {claim.access_key}")
    if not hmac.compare_digest(sign(claim, cluster, secret).encode(), claim.signature.encode()):
        raise BadToken(f"is not signed for cluster {cluster} with the secret of {claim.access_key}")
    return claim


def sign(claim: Claim, cluster: str, secret: str) -> str:
    """The signature of the request, in hexadecimal (AWS Signature Version 4, query form, empty body)."""
    query = "&".join(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in sorted(claim.query))
    headers = f"host:{claim.host}\n{CLUSTER_HEADER}:{cluster}\n"
    canonical = f"GET\n/\n{query}\n{headers}\nhost;{CLUSTER_HEADER}\n{_EMPTY}"
    moment = claim.signed_at.strftime("%Y%m%dT%H%M%SZ")
    scope = f"{moment[:8]}/{claim.region}/sts/aws4_request"
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashed}"
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
