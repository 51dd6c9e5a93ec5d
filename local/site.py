"""A site: the state folder and the loopback addresses of one running platform.

Several platforms can run on one machine (for example yours and that of the tests) when their `Site`s differ in home and
index. Each region has its own /16 block, so that a region can be killed alone.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
REGIONS = {"us-west-2": 10, "us-east-1": 20}
"""Where engines run, and the second octet of each one's addresses at site 0."""
WITNESS = "us-east-2"
"""Where nothing runs: it has a bucket, by which the other two agree."""
_INVALID_INDEX = "AURA_SITE is {}; it must be a whole number from 0 to 9, or not be set"


class InvalidSite(ValueError):
    """AURA_HOME or AURA_SITE is invalid; the message gives the valid values."""


@dataclass(frozen=True)
class Site:
    """A platform on this machine: `home` has all its state, `index` (0 to 9) selects its addresses."""

    home: Path
    index: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.index <= 9:
            raise InvalidSite(_INVALID_INDEX.format(self.index))

    @classmethod
    def current(cls) -> Site:
        """The site of AURA_HOME and AURA_SITE; by default `.aura` in this checkout and index 0.

        Raises InvalidSite.
        """
        home, index = os.environ.get("AURA_HOME"), os.environ.get("AURA_SITE") or "0"
        if not re.fullmatch("-?[0-9]+", index):
            raise InvalidSite(_INVALID_INDEX.format(index))
        folder = Path(home).resolve() if home else CHECKOUT / ".aura"
        if folder.exists() and not folder.is_dir():
            raise InvalidSite(f"AURA_HOME is {folder}, which is a file; it must be a folder, or one that can be made")
        return cls(folder, int(index))

    @property
    def endpoint_host(self) -> str:
        """Address of the AWS endpoint; no outgoing connection can use it as its source, unlike 127.0.0.1."""
        return f"127.{30 + self.index}.0.1"

    @property
    def endpoint_url(self) -> str:
        return f"http://{self.endpoint_host}:4566"

    @property
    def webhook_url(self) -> str:
        """The same endpoint with TLS: API servers call webhooks in no other way."""
        return f"https://{self.endpoint_host}:4567"

    @property
    def edge_url(self) -> str:
        """The edge location of CloudFront, which serves every distribution by its name."""
        return f"https://{self.endpoint_host}:4568"

    @property
    def page_host(self) -> str:
        return f"127.{30 + self.index}.0.2"

    def block(self, region: str) -> str:
        """First two octets of a region's addresses, such as "127.10"."""
        return f"127.{REGIONS[region] + self.index}"

    def engine_address(self, region: str, number: int) -> str:
        """Address of engine `number` (1 to 4094) of a region: inside <block>.0.0/20."""
        return f"{self.block(region)}.{number >> 8}.{number & 255}"

    def pod_network(self, region: str) -> str:
        """CIDR block of nodes and Pods."""
        return f"{self.block(region)}.16.0/20"

    def service_network(self, region: str) -> str:
        """CIDR block of the Services' cluster IPs."""
        return f"{self.block(region)}.96.0/20"

    def kubeconfig(self, region: str) -> Path:
        """Administrator's kubeconfig (client certificate) of a region's cluster, written by its EKS engine."""
        return self.home / "kube" / region / "kubeconfig"

    @property
    def authority(self) -> Path:
        """Folder of the authority that databases, brokers and caches are certified by; `ca.crt` is its certificate."""
        return self.home / "cloud" / "authority"

    def logs(self) -> Path:
        return self.home / "logs"
