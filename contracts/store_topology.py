"""The time-series store of a pair: what a person or a runbook tells the operators about its roles.

The store is the `Cluster` of CloudNativePG of this name in both regions, and one database: one is the primary, the
other its replica. The operators write `spec.replica` from REGION_ROLE; a region that becomes the active one waits for
the annotation.
"""

from __future__ import annotations

from contracts.resource import GROUP

STORE = "timeseries"
"""Name of the Cluster in each region."""
PROMOTION_TOKEN = f"{GROUP}/promotion-token"
"""Annotation of the Cluster that is to be promoted: `status.demotionToken` of the other region's, or WITHOUT_TOKEN."""
WITHOUT_TOKEN = "without-token"
"""The other region is lost: what it had not replicated is given up, and its Cluster has to be made anew."""
