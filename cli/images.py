"""`aura images`: pushes what images.toml declares to the repositories of ECR, as the delivery workflow does."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError

from cli.aws.credentials import session
from cli.environment import PRIMARY
from local.node.runtime import manifests
from local.node.runtime.images import USER, declared_commands, declared_platforms
from local.site import Site


@dataclass(frozen=True)
class Pushed:
    """An image in its repository; `reference` is by digest."""

    name: str
    uri: str
    digest: str

    @property
    def reference(self) -> str:
        return f"{self.uri}@{self.digest}"


class NoRepository(RuntimeError):
    """ECR has no repository for an image; the text names it."""


def images(tag: str) -> None:
    """Pushes and prints the reference of each image."""
    try:
        for pushed in push(Site.current(), PRIMARY, tag):
            print(pushed.reference)
    except NoRepository as error:
        raise SystemExit(str(error)) from None
    except BotoCoreError as error:
        message = f"ECR does not answer: {error}. `aura status` shows what is down, `make up` starts it"
        raise SystemExit(message) from None


def push(site: Site, region: str, tag: str) -> list[Pushed]:
    """Gives every image the tag. An image that its repository has already is not pushed again. Raises NoRepository."""
    ecr = session().client("ecr", region_name=region, endpoint_url=site.endpoint_url)
    result: list[Pushed] = []
    for name, command in declared_commands().items():
        repository = f"aura/{name}"
        manifest = manifests.index(command, USER.uid, declared_platforms())
        digest = manifests.digest(manifest)
        uri = _uri(ecr, region, repository)
        with suppress(ecr.exceptions.ImageAlreadyExistsException):
            ecr.put_image(
                repositoryName=repository,
                imageManifest=manifest,
                imageManifestMediaType=manifests.INDEX,
                imageTag=tag,
                imageDigest=digest,
            )
        result.append(Pushed(name, uri, digest))
    return result


def _uri(ecr: Any, region: str, repository: str) -> str:
    try:
        (found,) = ecr.describe_repositories(repositoryNames=[repository])["repositories"]
    except ecr.exceptions.RepositoryNotFoundException as error:
        message = f"ECR in {region} has no repository {repository}: the bootstrap (infra/bootstrap) makes it; `make up`"
        raise NoRepository(message) from error
    return found["repositoryUri"]
