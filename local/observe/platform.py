"""A snapshot of a whole site."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from local.observe import aws, kube
from local.observe.errors import first_line
from local.observe.model import CustomResource, Platform, Pod, Resource
from local.site import REGIONS, Site

T = TypeVar("T")


def observe(site: Site, session: boto3.Session) -> Platform:
    """Queries all APIs of the site. An unavailable API becomes a problem, not an exception."""
    problems: list[str] = []

    def query(what: str, call: Callable[[], list[T]]) -> list[T]:
        try:
            return call()
        except (BotoCoreError, ClientError, *kube.UNAVAILABLE) as error:
            problems.append(f"{what} does not answer: {first_line(error)}")
            return []

    def cluster(region: str) -> tuple[list[CustomResource], list[Pod]]:
        api = kube.connect(site.kubeconfig(region))
        try:
            return kube.custom_resources(api, region), kube.pods(api, region)
        finally:
            api.close()

    def of_region(region: str) -> tuple[list[Resource], list[CustomResource], list[Pod]]:
        resources = query(f"AWS in {region}", lambda: aws.resources(session, region, site.endpoint_url))
        if not site.kubeconfig(region).exists():
            return resources, [], []
        both = query(f"the cluster in {region}", lambda: [cluster(region)])
        return (resources, *both[0]) if both else (resources, [], [])

    with ThreadPoolExecutor(len(REGIONS)) as pool:
        regions = list(pool.map(of_region, REGIONS))
    return Platform(
        [r for region in regions for r in region[0]],
        [c for region in regions for c in region[1]],
        [p for region in regions for p in region[2]],
        problems,
    )
