"""Digests that come with a body. Source: Amazon S3 User Guide, "Checking object integrity"."""

from __future__ import annotations

import base64
import binascii
import hashlib
import zlib
from collections.abc import Callable, Mapping

from local.cloud.service.errors import AwsError

_DIGESTS: dict[str, Callable[[bytes], bytes]] = {
    "ContentMD5": lambda body: hashlib.md5(body, usedforsecurity=False).digest(),
    "ChecksumCRC32": lambda body: zlib.crc32(body).to_bytes(4, "big"),
    "ChecksumSHA1": lambda body: hashlib.sha1(body, usedforsecurity=False).digest(),
    "ChecksumSHA256": lambda body: hashlib.sha256(body).digest(),
}
"""By the input's name. CRC32C and CRC64NVME are taken as they come: Python has neither."""


def refusal(body: bytes, given: Mapping[str, str]) -> AwsError | None:
    """Why a body is not stored; None when it is what its digests say. `given` has them in base64, by input."""
    for name, digest in _DIGESTS.items():
        if name not in given:
            continue
        expected = digest(body)
        try:
            found = base64.b64decode(given[name], validate=True)
        except (binascii.Error, ValueError):
            found = b""
        if len(found) != len(expected):
            code = "InvalidDigest" if name == "ContentMD5" else "InvalidRequest"
            return AwsError(code, f"The value of {name} is not valid.", 400)
        if found != expected:
            algorithm = name.removeprefix("Checksum").removeprefix("Content")
            return AwsError("BadDigest", f"The {algorithm} you specified did not match what we received.", 400)
    return None
