"""Images for containers: those of ECR by tag or digest, and those that only this machine has."""

from __future__ import annotations

from local.node.runtime import manifests, registry
from local.node.runtime.images import Catalog, Image, UnknownImage
from local.node.runtime.references import Reference, parse
from local.node.runtime.user import User


class NeverPulled(LookupError):
    """imagePullPolicy is Never, and the node does not have the image."""


class Images:
    """Of one node, which asks registries as `node` and runs programs of `architecture`."""

    def __init__(self, catalog: Catalog, node: str, architecture: str) -> None:
        self._catalog = catalog
        self._node = node
        self._architecture = architecture
        self._pulled: dict[str, Image] = {}

    async def image(self, reference: str, policy: str) -> Image:
        """`policy` is Always, IfNotPresent or Never. Raises InvalidReference, NeverPulled or UnknownImage."""
        parsed = parse(reference)
        if parsed.registry is None:
            return self._catalog.image(reference)
        if policy != "Always" and reference in self._pulled:
            return self._pulled[reference]
        if policy == "Never":
            raise NeverPulled(f'Container image "{reference}" is not present with pull policy of Never')
        self._pulled[reference] = await self._pull(reference, parsed)
        return self._pulled[reference]

    async def _pull(self, reference: str, parsed: Reference) -> Image:
        try:
            manifest, digest = await registry.manifest(parsed, self._node)
            found = manifests.configuration(manifest, self._architecture)
        except (registry.NotPulled, manifests.NoSuchPlatform, manifests.NotOnThisMachine) as error:
            raise UnknownImage(f'failed to pull image "{reference}": {error}') from error
        user = User(found.uid, found.uid)
        return self._catalog.built(found.entrypoint, user, parsed.at(digest), executable=found.executable)
