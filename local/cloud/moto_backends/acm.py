"""ACM issues a certificate once its validation records are in Route 53, not after a minute as in moto."""

from __future__ import annotations

from typing import Any

from moto.acm.models import CertBundle
from moto.core.utils import utcnow
from moto.route53.models import route53_backends

from local.cloud.context import ACCOUNT


def install() -> None:
    """Replaces the method in moto's class, so that pickles keep referring to that class."""
    CertBundle.check = _check


def is_validated(options: list[dict[str, Any]], records: set[tuple[str, str]]) -> bool:
    """Whether every validation option has its CNAME; `records` are (name, value) without final dots."""
    expected = [option["ResourceRecord"] for option in options]
    return all((record["Name"].rstrip("."), record["Value"].rstrip(".")) in records for record in expected)


def _check(self: CertBundle) -> None:
    if self._not_valid_after(self._cert) <= utcnow():
        self.status = "EXPIRED"
    elif self.status == "PENDING_VALIDATION":
        options = self.describe()["Certificate"]["DomainValidationOptions"]
        self.status = "ISSUED" if is_validated(options, _records()) else self.status


def _records() -> set[tuple[str, str]]:
    zones = route53_backends[ACCOUNT]["aws"].zones.values()
    cnames = [record for zone in zones for record in zone.rrsets if record.type == "CNAME"]
    return {(record.name.rstrip("."), value.rstrip(".")) for record in cnames for value in record.records}
