"""Hosts and paths of routes, and which of two routes is served where both claim the same."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, NamedTuple

from pydantic import Field

from contracts.rules import Checked

_LABEL = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
_HOST = f"^({_LABEL}[.])+[a-z]([-a-z0-9]{{0,61}}[a-z0-9])?$"
HostName = Annotated[
    str,
    Field(max_length=253),
    Checked(
        f"self.matches('{_HOST}')",
        "is no host name: two or more labels of at most 63 lower-case letters, digits and hyphens, with dots between"
        " them, the last one beginning with a letter, as in api.example.com",
        lambda host: re.fullmatch(_HOST.rstrip("$"), host) is not None,
    ),
]
"""Labels are those of RFC 1035; if the last one began with a digit, it could be an address."""

_ORIGIN = f"^https?://({_LABEL}[.])*[a-z]([-a-z0-9]{{0,61}}[a-z0-9])?(:[1-9][0-9]{{0,4}})?$"
_NO_ORIGIN = "^http://.*:80$|^https://.*:443$|:(6553[6-9]|655[4-9][0-9]|65[6-9][0-9]{2}|6[6-9][0-9]{3}|[7-9][0-9]{4})$"
Origin = Annotated[
    str,
    Field(max_length=269),
    Checked(
        f"self.matches('{_ORIGIN}') && !self.matches('{_NO_ORIGIN}')",
        "is no origin that a browser sends: scheme, host in lower case and a port of at most 65535 unless it is the"
        " scheme's own, as in https://app.example.com or http://localhost:3000",
        lambda origin: re.fullmatch(_ORIGIN.rstrip("$"), origin) is not None and not re.search(_NO_ORIGIN, origin),
    ),
]
"""As browsers serialize it (RFC 6454, section 6.2): they leave out the default port."""

_PATH = "^/([A-Za-z0-9_.~-]+(/[A-Za-z0-9_.~-]+)*)?$"
_DOTS = "/[.][.]?(/|$)"
RoutePath = Annotated[
    str,
    Field(max_length=200),
    Checked(
        f"self.matches('{_PATH}') && !self.matches('{_DOTS}')",
        "is no path of a route: a slash and segments of letters, digits and . _ ~ - with one slash between them and"
        " none at the end; no segment is . or .., which the gateway resolves in requests",
        lambda path: re.fullmatch(_PATH.rstrip("$"), path) is not None and not re.search(_DOTS, path),
    ),
]


class Claim(NamedTuple):
    """What a match of an HTTPRoute claims: two equal ones cannot both be served."""

    host: str
    path_type: str
    path: str
    method: str | None = None


def claim(host: str, path_type: str, path: str, method: str | None = None) -> Claim:
    """A prefix is the same with and without a slash at its end (Gateway API, PathMatchType)."""
    return Claim(host.lower(), path_type, path.rstrip("/") or "/" if path_type == "PathPrefix" else path, method)


class Match(NamedTuple):
    """A match of an HTTPRoute. `further` names the headers and query parameters that it asks for besides: with some it
    claims nothing of its own."""

    claim: Claim
    further: tuple[str, ...] = ()

    def __str__(self) -> str:
        kind = "" if self.claim.path_type == "PathPrefix" else f" ({self.claim.path_type})"
        method = f"{self.claim.method} " if self.claim.method else ""
        return f"{method}{self.claim.host}{self.claim.path}{kind}" + "".join(f" with {one}" for one in self.further)


def matches(route: Mapping[str, Any]) -> Iterator[Match]:
    """Those of an HTTPRoute as the API server returns it."""
    spec = route["spec"]
    for rule in spec.get("rules", [{}]):
        for match in rule.get("matches", [{}]):
            path = match.get("path", {})
            members = (("headers", "header"), ("queryParams", "query parameter"))
            further = tuple(f"{word} {one['name']}" for member, word in members for one in match.get(member, []))
            for host in spec.get("hostnames", [""]):
                wanted = claim(host, path.get("type", "PathPrefix"), path.get("value", "/"), match.get("method"))
                yield Match(wanted, further)


def is_within(match: Match, prefix: Claim) -> bool:
    """Whether a gateway serves the requests of `match` before those of `prefix`, which has some of them: it asks for
    more (Gateway API, HTTPRouteRule.matches). Of a regular expression nobody knows, so it may."""
    inner = match.claim
    if inner.host != prefix.host or (inner == prefix and not match.further):
        return False
    beneath = inner.path.startswith(f"{prefix.path.rstrip('/')}/")
    return inner.path_type == "RegularExpression" or inner.path == prefix.path or beneath


def precedence(creation_timestamp: str, namespace: str, name: str) -> tuple[str, str, str]:
    """Of two routes with equal claims the one that sorts first is served: the older one, then by namespace and name
    (Gateway API, HTTPRouteRule.matches). `creation_timestamp` is in RFC 3339, UTC."""
    return creation_timestamp, namespace, name
