"""Users, groups and the ownership of volumes: decisions, and files of a real file system."""

from __future__ import annotations

import asyncio
import os
import re
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.node.pod.ownership import belongs, give, group_mode, replace
from local.node.pod.security import Group, RootNotAllowed, token_owner, user, volume_group
from local.node.runtime import accounts
from local.node.runtime.execution import ContainerConfig, Mount, Run, sandbox_available
from local.node.runtime.images import USER
from local.node.runtime.user import User
from local.site import CHECKOUT

Object = dict[str, Any]
IMAGE = User(10001, 10001)


def _pod(context: Object | None = None, *containers: Object) -> Object:
    return {"spec": {"securityContext": context or {}, "containers": list(containers) or [{}]}}


def _container(**context: Any) -> Object:
    return {"securityContext": context}


@pytest.mark.parametrize(
    ("shared", "own", "image", "expected"),
    [
        ({}, {}, None, None),
        ({}, {}, IMAGE, IMAGE),
        ({"runAsUser": 7}, {}, IMAGE, User(7, 0)),
        ({"runAsUser": 10001}, {}, IMAGE, IMAGE),
        ({"runAsUser": 7, "runAsGroup": 8}, {"runAsUser": 9}, None, User(9, 8)),
        ({"fsGroup": 5, "supplementalGroups": [6, 5]}, {}, IMAGE, User(10001, 10001, (6, 5))),
        ({"fsGroup": 5}, {}, None, User(0, 0, (5,))),
        ({}, {"runAsGroup": 8}, None, User(0, 8)),
        ({"runAsUser": 0}, {}, IMAGE, User(0, 0)),
        ({"runAsNonRoot": True}, {}, IMAGE, IMAGE),
        ({"runAsNonRoot": True, "runAsUser": 0}, {"runAsNonRoot": False}, None, User(0, 0)),
    ],
)
def test_the_container_s_security_context_overrides_the_pod_s(
    shared: Object, own: Object, image: User | None, expected: User | None
) -> None:
    assert user(_pod(shared), _container(**own), image) == expected


@pytest.mark.parametrize(
    ("shared", "own", "image", "said"),
    [
        ({"runAsNonRoot": True}, {}, None, "image will run as root"),
        ({"runAsNonRoot": True}, {}, User(0, 0), "image will run as root"),
        ({"runAsNonRoot": True}, {"runAsUser": 0}, IMAGE, "breaks non-root policy"),
        ({}, {"runAsNonRoot": True}, None, "image will run as root"),
    ],
)
def test_who_must_not_be_root_is_not_started_as_root(
    shared: Object, own: Object, image: User | None, said: str
) -> None:
    with pytest.raises(RootNotAllowed, match=said):
        user(_pod(shared), _container(**own), image)


def test_the_user_of_our_images_is_that_of_the_dockerfile() -> None:
    text = (CHECKOUT / "Dockerfile").read_text()
    assert re.search(r"^USER (\d+)$", text, re.MULTILINE)[1] == str(USER.uid)  # type: ignore[index]
    assert re.search(rf"useradd --uid {USER.uid} .* {accounts.NAME}$", text, re.MULTILINE)


def test_a_token_belongs_to_the_user_that_all_containers_ask_for() -> None:
    assert token_owner(_pod({"runAsUser": 7}, {}, _container(runAsUser=7))) == 7
    assert token_owner(_pod({"runAsUser": 7}, {}, _container(runAsUser=8))) is None
    assert token_owner(_pod({}, {})) is None


@given(st.integers(0, 0o777))
def test_a_groups_mode_adds_and_takes_nothing_away(mode: int) -> None:
    for kind in (stat.S_IFREG, stat.S_IFDIR):
        granted = group_mode(kind | mode)
        assert granted & mode == mode
        assert granted & 0o660 == 0o660
        assert granted & 0o007 == mode & 0o007
        assert group_mode(kind | granted) == granted
    assert group_mode(stat.S_IFREG | 0o400, read_only=True) == 0o440


@pytest.mark.skipif(os.getuid() != 0, reason="only root may give files to any group")
def test_a_volume_is_given_to_the_group_and_only_once_where_its_root_is_enough(tmp_path: Path) -> None:
    volume = tmp_path / "volume"
    (volume / "inner").mkdir(parents=True)
    (volume / "inner" / "file").write_text("x")
    (volume / "link").symlink_to("/etc/passwd")
    passwd = Path("/etc/passwd").stat()
    once, always = Group(4711, always=False), Group(4711, always=True)
    give(volume, once)
    assert belongs(volume.stat(), once)
    for path, mode in ((volume, 0o2775), (volume / "inner", 0o2775), (volume / "inner" / "file", 0o664)):
        assert (path.stat().st_uid, path.stat().st_gid, stat.S_IMODE(path.stat().st_mode)) == (0, 4711, mode)
    assert (volume / "link").lstat().st_gid == 4711
    assert Path("/etc/passwd").stat() == passwd
    late = volume / "late"
    late.write_text("x")
    os.chown(late, 0, 0)
    give(volume, once)
    assert late.stat().st_gid == 0
    give(volume, always)
    assert late.stat().st_gid == 4711


def test_a_replaced_file_has_exactly_the_mode_that_was_asked_for(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        replace(tmp_path / "file", b"content", 0o664)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o664
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_a_pod_without_a_group_leaves_its_volumes_alone() -> None:
    assert volume_group(_pod()) is None
    assert volume_group(_pod({"fsGroup": 5})) == Group(5, always=True)
    assert volume_group(_pod({"fsGroup": 5, "fsGroupChangePolicy": "OnRootMismatch"})) == Group(5, always=False)


@pytest.mark.skipif(os.getuid() != 0 or not sandbox_available(), reason="needs root and mount namespaces")
def test_an_images_files_are_readable_for_its_user_in_a_folder_that_only_root_may_enter(tmp_path: Path) -> None:
    closed, scratch = tmp_path / "closed", tmp_path / "scratch"
    (closed / "image" / "inner").mkdir(parents=True)
    (closed / "image" / "inner" / "file").write_text("of the image\n")
    (closed / "secret").write_text("of root\n")
    scratch.mkdir()
    for folder in (closed, closed / "image", *tmp_path.parents[: len(tmp_path.parents) - 2]):
        folder.chmod(0o700)
    config = ContainerConfig(
        ["/bin/sh", "-c", f"id -u; cat {closed}/image/inner/file {closed}/secret; ls {closed}"],
        {**os.environ},
        "/",
        user=User(4242, 4343),
        files=[str(closed / "image" / "inner")],
    )
    run = Run(tmp_path / "run", 0)
    run.start(config, scratch)
    assert asyncio.run(run.wait()) != 0
    printed = run.log.read_text()
    assert printed.startswith("4242\nof the image\n")
    assert "of root" not in printed
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


@pytest.mark.skipif(not sandbox_available(), reason="needs mount namespaces")
def test_of_a_read_only_root_only_volumes_can_be_written(tmp_path: Path) -> None:
    volume, covering, scratch = (tmp_path / name for name in ("volume", "covering", "scratch"))
    image, outside = tmp_path / "covered" / "image", tmp_path / "outside"
    for folder in (volume, covering, scratch, image, outside):
        folder.mkdir(parents=True)
    (image / "program").write_text("of the image\n")
    tries = [f"touch {outside}/a", f"touch {image}/a", "echo x > /aura-volume/a", f"echo x > {image.parent}/a"]
    config = ContainerConfig(
        ["/bin/sh", "-c", "; ".join([*tries, "echo x > /dev/null", f"cat {image}/program"])],
        {**os.environ},
        "/",
        [Mount(volume, "/aura-volume"), Mount(covering, str(image.parent))],
        files=[str(image)],
        read_only_root=True,
    )
    run = Run(tmp_path / "run", 0)
    run.start(config, scratch)
    assert asyncio.run(run.wait()) == 0
    printed = run.log.read_text()
    assert printed.count("Read-only file system") == 2, printed
    assert printed.endswith("of the image\n")
    assert (volume / "a").exists() and (covering / "a").exists()
    assert not list(outside.iterdir())
