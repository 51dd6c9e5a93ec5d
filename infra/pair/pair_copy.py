"""A copy of what the pair consists of in each cluster: who must act when a region is lost finds it without Pulumi."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_kubernetes as kubernetes

from contracts.pair import PAIR_CONFIG, PAIR_KEY
from contracts.platform import NAMESPACE
from infra.components.base import Component
from infra.components.platform import Platform


class PairCopy(Component):
    """ConfigMap `aura-pair`. Runbooks copy it to the witness, where it outlives both clusters."""

    def __init__(
        self,
        name: str,
        pair: Mapping[str, pulumi.Input[object]],
        platform: Platform,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__(name, opts)
        kubernetes.core.v1.ConfigMap(
            name,
            metadata=kubernetes.meta.v1.ObjectMetaArgs(name=PAIR_CONFIG, namespace=NAMESPACE),
            data={PAIR_KEY: pulumi.Output.json_dumps(dict(pair), sort_keys=True)},
            opts=self.child(provider=platform.provider, depends_on=[platform]),
        )
        self.register_outputs({})
