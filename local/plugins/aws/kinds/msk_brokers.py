"""The brokers' group: private connectivity from other VPCs is set once the brokers are there, not at creation."""

from __future__ import annotations

from local.plugins.aws.kind import Call
from local.plugins.aws.kinds.msk_security import authentication, authentication_input
from local.plugins.provider.values import Values

CONNECTIVITY = "brokerNodeGroupInfo.connectivityInfo.vpcConnectivity"


def brokers(given: Values) -> Values:
    """As MSK takes them at creation."""
    rest = {key: value for key, value in given.items() if key != "connectivityInfo"}
    open_to = {key: value for key, value in given.get("connectivityInfo", {}).items() if key != "vpcConnectivity"}
    return {**rest, "connectivityInfo": open_to} if open_to else rest


def brokers_input(api: Values) -> Values:
    info = api.get("ConnectivityInfo") or {}
    if "VpcConnectivity" not in info:
        return api
    ways = authentication_input(info["VpcConnectivity"].get("ClientAuthentication") or {})
    return {**api, "ConnectivityInfo": {**info, "VpcConnectivity": {"ClientAuthentication": ways}}}


def connect(old: Values, known: Values) -> list[Call]:
    info = (known["brokerNodeGroupInfo"].get("connectivityInfo") or {}).get("vpcConnectivity")
    if not info:
        return []
    ways = {"VpcConnectivity": {"ClientAuthentication": authentication(info["clientAuthentication"])}}
    target = {"ClusterArn": "{id}", "CurrentVersion": "{currentVersion}"}
    return [Call("UpdateConnectivity", {**target, "ConnectivityInfo": ways})]
