"""Which policy pack the pulumi process asks for, of which the language host of this machine is not told."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.plugins.policy_pack import NoPack, pack

HERE = Path("/checkout")


@pytest.mark.parametrize(
    ("command", "folder"),
    [
        ("pulumi preview --policy-pack infra/policies", HERE / "infra/policies"),
        ("pulumi up --policy-pack=../policies --yes", HERE / "../policies"),
        ("pulumi --cwd infra up --yes --policy-pack /elsewhere/pack", Path("/elsewhere/pack")),
    ],
)
def test_the_folder_of_the_command_line_is_taken_from_where_pulumi_runs(command: str, folder: Path) -> None:
    assert pack(command.split(), HERE) == folder


@pytest.mark.parametrize(
    "command",
    [
        "pulumi preview",
        "pulumi preview --policy-pack",
        "pulumi preview --policy-pack-config infra/policies",
        "pulumi preview --policy-pack a --policy-pack b",
        "pulumi preview --policy-pack a,b",
    ],
)
def test_none_and_several_are_refused(command: str) -> None:
    with pytest.raises(NoPack, match="one at a time"):
        pack(command.split(), HERE)
