"""Runs the dataflow of one BioStream: `python -m dataflows.biosync`, configured by the environment.

With the argument `compare` it is a candidate: it computes beside the running image, and writes nothing. It has fewer
variables, so that an image from before candidates existed ends at once instead of writing.
"""

from __future__ import annotations

import logging
import sys

import structlog
from pydantic import ValidationError

from dataflows.biosync.run import candidate, worker
from dataflows.biosync.run.settings import CandidateSettings, Settings, StreamSettings


def main() -> None:
    try:
        if sys.argv[1:] == ["compare"]:
            settings = CandidateSettings()  # pyright: ignore[reportCallIssue]
            _log_json(settings)
            candidate.run(settings)
        settings = Settings()  # pyright: ignore[reportCallIssue]
    except ValidationError as error:
        sys.exit(f"the environment of the dataflow is invalid:\n{error}")
    _log_json(settings)
    worker.run(settings)


def _log_json(settings: StreamSettings) -> None:
    level = logging.getLevelNamesMapping().get(settings.log_level.upper(), logging.INFO)
    context = {"service": "biosync", "stream": settings.biostream_name, "pod": settings.pod_name}
    structlog.configure(
        processors=[
            lambda _logger, _method, event: {**event, **context},
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )


if __name__ == "__main__":
    main()
