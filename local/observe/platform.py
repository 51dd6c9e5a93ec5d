"""One look at a whole site."""

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
    """What all APIs of the site answer now. An API that is away becomes a problem, not an exception."""
    problems: list[str] = []

    def ask(what: str, question: Callable[[], list[T]]) -> list[T]:
        try:
            return question()
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
        resources = ask(f"AWS in {region}", lambda: aws.resources(session, region, site.endpoint_url))
        if not site.kubeconfig(region).exists():
            return resources, [], []
        both = ask(f"the cluster in {region}", lambda: [cluster(region)])
        return (resources, *both[0]) if both else (resources, [], [])

    with ThreadPoolExecutor(len(REGIONS)) as pool:
        looks = list(pool.map(of_region, REGIONS))
    return Platform(
        [r for look in looks for r in look[0]],
        [c for look in looks for c in look[1]],
        [p for look in looks for p in look[2]],
        problems,
    )
