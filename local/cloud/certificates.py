"""ACM issues a certificate when the records that prove the domain are in Route 53, not after a minute as moto does."""

from __future__ import annotations

from typing import Any

from moto.acm.models import CertBundle
from moto.core.utils import utcnow
from moto.route53.models import route53_backends

from local.cloud.world import ACCOUNT


def install() -> None:
    """Takes the place of moto's decision. In place, so that pickles go on naming moto's class."""
    CertBundle.check = _check


def proved(options: list[dict[str, Any]], records: set[tuple[str, str]]) -> bool:
    """Whether each of a certificate's validation options has its CNAME; `records` are (name, value), no final dots."""
    wanted = [option["ResourceRecord"] for option in options]
    return all((record["Name"].rstrip("."), record["Value"].rstrip(".")) in records for record in wanted)


def _check(self: CertBundle) -> None:
    if self._not_valid_after(self._cert) <= utcnow():
        self.status = "EXPIRED"
    elif self.status == "PENDING_VALIDATION":
        options = self.describe()["Certificate"]["DomainValidationOptions"]
        self.status = "ISSUED" if proved(options, _records()) else self.status


def _records() -> set[tuple[str, str]]:
    zones = route53_backends[ACCOUNT]["aws"].zones.values()
    cnames = [record for zone in zones for record in zone.rrsets if record.type == "CNAME"]
    return {(record.name.rstrip("."), value.rstrip(".")) for record in cnames for value in record.records}
