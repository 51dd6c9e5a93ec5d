from __future__ import annotations

from typing import Any

from operators.kubernetes.ownership import prune

OURS = {
    "f:spec": {
        "f:template": {
            "f:spec": {"f:containers": {'k:{"name":"app"}': {".": {}, "f:image": {}, "f:env": {'k:{"name":"A"}': {}}}}}
        }
    }
}


def deployment(theirs: dict[str, Any], manager: str = "kubectl-edit", **entry: str) -> dict[str, Any]:
    container = {"name": "app", "image": "i", "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]}
    side_car = {"name": "side", "image": "s"}
    annotations = {"kubectl.kubernetes.io/restartedAt": "now", "mine": "yes"}
    return {
        "metadata": {
            "managedFields": [
                {"manager": "aura-operators", "operation": "Apply", "fieldsV1": OURS},
                {"manager": manager, "operation": "Update", "fieldsV1": {"f:spec": theirs}, **entry},
            ]
        },
        "spec": {
            "replicas": 9,
            "paused": True,
            "template": {"metadata": {"annotations": annotations}, "spec": {"containers": [container, side_car]}},
        },
    }


DESIRED = {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "i"}]}}}}


def containers(object: dict[str, Any]) -> list[dict[str, Any]]:
    return object["spec"]["template"]["spec"]["containers"]


def in_containers(fields: dict[str, Any]) -> dict[str, Any]:
    return {"f:template": {"f:spec": {"f:containers": fields}}}


def test_an_added_field_is_removed() -> None:
    result = prune(deployment({"f:paused": {}}), DESIRED)
    assert result is not None
    assert "paused" not in result["spec"]


def test_an_added_variable_is_removed_and_the_desired_one_kept() -> None:
    theirs = in_containers({'k:{"name":"app"}': {"f:env": {'k:{"name":"B"}': {".": {}, "f:name": {}, "f:value": {}}}}})
    result = prune(deployment(theirs), DESIRED)
    assert result is not None
    assert containers(result)[0]["env"] == [{"name": "A", "value": "1"}]


def test_an_added_container_is_removed() -> None:
    result = prune(deployment(in_containers({'k:{"name":"side"}': {".": {}, "f:image": {}}})), DESIRED)
    assert result is not None
    assert [one["name"] for one in containers(result)] == ["app"]


def test_scaling_and_restarting_by_hand_are_left_alone() -> None:
    restarted = {"f:kubectl.kubernetes.io/restartedAt": {}, "f:mine": {}}
    theirs = {"f:replicas": {}, "f:template": {"f:metadata": {"f:annotations": {".": {}, **restarted}}}}
    result = prune(deployment(theirs), DESIRED)
    assert result is not None
    assert result["spec"]["replicas"] == 9
    assert result["spec"]["template"]["metadata"]["annotations"] == {"kubectl.kubernetes.io/restartedAt": "now"}


def test_other_controllers_and_subresources_keep_their_fields() -> None:
    assert prune(deployment({"f:paused": {}}, manager="vpa-updater"), DESIRED) is None
    assert prune(deployment({"f:replicas": {}}, manager="kubectl", subresource="scale"), DESIRED) is None


def test_a_desired_field_is_kept() -> None:
    desired = {"spec": {**DESIRED["spec"], "paused": True}}
    assert prune(deployment({"f:paused": {}}), desired) is None
