"""CloudFront: invalidations complete as AWS spells it, and a change gives a distribution another ETag."""

from __future__ import annotations

from typing import Any

from moto.cloudfront.models import CloudFrontBackend, Invalidation, random_id

_make = Invalidation.__init__
_update = CloudFrontBackend.update_distribution


def install() -> None:
    """Replaces methods of moto's classes, so that pickles keep referring to those classes."""
    Invalidation.__init__ = _made
    CloudFrontBackend.update_distribution = _updated


def _made(self: Any, *arguments: Any, **named: Any) -> None:
    _make(self, *arguments, **named)
    self.status = "Completed"


def _updated(self: Any, *arguments: Any, **named: Any) -> Any:
    distribution, location, _ = _update(self, *arguments, **named)
    distribution.etag = random_id()
    return distribution, location, distribution.etag
