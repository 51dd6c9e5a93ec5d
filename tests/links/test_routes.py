"""The routes of a link: a port for each server and origin, the same one whoever asks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from local.links.routes import Link
from local.site import Site


def test_each_server_and_origin_has_a_port_that_stays(tmp_path: Path) -> None:
    link = Link(Site(tmp_path, 3), "us-east-1")
    first = link.route("127.23.0.16", 5432, "us-west-2")
    assert first == Link(Site(tmp_path, 3), "us-east-1").route("127.23.0.16", 5432, "us-west-2")
    assert first[0] == link.address == "127.23.0.3"
    others = {link.route("127.23.0.16", 5432), link.route("127.23.0.17", 5432, "us-west-2"), first}
    assert len(others) == 3


def test_routes_that_are_asked_for_at_once_have_ports_of_their_own(tmp_path: Path) -> None:
    link = Link(Site(tmp_path, 3), "us-east-1")
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda port: link.route("127.23.0.16", port), range(1, 41)))
    assert len(set(found)) == 40


def test_a_server_that_is_gone_has_no_route(tmp_path: Path) -> None:
    link = Link(Site(tmp_path, 3), "us-east-1")
    link.route("127.23.0.16", 5432)
    kept = link.route("127.23.0.17", 5432)
    link.forget("127.23.0.16")
    assert [(route.host, route.port) for route in link.known()] == [("127.23.0.17", kept[1])]
    assert not Link(Site(tmp_path, 3), "us-west-2").known()
