"""Kafka clusters: every change is an operation of its own, and the next one needs the version that it leaves."""

from __future__ import annotations

from typing import Any

from local.plugins.aws.inputs import Inputs, replacing_when_lowered
from local.plugins.aws.kind import Awaited, Call, Convert, Fresh, Kind, Search, SeparateCall, Tags, Waiter
from local.plugins.aws.kinds.msk_brokers import CONNECTIVITY, brokers, brokers_input, connect
from local.plugins.aws.kinds.msk_security import (
    authentication,
    authentication_input,
    encryption,
    encryption_input,
    in_transit,
)
from local.plugins.provider.values import Values

_TARGET = {"ClusterArn": "{id}", "CurrentVersion": "{currentVersion}"}
_VOLUME = "brokerNodeGroupInfo.storageInfo.ebsStorageInfo"
_CLIENT_BROKER = "encryptionInfo.encryptionInTransit.clientBroker"


def _update(operation: str, **fields: Any) -> Call:
    return Call(operation, {**_TARGET, **fields})


def _software(old: Values, known: Values) -> list[Call]:
    """One operation for the version of Kafka and the configuration that fits it."""
    changed = old.get("configurationInfo") != known.get("configurationInfo")
    info = {"ConfigurationInfo": "{configurationInfo}"} if changed else {}
    if old.get("kafkaVersion") == known["kafkaVersion"]:
        return [_update("UpdateClusterConfiguration", ConfigurationInfo="{configurationInfo}")]
    return [_update("UpdateClusterKafkaVersion", TargetKafkaVersion="{kafkaVersion}", **info)]


def _security(old: Values, known: Values) -> list[Call]:
    """Only what can be changed: not the key, nor the encryption between brokers."""
    fields: dict[str, Any] = {}
    if "clientAuthentication" in known:
        fields["ClientAuthentication"] = authentication(known["clientAuthentication"])
    if in_transit(known) != in_transit(old):
        fields["EncryptionInfo"] = {"EncryptionInTransit": {"ClientBroker": in_transit(known)}}
    return [_update("UpdateSecurity", **fields)]


def _bootstrap(member: str) -> tuple[Call, str]:
    return Call("GetBootstrapBrokers", {"ClusterArn": "{id}"}), member


_BOOTSTRAP = {
    "bootstrapBrokers": "BootstrapBrokerString",
    "bootstrapBrokersTls": "BootstrapBrokerStringTls",
    "bootstrapBrokersSaslScram": "BootstrapBrokerStringSaslScram",
    "bootstrapBrokersSaslIam": "BootstrapBrokerStringSaslIam",
}

KINDS = (
    Kind(
        type="aws:msk/cluster:Cluster",
        service="kafka",
        inputs=Inputs(
            source="internal/service/kafka/cluster.go",
            in_place="brokerNodeGroupInfo.connectivityInfo.publicAccess brokerNodeGroupInfo.instanceType "
            "brokerNodeGroupInfo.storageInfo clientAuthentication configurationInfo enhancedMonitoring kafkaVersion "
            f"loggingInfo numberOfBrokerNodes openMonitoring rebalancing storageMode {_CLIENT_BROKER} {CONNECTIVITY}",
            replacing="brokerNodeGroupInfo.clientSubnets brokerNodeGroupInfo.securityGroups clusterName "
            "encryptionInfo.encryptionAtRestKmsKeyArn encryptionInfo.encryptionInTransit.inCluster",
            depending={"kafkaVersion": replacing_when_lowered("kafkaVersion")},
            absent={
                "enhancedMonitoring": "DEFAULT",
                "encryptionInfo.encryptionInTransit.clientBroker": "TLS",
                "encryptionInfo.encryptionInTransit.inCluster": True,
            },
            sets="brokerNodeGroupInfo.clientSubnets brokerNodeGroupInfo.securityGroups",
            computed=dict.fromkeys(_BOOTSTRAP, f"clientAuthentication numberOfBrokerNodes {_CLIENT_BROKER}"),
        ),
        create=Call("CreateCluster", match=True),
        id=".ClusterArn",
        search=Search(
            Call("ListClusters", {"ClusterNameFilter": "{clusterName}"}),
            "ClusterInfoList[?ClusterName == '{clusterName}'].ClusterArn",
        ),
        read=Call("DescribeCluster", {"ClusterArn": "{id}"}),
        found="ClusterInfo",
        delete=Call("DeleteCluster", {"ClusterArn": "{id}"}),
        name="clusterName",
        convert={
            "brokerNodeGroupInfo": Convert(brokers, brokers_input),
            "encryptionInfo": Convert(encryption, encryption_input),
            "clientAuthentication": Convert(authentication, authentication_input),
        },
        observe={
            "kafkaVersion": "CurrentBrokerSoftwareInfo.KafkaVersion",
            "configurationInfo": "CurrentBrokerSoftwareInfo.{arn: ConfigurationArn, revision: ConfigurationRevision}",
        },
        fresh=Fresh("currentVersion", Call("DescribeCluster", {"ClusterArn": "{id}"}), "ClusterInfo.CurrentVersion"),
        separate=(
            SeparateCall(
                ("brokerNodeGroupInfo.storageInfo",),
                _update(
                    "UpdateBrokerStorage",
                    TargetBrokerEBSVolumeInfo=[
                        {
                            "KafkaBrokerNodeId": "All",
                            "VolumeSizeGB": f"{{{_VOLUME}.volumeSize}}",
                            "ProvisionedThroughput": {
                                "Enabled": f"{{{_VOLUME}.provisionedThroughput.enabled}}",
                                "VolumeThroughput": f"{{{_VOLUME}.provisionedThroughput.volumeThroughput}}",
                            },
                        }
                    ],
                ),
                created=True,
            ),
            SeparateCall(
                ("brokerNodeGroupInfo.connectivityInfo.publicAccess",),
                _update(
                    "UpdateConnectivity",
                    ConnectivityInfo={"PublicAccess": "{brokerNodeGroupInfo.connectivityInfo.publicAccess}"},
                ),
                created=True,
            ),
            SeparateCall((CONNECTIVITY,), connect),
            SeparateCall(
                ("brokerNodeGroupInfo.instanceType",),
                _update("UpdateBrokerType", TargetInstanceType="{brokerNodeGroupInfo.instanceType}"),
                created=True,
            ),
            SeparateCall(
                ("numberOfBrokerNodes",),
                _update("UpdateBrokerCount", TargetNumberOfBrokerNodes="{numberOfBrokerNodes}"),
                created=True,
            ),
            SeparateCall(
                ("enhancedMonitoring", "loggingInfo", "openMonitoring"),
                _update(
                    "UpdateMonitoring",
                    EnhancedMonitoring="{enhancedMonitoring}",
                    LoggingInfo="{loggingInfo}",
                    OpenMonitoring="{openMonitoring}",
                ),
                created=True,
            ),
            SeparateCall(("kafkaVersion", "configurationInfo"), _software, created=True),
            SeparateCall(("clientAuthentication", _CLIENT_BROKER), _security, created=True),
            SeparateCall(("storageMode",), _update("UpdateStorage", StorageMode="{storageMode}"), created=True),
            SeparateCall(("rebalancing",), _update("UpdateRebalancing", Rebalancing="{rebalancing}"), created=True),
        ),
        awaited=Awaited(
            token="ClusterOperationArn",
            call=Call("DescribeClusterOperation", {"ClusterOperationArn": "{token}"}),
            status="ClusterOperationInfo.OperationState",
            success=frozenset({"UPDATE_COMPLETE"}),
            failure=frozenset({"UPDATE_FAILED"}),
            why="ClusterOperationInfo.ErrorInfo.ErrorString",
        ),
        outputs={"arn": "ClusterArn"},
        extra_outputs={name: _bootstrap(member) for name, member in _BOOTSTRAP.items()},
        ready=Waiter("State", frozenset({"ACTIVE"}), frozenset({"FAILED"})),
        tags=Tags(
            create="Tags",
            form="map",
            set=Call("TagResource", {"ResourceArn": "{id}", "Tags": "{tagSet}"}),
            unset=Call("UntagResource", {"ResourceArn": "{id}", "TagKeys": "{tagKeys}"}),
        ),
    ),
)
