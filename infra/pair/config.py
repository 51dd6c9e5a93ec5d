"""Which region serves, which one stands by, and which one neither is in."""

from __future__ import annotations

from collections.abc import Iterable

from contracts.platform import RegionRole
from infra.settings import settings


@settings
class PairConfig:
    """The only place where roles stand. A promotion exchanges `active` and `passive` here, and nothing else."""

    active: str
    witness: str
    """Region of the bucket that both others use to agree: two alone can't tell a lost region from a lost line."""
    passive: str | None = None
    """Without it the platform has one region."""

    def __post_init__(self) -> None:
        if self.active == self.passive:
            raise ValueError(f"active and passive are both {self.active}; a pair has two regions")
        if self.witness in self.serving:
            raise ValueError(f"witness is {self.witness}, which is one of the pair; it must outlive either of them")

    @property
    def serving(self) -> tuple[str, ...]:
        """The regions that have a cluster, the active one first."""
        return (self.active, self.passive) if self.passive else (self.active,)

    def role(self, region: str) -> RegionRole:
        return RegionRole.ACTIVE if region == self.active else RegionRole.PASSIVE

    def other(self, region: str) -> str | None:
        """The region that `region` replicates to and from; None where there is one region."""
        return next((one for one in self.serving if one != region), None)

    def check(self, regions: Iterable[str]) -> None:
        """Raises ValueError unless `regions`, those with a configuration, are the pair's."""
        known = set(regions)
        if missing := [one for one in self.serving if one not in known]:
            raise ValueError(f"pair names {missing[0]}, which is not in regions; regions has {sorted(known)}")
        if idle := sorted(known - set(self.serving)):
            raise ValueError(f"regions has {idle[0]}, which is neither active nor passive in pair")
