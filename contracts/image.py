"""References to container images, by the grammar that registries and kubelets use.

https://github.com/distribution/reference/blob/main/reference.go, the grammar in its package comment; the digest's
algorithms are those that the OCI image specification registers (descriptor.md, Registered Algorithms).
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field

from contracts.rules import Checked

_LABEL = "[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?"
_REGISTRY = rf"({_LABEL}([.]{_LABEL})*|\[[a-fA-F0-9]*:[a-fA-F0-9:]*\])(:[0-9]{{1,5}})?"
_COMPONENT = "[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*"
_FIRST = "[a-z0-9]+((_|__|-+)[a-z0-9]+)*"
"""With a dot kubelets take it for a registry (normalize.go, splitDockerDomain), which has no underscore."""
_TAG = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
_DIGEST = "(sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})"
PATTERN = f"^(({_REGISTRY}|{_FIRST})/({_COMPONENT}/)*)?{_COMPONENT}(:{_TAG})?(@{_DIGEST})?$"

NAME_LENGTH = 255
"""Characters of registry and path together, a common limit of clients (distribution-spec, Pulling manifests)."""
_NAME = "^([^@]*/)?[^:@]*"
"""Registry and path of a reference: all but `:tag` and `@digest`."""


def _is_reference(image: str) -> bool:
    return re.fullmatch(PATTERN.rstrip("$"), image) is not None


def _name_fits(image: str) -> bool:
    name = re.match(_NAME, image)
    return name is not None and len(name[0]) <= NAME_LENGTH


Image = Annotated[
    str,
    Field(max_length=NAME_LENGTH + len(":") + 128 + len("@sha512:") + 128),
    Checked(
        f"self.matches(r'{PATTERN}')",
        "is no reference to an image: [registry[:port]/]path[:tag][@digest], with path in lower case, a tag of at most"
        " 128 letters, digits, _ . and -, and a digest sha256: and 64 hexadecimal digits",
        _is_reference,
    ),
    Checked(
        f"self.find('{_NAME}').size() <= {NAME_LENGTH}",
        f"registry and path of an image have at most {NAME_LENGTH} characters",
        _name_fits,
    ),
]
