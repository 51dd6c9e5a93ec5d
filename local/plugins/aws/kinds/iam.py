"""Roles, their policies, and identity providers."""

from __future__ import annotations

from local.plugins.aws.inputs import Inputs
from local.plugins.aws.kind import Call, Kind, Literal, Search, SeparateCall, Tags
from local.plugins.provider.values import Values


def _boundary(old: Values, known: Values) -> list[Call]:
    if not known.get("permissionsBoundary"):
        return [Call("DeleteRolePermissionsBoundary", {"RoleName": "{id}"})]
    fields = {"RoleName": "{id}", "PermissionsBoundary": "{permissionsBoundary}"}
    return [Call("PutRolePermissionsBoundary", fields)]


def _clients(old: Values, known: Values) -> list[Call]:
    before, after = old.get("clientIdLists") or [], known["clientIdLists"]
    ways = (
        ("AddClientIDToOpenIDConnectProvider", [client for client in after if client not in before]),
        ("RemoveClientIDFromOpenIDConnectProvider", [client for client in before if client not in after]),
    )
    return [
        Call(operation, {"OpenIDConnectProviderArn": "{id}", "ClientID": Literal(client)})
        for operation, clients in ways
        for client in clients
    ]


KINDS = (
    Kind(
        type="aws:iam/role:Role",
        service="iam",
        create=Call("CreateRole", {"AssumeRolePolicyDocument": "{assumeRolePolicy}"}, match=True),
        id="{name}",
        read=Call("GetRole", {"RoleName": "{id}"}),
        found="Role",
        delete=Call("DeleteRole", {"RoleName": "{id}"}),
        name="name",
        rename={"name": "RoleName"},
        modify=Call("UpdateRole", {"RoleName": "{id}", "Description": "{description}"}, match=True),
        separate=(
            SeparateCall(
                ("assumeRolePolicy",),
                Call("UpdateAssumeRolePolicy", {"RoleName": "{id}", "PolicyDocument": "{assumeRolePolicy}"}),
                path="AssumeRolePolicyDocument",
                created=True,
            ),
            SeparateCall(("permissionsBoundary",), _boundary, created=True),
        ),
        documents=frozenset({"assumeRolePolicy"}),
        observe={"permissionsBoundary": "PermissionsBoundary.PermissionsBoundaryArn"},
        inputs=Inputs(
            source="internal/service/iam/role.go",
            in_place="assumeRolePolicy description maxSessionDuration permissionsBoundary",
            replacing="name path",
            absent={"description": "", "maxSessionDuration": 3600, "path": "/", "permissionsBoundary": ""},
        ),
        outputs={"arn": "Arn", "uniqueId": "RoleId"},
        tags=Tags(
            create="Tags",
            set=Call("TagRole", {"RoleName": "{id}", "Tags": "{tagSet}"}),
            unset=Call("UntagRole", {"RoleName": "{id}", "TagKeys": "{tagKeys}"}),
        ),
    ),
    Kind(
        type="aws:iam/serviceLinkedRole:ServiceLinkedRole",
        service="iam",
        inputs=Inputs(
            source="internal/service/iam/service_linked_role.go",
            in_place="description",
            replacing="awsServiceName customSuffix",
            absent={"description": ""},
        ),
        create=Call("CreateServiceLinkedRole", {"AWSServiceName": "{awsServiceName}"}, match=True),
        id=".Role.RoleName",
        search=Search(Call("ListRoles", {"PathPrefix": "/aws-service-role/{awsServiceName}/"}), "Roles[].RoleName"),
        read=Call("GetRole", {"RoleName": "{id}"}),
        found="Role",
        delete=Call("DeleteServiceLinkedRole", {"RoleName": "{id}"}),
        modify=Call("UpdateRole", {"RoleName": "{id}", "Description": "{description}"}),
        observe={"awsServiceName": "", "customSuffix": ""},
        outputs={"arn": "Arn", "name": "RoleName", "path": "Path", "uniqueId": "RoleId"},
        tags=Tags(
            create="",
            set=Call("TagRole", {"RoleName": "{id}", "Tags": "{tagSet}"}),
            unset=Call("UntagRole", {"RoleName": "{id}", "TagKeys": "{tagKeys}"}),
        ),
    ),
    Kind(
        type="aws:iam/rolePolicy:RolePolicy",
        service="iam",
        create=Call("PutRolePolicy", {"RoleName": "{role}", "PolicyName": "{name}", "PolicyDocument": "{policy}"}),
        id="{role}:{name}",
        upsert=True,
        read=Call("GetRolePolicy", {"RoleName": "{role}", "PolicyName": "{name}"}),
        found="@",
        modify=Call("PutRolePolicy", {"RoleName": "{role}", "PolicyName": "{name}", "PolicyDocument": "{policy}"}),
        delete=Call("DeleteRolePolicy", {"RoleName": "{role}", "PolicyName": "{name}"}),
        name="name",
        observe={"policy": "PolicyDocument"},
        documents=frozenset({"policy"}),
        inputs=Inputs(source="internal/service/iam/role_policy.go", in_place="policy", replacing="name role"),
    ),
    Kind(
        type="aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        service="iam",
        create=Call("AttachRolePolicy", {"RoleName": "{role}", "PolicyArn": "{policyArn}"}),
        id="{role}/{policyArn}",
        upsert=True,
        read=Call("ListAttachedRolePolicies", {"RoleName": "{role}"}),
        found="AttachedPolicies[?PolicyArn == '{policyArn}'] | [0]",
        delete=Call("DetachRolePolicy", {"RoleName": "{role}", "PolicyArn": "{policyArn}"}),
        inputs=Inputs(source="internal/service/iam/role_policy_attachment.go", replacing="role policyArn"),
    ),
    Kind(
        type="aws:iam/openIdConnectProvider:OpenIdConnectProvider",
        service="iam",
        create=Call(
            "CreateOpenIDConnectProvider",
            {"Url": "{url}", "ClientIDList": "{clientIdLists}", "ThumbprintList": "{thumbprintLists}"},
        ),
        id=".OpenIDConnectProviderArn",
        search=Search(
            Call("ListOpenIDConnectProviders"),
            "OpenIDConnectProviderList[?ends_with(Arn, ':oidc-provider/{issuer}')].Arn",
        ),
        derive={"issuer": lambda known: str(known.get("url")).removeprefix("https://")},
        read=Call("GetOpenIDConnectProvider", {"OpenIDConnectProviderArn": "{id}"}),
        found="@",
        delete=Call("DeleteOpenIDConnectProvider", {"OpenIDConnectProviderArn": "{id}"}),
        separate=(
            SeparateCall(
                ("thumbprintLists",),
                Call(
                    "UpdateOpenIDConnectProviderThumbprint",
                    {"OpenIDConnectProviderArn": "{id}", "ThumbprintList": "{thumbprintLists}"},
                ),
                path="ThumbprintList",
                created=True,
            ),
            SeparateCall(("clientIdLists",), _clients, path="ClientIDList", created=True),
        ),
        observe={"url": ""},
        inputs=Inputs(
            source="internal/service/iam/openid_connect_provider.go",
            in_place="clientIdLists thumbprintLists",
            replacing="url",
            sets="clientIdLists",
        ),
        outputs={"arn": "'{id}'"},
        delete_before_replace=True,
        tags=Tags(
            create="Tags",
            set=Call("TagOpenIDConnectProvider", {"OpenIDConnectProviderArn": "{id}", "Tags": "{tagSet}"}),
            unset=Call("UntagOpenIDConnectProvider", {"OpenIDConnectProviderArn": "{id}", "TagKeys": "{tagKeys}"}),
        ),
    ),
)
