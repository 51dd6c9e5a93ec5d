"""The platform: its domain, and its regions."""

from __future__ import annotations

import os

import pulumi
import pulumi_aws as aws

from infra import config
from infra.components.zone import Zone
from infra.region import Region


def main() -> None:
    stack = config.load()
    tags = aws.ProviderDefaultTagsArgs(tags={"project": pulumi.get_project(), "stack": pulumi.get_stack()})
    providers = {region: aws.Provider(region, region=region, default_tags=tags) for region in stack.regions}
    first = next(iter(providers.values()))
    account = aws.get_caller_identity_output(opts=pulumi.InvokeOutputOptions(provider=first)).account_id
    zone = Zone("aura-zone", stack.domain, pulumi.ResourceOptions(providers=[first]))
    # The AWS SDKs' variable: an endpoint for this program is also the endpoint for the Pods.
    endpoint = os.environ.get("AWS_ENDPOINT_URL", "")
    pulumi.export("nameServers", zone.name_servers)
    for name, region_config in stack.regions.items():
        region = Region(name, account, zone, stack.token_issuer, endpoint, region_config, providers[name])
        pulumi.export(name, region.outputs())


main()
