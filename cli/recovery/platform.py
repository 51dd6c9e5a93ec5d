"""Where runbooks find a stack: the platform of this machine, or one on AWS with the person's own credentials."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from cli.aws import stacks
from cli.aws.credentials import own_session, session
from cli.aws.stacks import Stack
from contracts.gateway import ACTIVE_SERVICE
from contracts.platform import NAMESPACE
from local.observe import kube
from local.plugins import one_region
from local.plugins.home import STACK
from local.site import Site
from runbooks.adapters.announcement import Announcement
from runbooks.environment import Access, NoPair, on_aws

ANNOUNCE_URL = "AURA_ANNOUNCE_URL"
"""A webhook to which executions are announced. It is in the environment because whoever knows it can write there."""


@dataclass(frozen=True)
class Target:
    """A stack as it is reached from here; `folder` has the journals and reports of its executions."""

    access: Access
    folder: Path

    def announcements(self) -> Sequence[Announcement]:
        url = os.environ.get(ANNOUNCE_URL)
        return [Announcement(url)] if url else []


def target(site: Site, name: str = STACK, profile: str | None = None) -> Target:
    """Raises UnknownStack, NoPair, WrongAccount and botocore's errors."""
    stack = stacks.read(name)
    if stack.passive is None or stack.witness is None:
        raise NoPair(f"the stack {name} has one region; `aura:pair` in Pulumi.{name}.yaml names the other one")
    folder = site.home / "runbooks"
    if name == STACK and one_region.file(site).exists():
        raise NoPair(
            "this platform was made with one region, so there is no other one to serve. Nothing was done. `make clean`"
            " deletes it and its data; the next `make up` makes two"
        )
    if name == STACK:
        return Target(_here(site, stack, stack.witness), folder)
    own = own_session(stack, profile)
    return Target(on_aws(stack.domain, stack.serving, stack.witness, partial(_client, own, None)), folder / name)


def _here(site: Site, stack: Stack, witness: str) -> Access:
    """Locally the clusters' administrator is the person, and the names of gateways have no public records."""
    connect = partial(_client, session(), site.endpoint_url)
    return Access(
        stack.domain,
        stack.serving,
        witness,
        connect,
        lambda region: partial(kube.connect, site.kubeconfig(region)),
        partial(gateway, site),
        partial(_listener, site),
    )


def gateway(site: Site, region: str) -> str | None:
    """Its host and port; None while its cluster does not say."""
    try:
        with kube.connect(site.kubeconfig(region)) as api:
            return kube.gateway_address(api, NAMESPACE, "aura")
    except kube.UNAVAILABLE:
        return None


def _listener(site: Site, region: str) -> str | None:
    try:
        with kube.connect(site.kubeconfig(region)) as api:
            return kube.load_balancer_address(api, NAMESPACE, ACTIVE_SERVICE)
    except kube.UNAVAILABLE:
        return None


def _client(own: boto3.Session, endpoint: str | None, service: str, region: str, config: Config) -> Any:
    return own.client(service, region_name=region, endpoint_url=endpoint, config=config)  # pyright: ignore[reportCallIssue, reportArgumentType]
