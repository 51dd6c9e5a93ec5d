"""Asks ECR for the manifests of images, as the container runtime of a node does, with the node's own identity."""

from __future__ import annotations

import json
import os
from typing import Any

import aiohttp

from local.node.runtime.manifests import ACCEPTED
from local.node.runtime.references import Reference

_TIMEOUT = aiohttp.ClientTimeout(total=10)
_TARGET = "AmazonEC2ContainerRegistry_V20150921.BatchGetImage"


class NotPulled(LookupError):
    """The registry does not give the image; the text ends as that of a container runtime does."""


async def manifest(reference: Reference, node: str) -> tuple[str, str]:
    """Manifest and digest of an image in ECR, asked for as `node`. Raises NotPulled."""
    assert reference.registry is not None
    account, region = reference.registry
    wanted = {"imageDigest": reference.digest} if reference.digest else {"imageTag": reference.tag}
    status, answer = await _call(
        region,
        node,
        {
            "registryId": account,
            "repositoryName": reference.repository,
            "imageIds": [wanted],
            "acceptedMediaTypes": list(ACCEPTED),
        },
    )
    if status != 200:
        code = str(answer.get("__type", "")).rpartition("#")[2]
        raise NotPulled(f"{answer.get('message') or answer.get('Message') or code}: {_reason(code)}")
    if not answer.get("images"):
        failures = answer.get("failures") or [{}]
        raise NotPulled(f"{failures[0].get('failureReason', 'the repository has no such image')}: not found")
    found = answer["images"][0]
    if found.get("registryId") != account:  # the endpoint has one account
        raise NotPulled(f"the registry of account {account} does not admit this node: 403 Forbidden")
    return found["imageManifest"], found["imageId"]["imageDigest"]


def _reason(code: str) -> str:
    return "not found" if code.endswith("NotFoundException") else "unexpected status from HEAD request"


async def _call(region: str, node: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    # Imported late: a node that runs images of no registry does not need it.
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    url = os.environ.get("AWS_ENDPOINT_URL")
    if not url:
        raise NotPulled("this node was started without the address of an AWS endpoint (AWS_ENDPOINT_URL)")
    data = json.dumps(body).encode()
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": _TARGET}
    request = AWSRequest("POST", f"{url}/", headers, data)
    SigV4Auth(Credentials(node, node), "ecr", region).add_auth(request)
    try:
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT) as session,
            session.post(f"{url}/", data=data, headers=dict(request.headers.items())) as response,
        ):
            return response.status, await response.json(content_type=None) or {}
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise NotPulled(f"the registry does not answer: {error!r}") from error
