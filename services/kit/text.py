"""Text that a person typed, as every store takes it.

PostgreSQL has no NUL in a text and UTF-8 no lone surrogate: JSON can write both. They are refused with 422 instead of
failing in the store.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

Line = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]*$", max_length=200)]
"""One line without control characters."""
Note = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x09\x0b-\x1f\x7f]*$", max_length=2_000)]
"""Several lines."""
