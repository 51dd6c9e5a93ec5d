"""`aura api`: where the API of this machine is, how to get a token, and the operations of its document."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from cli.progress.steps import StepFailed
from cli.wearables import find_endpoint
from contracts.platform import API_HOST
from local.site import Site
from services.auth.rest.openapi import DOCUMENT, PATH
from services.openapi.operations import operations

WIDTH = 160
"""Columns of the table when the output is no terminal."""
TOKENS = """\
a token    aura token --user ada, or as an app gets it: aura sign-in --address ada@example.com"""


def api(as_json: bool) -> None:
    """The document needs no platform; neither does the table."""
    if as_json:
        print(DOCUMENT.read_text(), end="")
        return
    console = Console() if sys.stdout.isatty() else Console(width=WIDTH)
    print(f"{where(Site.current())}\n{TOKENS}\n")
    console.print(table(json.loads(DOCUMENT.read_text())))


def where(site: Site) -> str:
    """Host, address and authority of the gateway, with a request that needs no token; or why there is none."""
    try:
        gateway = find_endpoint(site)
    except StepFailed as failed:
        return f"the API    not here: {failed}"
    return reached(gateway.host, gateway.port, site)


def reached(address: str, port: int, site: Site) -> str:
    """Its hosts have no public names here, so a client is told the address."""
    authority = site.home / "ca.pem"
    host = f"{API_HOST}:{port}"
    return "\n".join(
        [
            f"the API    https://{host} at {address}:{port}",
            f"its CA     {authority}",
            f"a request  curl --cacert {authority} --connect-to {host}:{address}:{port} https://{host}{PATH}",
        ]
    )


def table(document: Mapping[str, Any]) -> Table:
    """The operations by service; a path of another host than most with its host."""
    columns = [Column(head, overflow="fold") for head in ("service", "method", "path", "token", "what it does")]
    found = Table(*columns, box=None, pad_edge=False, header_style="bold")
    most = document["servers"][0]["url"]
    for one in operations(document):
        path = one.path if one.server == most else f"{one.server}{one.path}"
        found.add_row(one.service, one.method, escape(path), "yes" if one.token else "no", escape(one.summary))
    return found
