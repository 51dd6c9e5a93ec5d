"""Requests about a sub-resource that moto does not know: it would do the same to the bucket or the object itself.

Which sub-resources there are says botocore's model of S3, which ones moto does say the branches of its own code.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations.html
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Collection, Iterator
from functools import cache
from typing import Any

from moto.core.utils import get_service_model
from moto.s3.responses import S3Response
from werkzeug.wrappers import Request

from local.cloud.service.errors import AwsError, unsupported

_PART = {"partNumber", "uploadId"}
"""Of an upload in parts: moto writes the object itself when a part is sent with one of them alone."""


def is_about_object(request: Request) -> bool:
    """Whether moto takes it as one about an object: the host may name the bucket."""
    key = request.path[1:] if S3Response.subdomain_based_buckets(request) else request.path[1:].partition("/")[2]
    return key != ""


def refusal(
    method: str, of_object: bool, names: Collection[str], operation: str, signed_as: str = "s3"
) -> AwsError | None:
    """Why a request is refused whose query has these `names`; None when moto does it for what it is.

    The operation alone would not do: without a required parameter, a request is routed to that of the bucket itself.
    """
    if operation == "WriteGetObjectResponse":  # the only one whose path begins with no bucket
        return unsupported("S3 Object Lambda")
    if signed_as == "s3express":  # ListDirectoryBuckets is ListBuckets but for its host and signature
        return unsupported("directory buckets")
    if method not in ("GET", "PUT", "POST", "DELETE"):
        return None
    ignored = sorted((sub_resources() & set(names)) - done(method, of_object))
    if ignored:
        of = "an object" if of_object else "a bucket"
        return unsupported(f"S3's {method} of {', '.join(ignored)} of {of}")
    if method == "PUT" and of_object and len(_PART.intersection(names)) == 1:
        return unsupported("a part of an upload that has only one of partNumber and uploadId")
    return None


@cache
def sub_resources() -> frozenset[str]:
    """All that S3 has, of buckets and of objects: the first name in the query that an operation's path ends with."""
    model = get_service_model("s3")
    paths = [model.operation_model(name).http["requestUri"] for name in model.operation_names]
    return frozenset(path.partition("?")[2].partition("&")[0].partition("=")[0] for path in paths) - {""}


@cache
def done(method: str, of_object: bool) -> frozenset[str]:
    """Those that moto tells from the bucket or object itself, with our corrections of it; asked after these are in."""
    name = f"_{'key' if of_object else 'bucket'}_response_{method.lower()}"
    corrected = getattr(S3Response, name)
    return frozenset(_asked(_methods()[name])) | frozenset(_asked(_tree(corrected)))


@cache
def _methods() -> dict[str, ast.FunctionDef]:
    """moto's own, whatever has replaced them."""
    (of_class,) = ast.parse(textwrap.dedent(inspect.getsource(S3Response))).body
    assert isinstance(of_class, ast.ClassDef)
    return {node.name: node for node in of_class.body if isinstance(node, ast.FunctionDef)}


def _tree(function: Callable[..., Any]) -> ast.AST:
    return ast.parse(textwrap.dedent(inspect.getsource(function)))


def _asked(function: ast.AST) -> Iterator[str]:
    """Names on which a branch of the function depends, itself or by a method that it asks."""
    for branch in ast.walk(function):
        if isinstance(branch, ast.If):
            for node in ast.walk(branch.test):
                yield from _names(node)
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not node.args:
                    for inner in ast.walk(_methods().get(node.func.attr, ast.Pass())):
                        yield from _names(inner)


def _names(node: ast.AST) -> Iterator[str]:
    """The name in `"name" in query` and in `query.get("name")`."""
    match node:
        case ast.Compare(left=ast.Constant(value=str() as name), ops=[ast.In() | ast.NotIn()]):
            yield name
        case ast.Call(func=ast.Attribute(attr="get"), args=[ast.Constant(value=str() as name), *_]):
            yield name
