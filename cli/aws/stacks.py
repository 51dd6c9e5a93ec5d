"""Stacks as their files declare them: where they are, and who issues their tokens."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from local.site import CHECKOUT


class UnknownStack(LookupError):
    """No Pulumi.<stack>.yaml declares the stack; the text names those that there are."""


@dataclass(frozen=True)
class Stack:
    """`region` is the active one of its pair; `passive` the other one, if there is a pair."""

    name: str
    account: str
    region: str
    token_issuer: str
    domain: str
    passive: str | None = None
    witness: str | None = None
    """The region of the pair's witness, if there is a pair."""

    @property
    def serving(self) -> tuple[str, ...]:
        """The regions with a cluster, the active one first."""
        return (self.region, self.passive) if self.passive else (self.region,)


def read(name: str, checkout: Path = CHECKOUT) -> Stack:
    """Raises UnknownStack."""
    files = {file.name.split(".")[1]: file for file in checkout.glob("Pulumi.*.yaml")}
    if name not in files:
        raise UnknownStack(f"there is no stack {name!r} here; the files Pulumi.<stack>.yaml have {sorted(files)}")
    config = yaml.safe_load(files[name].read_text())["config"]
    roles = config["aura:pair"]
    return Stack(
        name,
        config["aura:account"],
        roles["active"],
        config["aura:tokenIssuer"],
        config["aura:domain"],
        roles.get("passive"),
        roles.get("witness"),
    )
