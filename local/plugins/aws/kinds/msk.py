"""Kafka clusters and their configurations."""

from __future__ import annotations

from typing import Any

from local.plugins.aws.kind import Call, Convert, Kind, Search, Tags, Waiter

_TRANSIT = {"clientBroker": "ClientBroker", "inCluster": "InCluster"}


def _encryption(given: dict[str, Any]) -> dict[str, Any]:
    """Flatter in Pulumi: the key's ARN is an input of its own."""
    api: dict[str, Any] = {}
    if "encryptionAtRestKmsKeyArn" in given:
        api["EncryptionAtRest"] = {"DataVolumeKMSKeyId": given["encryptionAtRestKmsKeyArn"]}
    if "encryptionInTransit" in given:
        api["EncryptionInTransit"] = {_TRANSIT[key]: value for key, value in given["encryptionInTransit"].items()}
    return api


def _encryption_input(api: dict[str, Any]) -> dict[str, Any]:
    lower = {key[0].lower() + key[1:]: value for key, value in api.get("EncryptionInTransit", {}).items()}
    return {
        "encryptionAtRestKmsKeyArn": api.get("EncryptionAtRest", {}).get("DataVolumeKMSKeyId"),
        "encryptionInTransit": lower,
    }


KINDS = (
    Kind(
        type="aws:msk/configuration:Configuration",
        service="kafka",
        create=Call("CreateConfiguration", match=True),
        id=".Arn",
        search=Search(Call("ListConfigurations"), "Configurations[?Name == '{name}'].Arn"),
        read=Call("DescribeConfiguration", {"Arn": "{id}"}),
        found="@",
        delete=Call("DeleteConfiguration", {"Arn": "{id}"}),
        modify=Call("UpdateConfiguration", {"Arn": "{id}"}, match=True),
        name="name",
        convert={"serverProperties": Convert(lambda text: text.encode(), lambda raw: raw.decode())},
        observe={"serverProperties": ""},
        write_only=frozenset({"serverProperties"}),
        immutable=frozenset({"name", "kafkaVersions"}),
        outputs={"arn": "Arn", "latestRevision": "LatestRevision.Revision"},
    ),
    Kind(
        type="aws:msk/cluster:Cluster",
        service="kafka",
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
        convert={"encryptionInfo": Convert(_encryption, _encryption_input)},
        observe={
            "kafkaVersion": "CurrentBrokerSoftwareInfo.KafkaVersion",
            "configurationInfo": ("CurrentBrokerSoftwareInfo.{arn: ConfigurationArn, revision: ConfigurationRevision}"),
        },
        immutable=None,
        outputs={"arn": "ClusterArn"},
        extra_outputs={
            "bootstrapBrokers": (Call("GetBootstrapBrokers", {"ClusterArn": "{id}"}), "BootstrapBrokerString"),
            "bootstrapBrokersTls": (Call("GetBootstrapBrokers", {"ClusterArn": "{id}"}), "BootstrapBrokerStringTls"),
        },
        ready=Waiter("State", frozenset({"ACTIVE"}), frozenset({"FAILED"})),
        tags=Tags(
            create="Tags",
            form="map",
            set=Call("TagResource", {"ResourceArn": "{id}", "Tags": "{tagSet}"}),
            unset=Call("UntagResource", {"ResourceArn": "{id}", "TagKeys": "{tagKeys}"}),
        ),
    ),
)
