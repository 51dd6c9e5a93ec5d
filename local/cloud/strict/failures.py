"""What an exception that moto did not foresee means to the caller."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from xml.parsers.expat import ExpatError

from moto.core.utils import get_service_model

from local.cloud.service.errors import AwsError, unsupported

_NOT_FOUND = re.compile(r"NotFound|NoSuch|NotExist|NonExist")
_KNOWN = {("sts", "AssumeRoleWithSAML"): AwsError("InvalidIdentityToken", "The SAML assertion cannot be read.", 400)}
"""What only one thing can mean."""
_XML = "The XML you provided was not well-formed or did not validate against our published schema"
_LENGTH = "HTTP_X_AMZ_DECODED_CONTENT_LENGTH"
"""moto looks for it in each body that is sent in chunks."""
_EC2 = {
    "tgw-rtb": "InvalidRouteTableID",
    "tgw-attach": "InvalidTransitGatewayAttachmentID",
    "tgw": "InvalidTransitGatewayID",
    "pl": "InvalidPrefixListID",
    "vpce": "InvalidVpcEndpointId",
    "vpce-svc": "InvalidVpcEndpointServiceId",
    "vpc": "InvalidVpcID",
    "subnet": "InvalidSubnetID",
    "sg": "InvalidGroup",
    "rtb": "InvalidRouteTableID",
    "acl": "InvalidNetworkAclID",
    "igw": "InvalidInternetGatewayID",
    "nat": "NatGatewayNotFound",
    "eni": "InvalidNetworkInterfaceID",
    "pcx": "InvalidVpcPeeringConnectionID",
    "i": "InvalidInstanceID",
    "vol": "InvalidVolume",
    "snap": "InvalidSnapshot",
    "ami": "InvalidAMIID",
}
"""Prefix of an id -> the error's code without .NotFound. Source: Amazon EC2 API Reference, Error codes."""
_ID = re.compile(r"([a-z]+(?:-[a-z]+)?)-[0-9a-f]{8,17}")


def error_for(error: Exception, service: str, operation: str, inputs: dict[str, Any]) -> AwsError:
    """The error that AWS documents for an unknown resource if that explains `error`; else NotImplemented."""
    if known := _KNOWN.get((service, operation)):
        return known
    if service == "s3" and isinstance(error, ExpatError):
        return AwsError("MalformedXML", _XML, 400)
    if service == "s3" and error.args == (_LENGTH,):
        return AwsError("MissingContentLength", "You must provide the Content-Length HTTP header.", 411)
    if _is_lookup(error) and (code := not_found_code(service, operation, inputs)):
        return AwsError(code, f"{operation} names a resource that does not exist.")
    return unsupported(f"{service} {operation} with these parameters ({type(error).__name__}: {error})")


def not_found_code(service: str, operation: str, inputs: dict[str, Any]) -> str:
    """Code of the only error of the operation that says a resource is unknown; empty when there is none, or several.

    The model of EC2 has no errors: there the code follows from the first id of the request.
    """
    if service == "ec2":
        prefixes = (match[1] for text in _texts(inputs) if (match := _ID.fullmatch(text)))
        codes = [_EC2[prefix] for prefix in prefixes if prefix in _EC2]
        return f"{codes[0]}.NotFound".replace("NotFound.NotFound", "NotFound") if codes else ""
    model = get_service_model(service)
    if operation not in model.operation_names:
        return ""
    shapes = model.operation_model(operation).error_shapes
    codes = list({shape.error_code for shape in shapes if _NOT_FOUND.search(shape.name)})
    return codes[0] if len(codes) == 1 else ""


def _is_lookup(error: Exception) -> bool:
    """Whether this is what Python raises when moto works with a resource that it has not found."""
    return isinstance(error, KeyError | IndexError | AttributeError | StopIteration) or "not in list" in str(error)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for member in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(member)
