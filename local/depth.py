"""How deep a site may lie: a Unix socket's path has at most 107 bytes, and some lie far below the site's folder."""

from __future__ import annotations

import os

from local.engines.kubernetes import ControlPlane
from local.node.addons.proxy import LONGEST_SOCKET, shards
from local.site import REGIONS, NotASite, Site


def must_fit(site: Site) -> None:
    """Raises NotASite, with how much too long its path is, where a socket of a platform at `site` would not fit."""
    planes = [ControlPlane(site, region, f"aura-{region}") for region in REGIONS]
    sockets = [os.fsencode(shard.socket) for plane in planes for shard in shards(plane.addons_folder)]
    longest = max(sockets, key=len)
    over = len(longest) - LONGEST_SOCKET
    if over > 0:
        most = len(os.fsencode(site.home)) - over
        raise NotASite(
            f"{site.home} is {over} bytes too long as the folder of a platform: {os.fsdecode(longest)} would have "
            f"{len(longest)} bytes, and the path of a socket that HAProxy serves has at most {LONGEST_SOCKET}. "
            f"Nothing was started. Set AURA_HOME to a folder whose path has at most {most} bytes, such as "
            "/var/tmp/aura, and repeat."
        )
