"""What a region says about itself inside its cluster, and how long that holds. Pure.

The service `region` answers REGION_PATH; the other services, the operators and the runbooks ask it. Only a stack with a
passive region has a lease, and with it the key WITNESS_BUCKET in the ConfigMap; elsewhere nobody asks.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec

from contracts.decoding import of_others
from contracts.platform import RegionRole

REGION_SERVICE = "region"
"""The AuraService, and its Service, that answers."""
REGION_PATH = "/v1/region"


class RegionState(StrEnum):
    """Only an active region may write. A fenced one should, or did, and may not; a passive one stands by."""

    ACTIVE = "active"
    PASSIVE = "passive"
    FENCED = "fenced"


class RegionReport(msgspec.Struct, frozen=True):
    """`remaining_s`: for how long after the request was *sent* the answer may be acted on; None without a lease."""

    region: str
    role: RegionRole
    state: RegionState
    reason: str
    """Why it is not active; "" if it is."""
    epoch: int
    """Of the lease; 0 while unknown, or without one."""
    fenced_by: str
    """As the lease has it: who reads this knows that the process that answered serves no more by an older lease."""
    remaining_s: Annotated[float, msgspec.Meta(ge=0)] | None


decode = of_others(msgspec.json.Decoder(RegionReport).decode)
"""The answer's body. Raises msgspec.DecodeError."""
