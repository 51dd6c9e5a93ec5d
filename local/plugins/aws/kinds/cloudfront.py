"""Distributions, their origin access controls, and the keys that sign for them."""

from __future__ import annotations

import uuid
from typing import Any

from local.plugins.aws.inputs import Inputs
from local.plugins.aws.kind import Call, Fresh, Kind, Search, Tags, Waiter
from local.plugins.provider.values import Values

_CONFIG = {
    "CallerReference": "{callerReference}",
    "Aliases": "{aliases}",
    "DefaultRootObject": "{defaultRootObject}",
    "Origins": "{apiOrigins}",
    "OriginGroups": "{apiGroups}",
    "DefaultCacheBehavior": "{apiBehavior}",
    "Comment": "{comment}",
    "PriceClass": "{priceClass}",
    "Enabled": "{enabled}",
    "ViewerCertificate": "{apiCertificate}",
    "Restrictions": {"GeoRestriction": "{apiRestriction}"},
    "HttpVersion": "{httpVersion}",
    "IsIPV6Enabled": "{isIpv6Enabled}",
    "WebACLId": "{webAclId}",
    "Logging": "{apiLogging}",
}
_ACCESS_CONTROL = {
    "Name": "{name}",
    "Description": "{description}",
    "SigningProtocol": "{signingProtocol}",
    "SigningBehavior": "{signingBehavior}",
    "OriginAccessControlOriginType": "{originAccessControlOriginType}",
}


def _counted(items: list[Any]) -> dict[str, Any]:
    return {"Quantity": len(items), "Items": items}


def _origins(known: Values) -> Any:
    origins = known.get("origins")
    if not isinstance(origins, list):
        return None
    return [
        {
            "Id": origin["originId"],
            "OriginPath": "",
            "CustomHeaders": {"Quantity": 0},
            "S3OriginConfig": {"OriginAccessIdentity": ""},
            **{key: value for key, value in origin.items() if key != "originId"},
        }
        for origin in origins
    ]


def _groups(known: Values) -> Any:
    groups = known.get("originGroups")
    if not isinstance(groups, list):
        return None
    return _counted(
        [
            {
                "Id": group["originId"],
                "FailoverCriteria": {"StatusCodes": _counted(group["failoverCriteria"]["statusCodes"])},
                "Members": _counted([{"OriginId": member["originId"]} for member in group["members"]]),
            }
            for group in groups
        ]
    )


def _content(known: Values) -> str:
    """Domain name of the first origin."""
    origins = known.get("origins")
    return origins[0]["domainName"] if isinstance(origins, list) and origins else ""


def _behavior(known: Values) -> Any:
    behavior = known.get("defaultCacheBehavior")
    if not isinstance(behavior, dict):
        return None
    counted = ("allowedMethods", "cachedMethods", "trustedKeyGroups")
    plain = {key: value for key, value in behavior.items() if key not in counted}
    cached = _counted(behavior["cachedMethods"])
    if groups := behavior.get("trustedKeyGroups"):
        plain["TrustedKeyGroups"] = {"Enabled": True, **_counted(groups)}
    return {**plain, "AllowedMethods": {**_counted(behavior["allowedMethods"]), "CachedMethods": cached}}


def _certificate(known: Values) -> Any:
    given = known.get("viewerCertificate")
    if not isinstance(given, dict):
        return None
    names = {"acmCertificateArn": "ACMCertificateArn", "sslSupportMethod": "SSLSupportMethod"}
    return {names.get(key, key): value for key, value in given.items()}


def _logging(known: Values) -> Any:
    given = known.get("loggingConfig")
    return {"Enabled": True, **given} if isinstance(given, dict) else None


def _restriction(known: Values) -> Any:
    given = (known.get("restrictions") or {}).get("geoRestriction")
    if not isinstance(given, dict):
        return None
    return {"RestrictionType": given["restrictionType"], **_counted(given.get("locations") or [])}


_PUBLIC_KEY = {"CallerReference": "{callerReference}", "Name": "{name}", "EncodedKey": "{encodedKey}"}
_KEY_GROUP = {"Name": "{name}", "Items": "{items}"}

KINDS = (
    Kind(
        type="aws:cloudfront/publicKey:PublicKey",
        service="cloudfront",
        create=Call("CreatePublicKey", {"PublicKeyConfig": _PUBLIC_KEY}),
        id=".PublicKey.Id",
        search=Search(Call("ListPublicKeys"), "PublicKeyList.Items[?Name == '{name}'].Id"),
        derive={"callerReference": lambda known: str(uuid.uuid4())},
        read=Call("GetPublicKey", {"Id": "{id}"}),
        found="PublicKey.PublicKeyConfig",
        fresh=Fresh("etag", Call("GetPublicKey", {"Id": "{id}"}), "ETag"),
        delete=Call("DeletePublicKey", {"Id": "{id}", "IfMatch": "{etag}"}),
        name="name",
        inputs=Inputs(source="internal/service/cloudfront/public_key.go", replacing="encodedKey name"),
        outputs={"callerReference": "CallerReference"},
    ),
    Kind(
        type="aws:cloudfront/keyGroup:KeyGroup",
        service="cloudfront",
        create=Call("CreateKeyGroup", {"KeyGroupConfig": _KEY_GROUP}),
        id=".KeyGroup.Id",
        search=Search(
            Call("ListKeyGroups"), "KeyGroupList.Items[?KeyGroup.KeyGroupConfig.Name == '{name}'].KeyGroup.Id"
        ),
        read=Call("GetKeyGroup", {"Id": "{id}"}),
        found="KeyGroup.KeyGroupConfig",
        fresh=Fresh("etag", Call("GetKeyGroup", {"Id": "{id}"}), "ETag"),
        modify=Call("UpdateKeyGroup", {"Id": "{id}", "IfMatch": "{etag}", "KeyGroupConfig": _KEY_GROUP}),
        delete=Call("DeleteKeyGroup", {"Id": "{id}", "IfMatch": "{etag}"}),
        name="name",
        inputs=Inputs(source="internal/service/cloudfront/key_group.go", in_place="items name", sets="items"),
    ),
    Kind(
        type="aws:cloudfront/originAccessControl:OriginAccessControl",
        service="cloudfront",
        create=Call("CreateOriginAccessControl", {"OriginAccessControlConfig": _ACCESS_CONTROL}),
        id=".OriginAccessControl.Id",
        search=Search(Call("ListOriginAccessControls"), "OriginAccessControlList.Items[?Name == '{name}'].Id"),
        read=Call("GetOriginAccessControl", {"Id": "{id}"}),
        found="OriginAccessControl.OriginAccessControlConfig",
        fresh=Fresh("etag", Call("GetOriginAccessControl", {"Id": "{id}"}), "ETag"),
        modify=Call(
            "UpdateOriginAccessControl",
            {"Id": "{id}", "IfMatch": "{etag}", "OriginAccessControlConfig": _ACCESS_CONTROL},
        ),
        delete=Call("DeleteOriginAccessControl", {"Id": "{id}", "IfMatch": "{etag}"}),
        name="name",
        inputs=Inputs(
            source="internal/service/cloudfront/origin_access_control.go",
            in_place="description originAccessControlOriginType signingBehavior signingProtocol",
            replacing="name",
        ),
        delete_before_replace=True,
    ),
    Kind(
        type="aws:cloudfront/distribution:Distribution",
        service="cloudfront",
        create=Call("CreateDistribution", {"DistributionConfig": _CONFIG}),
        id=".Distribution.Id",
        search=Search(
            Call("ListDistributions"),
            "DistributionList.Items[?Comment == '{comment}' && Origins.Items[0].DomainName == '{content}'].Id",
        ),
        derive={
            "callerReference": lambda known: str(uuid.uuid4()),
            "content": _content,
            "apiOrigins": _origins,
            "apiGroups": _groups,
            "apiBehavior": _behavior,
            "apiCertificate": _certificate,
            "apiRestriction": _restriction,
            "apiLogging": _logging,
        },
        read=Call("GetDistribution", {"Id": "{id}"}),
        found="Distribution",
        fresh=Fresh("etag", Call("GetDistribution", {"Id": "{id}"}), "ETag"),
        modify=Call("UpdateDistribution", {"Id": "{id}", "IfMatch": "{etag}", "DistributionConfig": _CONFIG}),
        before_delete_inputs={"enabled": False},
        delete=Call("DeleteDistribution", {"Id": "{id}", "IfMatch": "{etag}"}),
        observe={
            "aliases": "DistributionConfig.Aliases.Items",
            "comment": "DistributionConfig.Comment",
            "enabled": "DistributionConfig.Enabled",
            "priceClass": "DistributionConfig.PriceClass",
            "httpVersion": "DistributionConfig.HttpVersion",
            "isIpv6Enabled": "DistributionConfig.IsIPV6Enabled",
            "webAclId": "DistributionConfig.WebACLId",
            "loggingConfig": "DistributionConfig.Logging",
            "viewerCertificate": (
                "DistributionConfig.ViewerCertificate.{acmCertificateArn: ACMCertificateArn, "
                "minimumProtocolVersion: MinimumProtocolVersion, sslSupportMethod: SSLSupportMethod}"
            ),
        },
        derived_from=frozenset(
            {"origins", "originGroups", "defaultCacheBehavior", "viewerCertificate", "restrictions", "loggingConfig"}
        ),
        inputs=Inputs(
            source="internal/service/cloudfront/distribution.go",
            in_place="aliases comment defaultCacheBehavior defaultRootObject enabled httpVersion isIpv6Enabled "
            "loggingConfig originGroups origins priceClass restrictions viewerCertificate webAclId",
            steering="waitForDeployment",
            sets="aliases",
        ),
        outputs={
            "arn": "ARN",
            "domainName": "DomainName",
            "hostedZoneId": "'Z2FDTNDATAQYW2'",
            "callerReference": "DistributionConfig.CallerReference",
        },
        ready=Waiter("Status", frozenset({"Deployed"})),
        tags=Tags(
            create="",
            set=Call("TagResource", {"Resource": "{arn}", "Tags": {"Items": "{tagSet}"}}),
            unset=Call("UntagResource", {"Resource": "{arn}", "TagKeys": {"Items": "{tagKeys}"}}),
            path="Tags.Items",
            lookup=Call("ListTagsForResource", {"Resource": "{arn}"}),
        ),
    ),
)
