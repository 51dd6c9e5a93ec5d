"""Roles, their policies, and identity providers."""

from __future__ import annotations

from local.plugins.aws.kind import Call, Kind, Search, SeparateCall, Tags

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
        ),
        documents=frozenset({"assumeRolePolicy"}),
        immutable=frozenset({"name", "path"}),
        outputs={"arn": "Arn", "uniqueId": "RoleId"},
        tags=Tags(
            create="Tags",
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
        immutable=frozenset({"role", "name"}),
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
        immutable=None,
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
        ),
        observe={"url": "", "clientIdLists": "ClientIDList"},
        immutable=frozenset({"url", "clientIdLists"}),
        outputs={"arn": "'{id}'"},
        delete_before_replace=True,
        tags=Tags(
            create="Tags",
            set=Call("TagOpenIDConnectProvider", {"OpenIDConnectProviderArn": "{id}", "Tags": "{tagSet}"}),
            unset=Call("UntagOpenIDConnectProvider", {"OpenIDConnectProviderArn": "{id}", "TagKeys": "{tagKeys}"}),
        ),
    ),
)
