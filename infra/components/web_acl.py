"""AWS WAF in front of CloudFront: known attacks, and a limit for each address.

Kong is behind a network load balancer, to which WAF cannot be attached; there Kong's plugins limit requests.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pulumi
import pulumi_aws as aws

from infra.components.base import Component
from infra.components.certificate import CLOUDFRONT_REGION

T = TypeVar("T")
_MANAGED = tuple(
    f"AWSManagedRules{name}" for name in ("AmazonIpReputationList", "CommonRuleSet", "KnownBadInputsRuleSet")
)
_MINUTES = 5
"""Of WAF's window unless it is told another."""


class WebAcl(Component):
    """WAF has what is for CloudFront in one region only."""

    def __init__(self, name: str, requests_per_minute: int, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        managed = [_managed(group, priority) for priority, group in enumerate(_MANAGED, 1)]
        acl = aws.wafv2.WebAcl(
            name,
            name=name,
            scope="CLOUDFRONT",
            description="Known attacks, and requests of one address",
            default_action=aws.wafv2.WebAclDefaultActionArgs(allow=aws.wafv2.WebAclDefaultActionAllowArgs()),
            rules=[_limit(requests_per_minute * _MINUTES), *managed],
            visibility_config=_visibility(aws.wafv2.WebAclVisibilityConfigArgs, name),
            region=CLOUDFRONT_REGION,
            opts=self.child(),
        )
        self.arn = acl.arn
        self.register_outputs({"arn": self.arn})


def _limit(requests: int) -> aws.wafv2.WebAclRuleArgs:
    return aws.wafv2.WebAclRuleArgs(
        name="limit",
        priority=0,
        action=aws.wafv2.WebAclRuleActionArgs(block=aws.wafv2.WebAclRuleActionBlockArgs()),
        statement=aws.wafv2.WebAclRuleStatementArgs(
            rate_based_statement=aws.wafv2.WebAclRuleStatementRateBasedStatementArgs(
                limit=requests, aggregate_key_type="IP"
            )
        ),
        visibility_config=_visibility(aws.wafv2.WebAclRuleVisibilityConfigArgs, "limit"),
    )


def _managed(group: str, priority: int) -> aws.wafv2.WebAclRuleArgs:
    """A group of rules that AWS keeps; it blocks what it finds."""
    return aws.wafv2.WebAclRuleArgs(
        name=group,
        priority=priority,
        override_action=aws.wafv2.WebAclRuleOverrideActionArgs(none=aws.wafv2.WebAclRuleOverrideActionNoneArgs()),
        statement=aws.wafv2.WebAclRuleStatementArgs(
            managed_rule_group_statement=aws.wafv2.WebAclRuleStatementManagedRuleGroupStatementArgs(
                vendor_name="AWS", name=group
            )
        ),
        visibility_config=_visibility(aws.wafv2.WebAclRuleVisibilityConfigArgs, group),
    )


def _visibility(form: Callable[..., T], metric: str) -> T:
    return form(cloudwatch_metrics_enabled=True, sampled_requests_enabled=True, metric_name=metric)
