"""Kafka configurations and SCRAM secrets; clusters are in `msk_clusters`."""

from __future__ import annotations

from local.plugins.aws.inputs import Inputs
from local.plugins.aws.kind import Call, Convert, Kind, Search

KINDS = (
    Kind(
        type="aws:msk/configuration:Configuration",
        service="kafka",
        inputs=Inputs(
            source="internal/service/kafka/configuration.go",
            in_place="description serverProperties",
            replacing="name kafkaVersions",
            absent={"description": ""},
            sets="kafkaVersions",
            computed={"latestRevision": "description serverProperties"},
        ),
        create=Call("CreateConfiguration", match=True),
        id=".Arn",
        search=Search(Call("ListConfigurations"), "Configurations[?Name == '{name}'].Arn"),
        read=Call("DescribeConfiguration", {"Arn": "{id}"}),
        found="@",
        delete=Call("DeleteConfiguration", {"Arn": "{id}"}),
        modify=Call(
            "UpdateConfiguration",
            {"Arn": "{id}", "ServerProperties": "{properties}", "Description": "{description}"},
        ),
        derive={"properties": lambda known: str(known.get("serverProperties", "")).encode()},
        derived_from=frozenset({"serverProperties"}),
        name="name",
        convert={"serverProperties": Convert(lambda text: text.encode(), lambda raw: raw.decode())},
        observe={"serverProperties": "", "description": "LatestRevision.Description"},
        write_only=frozenset({"serverProperties"}),
        outputs={"arn": "Arn", "latestRevision": "LatestRevision.Revision"},
    ),
    Kind(
        type="aws:msk/singleScramSecretAssociation:SingleScramSecretAssociation",
        service="kafka",
        inputs=Inputs(
            source="internal/service/kafka/single_scram_secret_association.go", replacing="clusterArn secretArn"
        ),
        create=Call(
            "BatchAssociateScramSecret",
            {"ClusterArn": "{clusterArn}", "SecretArnList": ["{secretArn}"]},
            refused="UnprocessedScramSecrets[0].[ErrorCode, ErrorMessage]",
        ),
        id="{clusterArn},{secretArn}",
        read=Call("ListScramSecrets", {"ClusterArn": "{clusterArn}"}),
        found="SecretArnList[?@ == '{secretArn}'] | [0]",
        observe={"clusterArn": "", "secretArn": ""},
        delete=Call("BatchDisassociateScramSecret", {"ClusterArn": "{clusterArn}", "SecretArnList": ["{secretArn}"]}),
    ),
)
