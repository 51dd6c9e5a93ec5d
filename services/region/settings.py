"""Environment of the region service."""

from __future__ import annotations

from contracts.lease import TERM_SECONDS
from contracts.platform import RegionRole
from services.kit.settings import ServiceSettings


class RegionSettings(ServiceSettings):
    """AWS_REGION and REGION_ROLE are required. Without WITNESS_BUCKET there is no passive region, and no lease."""

    aws_region: str
    region_role: RegionRole
    witness_bucket: str = ""
    witness_region: str = ""
    aws_endpoint_url: str = ""
    term_seconds: float = TERM_SECONDS
    """Of a lease that this region is the first to take; afterwards the lease has its own."""
