"""What a provider says of itself (OpenID Connect Discovery 1.0). Pure: `http.py` fetches it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

PATH = "/.well-known/openid-configuration"


class ProviderUnusable(Exception):
    """The provider is not configured, does not answer, or answers what cannot be used; 503 for the caller.

    The text is for the service's log and its callers; it has no secret.
    """


@dataclass(frozen=True)
class Endpoints:
    authorization: str
    token: str
    keys: str


def document_url(issuer: str) -> str:
    """Raises ProviderUnusable unless `issuer` is an https URL without a query."""
    return f"{_https(issuer, 'issuer').rstrip('/')}{PATH}"


def endpoints(document: Any, issuer: str) -> Endpoints:
    """Of the provider's document; raises ProviderUnusable.

    The document may name other hosts, as Google's does, and the service connects to them: so the issuer is none but the
    configured one, and each endpoint is https.
    """
    if not isinstance(document, dict) or document.get("issuer") != issuer:
        raise ProviderUnusable(f"what {issuer} publishes is about another issuer")
    names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    return Endpoints(*(_https(document.get(name), name) for name in names))


def _https(url: object, what: str) -> str:
    try:
        parts = urlsplit(url) if isinstance(url, str) else None
        usable = (
            parts is not None
            and parts.scheme == "https"
            and bool(parts.hostname)
            and not (parts.username or parts.password or parts.query or parts.fragment)
            and parts.port != 0
        )
    except ValueError:
        usable = False
    if not usable:
        raise ProviderUnusable(f"the provider's {what} is {url!r}; it must be an https URL without a query")
    return str(url)
