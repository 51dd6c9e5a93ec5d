"""Bodies in chunks, each with its length, and what they hold.

Sources: Amazon S3 API Reference, "Signature calculations: transferring payload in multiple chunks", "... with trailing
headers", and "Error responses". The signatures of chunks are taken as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from werkzeug.wrappers import Request

from local.cloud.service.errors import AwsError, unsupported

_FORM = "x-amz-content-sha256"
_LENGTH = "x-amz-decoded-content-length"
_KNOWN = (
    *("STREAMING-UNSIGNED-PAYLOAD-TRAILER", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
)
"""The forms that moto puts together."""
_DIGESTS = {f"x-amz-checksum-{name.lower()}": f"Checksum{name}" for name in ("CRC32", "SHA1", "SHA256")}


@dataclass(frozen=True)
class Content:
    """What the chunks hold together, and the digests after them by the input's name."""

    body: bytes
    digests: dict[str, str] = field(default_factory=dict)


def content(request: Request) -> Content | None:
    """None for a body that is not sent in chunks. Raises AwsError for one that is not as its headers say."""
    form = request.headers.get(_FORM, "")
    if not form.startswith("STREAMING-"):
        return None
    if form not in _KNOWN:
        raise unsupported(f"a body in the form {form}")
    length = request.headers.get(_LENGTH, "")
    if not (length.isascii() and length.isdecimal()):
        raise AwsError("MissingContentLength", "You must provide the Content-Length HTTP header.", 411)
    try:
        found = _read(request.get_data())
    except ValueError as error:
        raise _incomplete() from error
    if len(found.body) != int(length):
        raise _incomplete()
    return found


def _read(data: bytes) -> Content:
    """Raises ValueError for what has no last chunk, or a chunk that is shorter than it says."""
    body, at = bytearray(), 0
    while True:
        end = data.index(b"\r\n", at)
        size = int(data[at:end].partition(b";")[0], 16)
        at = end + 2
        if size == 0:
            return Content(bytes(body), _trailer(data[at:]))
        if size < 0 or data[at + size : at + size + 2] != b"\r\n":
            raise ValueError(f"no chunk of {size} bytes at {at}")
        body += data[at : at + size]
        at += size + 2


def _trailer(data: bytes) -> dict[str, str]:
    lines = (line.partition(":") for line in data.decode("ascii", "replace").splitlines())
    given = {name.strip().lower(): value.strip() for name, _, value in lines}
    return {_DIGESTS[name]: value for name, value in given.items() if name in _DIGESTS}


def _incomplete() -> AwsError:
    message = "You did not provide the number of bytes specified by the Content-Length HTTP header"
    return AwsError("IncompleteBody", message, 400)
