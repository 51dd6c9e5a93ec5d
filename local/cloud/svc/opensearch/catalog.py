"""Versions of the engine and what their upgrades lead to; instance types.

https://docs.aws.amazon.com/opensearch-service/latest/developerguide/version-migration.html
https://docs.aws.amazon.com/opensearch-service/latest/developerguide/limits.html
"""

from __future__ import annotations

VERSIONS = (
    *("OpenSearch_2.19", "OpenSearch_2.17", "OpenSearch_2.15", "OpenSearch_2.13", "OpenSearch_2.11", "OpenSearch_2.9"),
    *("OpenSearch_2.7", "OpenSearch_2.5", "OpenSearch_2.3", "OpenSearch_1.3", "OpenSearch_1.2", "OpenSearch_1.1"),
    *("OpenSearch_1.0", "Elasticsearch_7.10"),
)
"""The newest first; of 3 and of older Elasticsearch this cloud knows nothing."""
HERE = "OpenSearch_2.19"
"""The one whose engine runs."""

OWN_DISKS = ("i2.", "i3.", "d2.", "r6gd.", "r3.", "m3.")
"""Prefixes of instance types with disks of their own; the others need EBS."""
UNENCRYPTED = ("m3.", "r3.", "t2.")
"""Prefixes of instance types without encryption at rest."""
VOLUME_GIB = {
    "t3.small.search": (10, 100),
    "t3.medium.search": (10, 200),
    "m5.large.search": (10, 512),
    "m6g.large.search": (10, 512),
    "m6g.xlarge.search": (10, 1024),
    "r5.large.search": (10, 1024),
    "r6g.large.search": (10, 1024),
    "r6g.xlarge.search": (10, 1536),
    "c6g.large.search": (10, 256),
}
"""Smallest and largest volume of the types for which this cloud knows them."""
GP3_IOPS, GP3_MIBS = (3000, 16000), (125, 1000)
SMALLEST_VOLUME_GIB = 10


def targets(version: str) -> list[str]:
    """To which versions a domain can be upgraded."""
    newer = VERSIONS[: VERSIONS.index(version)] if version in VERSIONS else ()
    major = version.partition(".")[0]
    return [one for one in newer if one.partition(".")[0] == major or version == "OpenSearch_1.3"]
