"""Web ACLs of AWS WAF."""

from __future__ import annotations

from local.plugins.aws.inputs import Inputs
from local.plugins.aws.kind import Call, Fresh, Kind, Search, Tags

_ACL = {"Name": "{name}", "Scope": "{scope}", "Id": "{id}"}
_READ = Call("GetWebACL", _ACL)
_CONTENT = {
    "DefaultAction": "{defaultAction}",
    "Description": "{description}",
    "Rules": "{rules}",
    "VisibilityConfig": "{visibilityConfig}",
}

KINDS = (
    Kind(
        type="aws:wafv2/webAcl:WebAcl",
        service="wafv2",
        create=Call("CreateWebACL", {"Name": "{name}", "Scope": "{scope}", **_CONTENT}),
        id=".Summary.Id",
        search=Search(Call("ListWebACLs", {"Scope": "{scope}"}), "WebACLs[?Name == '{name}'].Id"),
        read=_READ,
        found="WebACL",
        fresh=Fresh("lock", _READ, "LockToken"),
        modify=Call("UpdateWebACL", {**_ACL, "LockToken": "{lock}", **_CONTENT}),
        delete=Call("DeleteWebACL", {**_ACL, "LockToken": "{lock}"}),
        name="name",
        inputs=Inputs(
            source="internal/service/wafv2/web_acl.go",
            in_place="defaultAction description rules visibilityConfig",
            replacing="name scope",
        ),
        outputs={"arn": "ARN"},
        tags=Tags(
            create="Tags",
            set=Call("TagResource", {"ResourceARN": "{arn}", "Tags": "{tagSet}"}),
            unset=Call("UntagResource", {"ResourceARN": "{arn}", "TagKeys": "{tagKeys}"}),
            path="TagInfoForResource.TagList",
            lookup=Call("ListTagsForResource", {"ResourceARN": "{arn}"}),
        ),
    ),
)
