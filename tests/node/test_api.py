"""The node's own client of the API server."""

from __future__ import annotations

import pytest

from local.node.api import APPLY, Api
from tests.fixtures.cluster import Cluster

pytestmark = pytest.mark.integration


async def test_text_of_any_kind_is_applied_as_it_is(cluster: Cluster) -> None:
    odd, namespace = "😀 é \x7f \x85 \u2028 \ufeff", cluster.namespace("node-api")
    about = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "odd", "namespace": namespace}}
    api = Api(cluster.kubeconfig)
    try:
        path = f"/api/v1/namespaces/{namespace}/configmaps/odd"
        applied = await api.patch(path, {**about, "data": {"odd": odd}}, APPLY, fieldManager="test", force="true")
        assert applied["data"] == {"odd": odd}
    finally:
        await api.close()
