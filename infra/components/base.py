"""Base class of the components: resource tree and names."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi


class Component(pulumi.ComponentResource):
    """A Pulumi component resource; its children inherit its providers."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(f"aura:infra:{type(self).__name__}", name, None, opts)
        self.name = name

    def child(
        self,
        provider: pulumi.ProviderResource | None = None,
        depends_on: Sequence[pulumi.Resource] = (),
        ignore_changes: Sequence[str] = (),
        aliases: Sequence[pulumi.Alias] = (),
        replace_on_changes: Sequence[str] = (),
    ) -> pulumi.ResourceOptions:
        """Options for a child of this component; `aliases` are its names in earlier versions of the program."""
        return pulumi.ResourceOptions(
            parent=self,
            provider=provider,
            depends_on=list(depends_on),
            ignore_changes=list(ignore_changes),
            aliases=list(aliases),
            replace_on_changes=list(replace_on_changes),
            delete_before_replace=True if replace_on_changes else None,  # its name is taken
        )
