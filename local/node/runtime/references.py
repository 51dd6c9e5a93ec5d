"""References to images, by the grammar of the OCI distribution: host/repository:tag@digest. No I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_HOST = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_REMAINDER = re.compile(
    rf"(?P<repository>{_COMPONENT}(?:/{_COMPONENT})*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}))?"
)
_ECR = re.compile(r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?")
_LONGEST_REPOSITORY = 255


class InvalidReference(ValueError):
    """The text is no reference to an image."""


@dataclass(frozen=True)
class Reference:
    """`host` is empty without one, `tag` is "latest" with neither tag nor digest."""

    host: str
    repository: str
    tag: str
    digest: str

    @property
    def registry(self) -> tuple[str, str] | None:
        """Account and region, if the host is one of ECR."""
        found = _ECR.fullmatch(self.host)
        return (found[1], found[2]) if found else None

    def at(self, digest: str) -> str:
        """The reference by digest, as a kubelet writes it into a Pod's status."""
        return f"{self.host}/{self.repository}@{digest}"


def parse(text: str) -> Reference:
    """Raises InvalidReference."""
    host, slash, remainder = text.partition("/")
    # Docker's rule: the first part is a host if it cannot be the name of a repository.
    if not slash or not ("." in host or ":" in host or host == "localhost" or host != host.lower()):
        host, remainder = "", text
    found = _REMAINDER.fullmatch(remainder)
    if found is None or (host and not re.fullmatch(_HOST, host)) or len(found["repository"]) > _LONGEST_REPOSITORY:
        raise InvalidReference(f'couldn\'t parse image name "{text}": invalid reference format')
    tag, digest = found["tag"] or "", found["digest"] or ""
    return Reference(host, found["repository"], tag or ("" if digest else "latest"), digest)
