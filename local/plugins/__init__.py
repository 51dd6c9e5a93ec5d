"""Pulumi on this machine: provider plugins for the `aws` and `kubernetes` SDKs, in a PULUMI_HOME of their own."""

from local.plugins.home import environment, install

__all__ = ["environment", "install"]
