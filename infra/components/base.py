"""What the components have in common: a place in the resource tree, and names."""

from __future__ import annotations

import pulumi


class Component(pulumi.ComponentResource):
    """A group of resources shown together; its children inherit its providers."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(f"aura:infra:{type(self).__name__}", name, None, opts)
        self.name = name

    def child(self, **more: object) -> pulumi.ResourceOptions:
        """Options for a resource of this component."""
        return pulumi.ResourceOptions.merge(pulumi.ResourceOptions(parent=self), pulumi.ResourceOptions(**more))
