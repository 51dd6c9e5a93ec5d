"""The resource types, some modules for each service."""

from __future__ import annotations

import functools
import importlib

from local.plugins.aws.kind import Kind

_MODULES = {
    "acm": ("acm",),
    "cloudfront": ("cloudfront",),
    "cloudtrail": ("cloudtrail",),
    "cloudwatch": ("logs",),
    "ebs": ("ebs",),
    "ec2": ("ec2", "flow_logs", "launch_templates", "security_groups"),
    "ecr": ("ecr", "ecr_replication"),
    "eks": ("eks", "eks_nodes", "eks_pods"),
    "elasticache": ("elasticache", "elasticache_global"),
    "iam": ("iam",),
    "kms": ("kms",),
    "msk": ("msk", "msk_clusters", "msk_policies", "msk_replicators"),
    "opensearch": ("opensearch",),
    "rds": ("rds", "rds_backups"),
    "route53": ("route53", "route53_health"),
    "s3": ("s3", "s3_replication", "s3_settings"),
    "secretsmanager": ("secretsmanager",),
    "vpc": ("security_groups",),
    "wafv2": ("wafv2",),
}


@functools.cache
def find(type: str) -> Kind | None:
    """The kind of a Pulumi type token such as "aws:rds/instance:Instance", None if it is not supported."""
    for module in _MODULES.get(type.removeprefix("aws:").partition("/")[0], ()):
        kinds: tuple[Kind, ...] = importlib.import_module(f"{__name__}.{module}").KINDS
        for kind in kinds:
            if kind.type == type:
                return kind
    return None
