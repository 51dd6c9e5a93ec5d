"""Pulumi on this machine: provider plugins for the `aws` and `kubernetes` SDKs, in a PULUMI_HOME of their own."""

from local.plugins.home import environment, has_stack, install

__all__ = ["environment", "has_stack", "install"]
