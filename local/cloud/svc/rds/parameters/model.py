"""One parameter, and whether a value is valid for it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from local.cloud.svc.rds.parameters import formulas


@dataclass(frozen=True)
class Parameter:
    name: str
    type: str
    """As in DescribeDBParameters: boolean, integer, float, string or list."""
    static: bool
    """Whether it takes effect only when the server starts."""
    modifiable: bool
    description: str
    default: str | None = None
    least: str = ""
    most: str = ""
    choices: Sequence[str] = ()
    of_rds: bool = False
    """Whether RDS sets its value, as opposed to PostgreSQL (Source `system` and `engine-default`)."""

    @property
    def allowed(self) -> str:
        """AllowedValues of the API; empty if every text is allowed."""
        if self.type == "boolean":
            return "0,1"
        return ",".join(self.choices) if self.choices else f"{self.least}-{self.most}" if self.least else ""

    def accepts(self, value: str) -> bool:
        """Whether the type, the range or the list of values allows it. Numbers have no units: they are in PostgreSQL's
        base unit of the parameter, as on RDS."""
        if self.type == "boolean":
            return value in ("0", "1")
        if self.type == "list" and self.choices:
            return all(part.strip() in self.choices for part in value.split(",") if part.strip())
        if self.choices:
            return value.lower() in self.choices
        if self.type == "integer":
            whole = formulas.evaluated(value, formulas.SMALLEST) if "{" in value or "(" in value else value
            return whole is not None and bool(re.fullmatch(r"-?\d{1,19}", whole)) and self._in_range(float(whole))
        if self.type == "float":
            return bool(re.fullmatch(r"-?\d{1,19}(\.\d{1,19})?([eE][+-]?\d{1,3})?", value)) and self._in_range(
                float(value)
            )
        return not any(ord(character) < 32 for character in value)

    def _in_range(self, value: float) -> bool:
        return not self.least or float(self.least) <= value <= float(self.most)
