"""Helm releases on this machine: each chart has a stand-in, which is installed in the chart's place."""
