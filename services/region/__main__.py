"""`python -m services.region`: runs the region service."""

from __future__ import annotations

from contracts.gateway import ACTIVE_PORT
from services.kit import logs, serve
from services.region import endpoints
from services.region.active import Listener
from services.region.holding import without_lease
from services.region.keeper import Keeper
from services.region.settings import RegionSettings
from services.region.witness import Witness


def main() -> None:
    settings = RegionSettings()  # pyright: ignore[reportCallIssue]  fields come from the environment
    logs.configure("region", settings.pod_name, settings.log_level)
    region, role = settings.aws_region, settings.region_role
    keeper = None
    if settings.witness_bucket:
        witness = Witness(settings.witness_bucket, settings.witness_region, settings.aws_endpoint_url)
        keeper = Keeper(witness, region, role, settings.pod_name or "region", settings.term_seconds)
    logs.get(__name__).info("serving", region=region, role=role, witness=settings.witness_bucket)
    current = keeper.report if keeper else lambda: without_lease(region, role)
    listener = Listener(current).serving(settings.host, ACTIVE_PORT)
    serve.run(endpoints.create(current, keeper, listener), settings)


if __name__ == "__main__":
    main()
