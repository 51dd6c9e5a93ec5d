"""`python -m services.recorder`: runs the recorder."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI

from services.kit import app, logs, serve
from services.kit.background import running
from services.kit.region import UNGATED
from services.kit.witness import WitnessBucket
from services.recorder.recording import Recording
from services.recorder.settings import RecorderSettings
from services.recorder.stores import stores


def main() -> None:
    settings = RecorderSettings()  # pyright: ignore[reportCallIssue]  fields come from the environment
    logs.configure("recorder", settings.pod_name, settings.log_level)
    logs.get(__name__).info("serving", region=settings.aws_region, witness=settings.witness_bucket)
    serve.run(create(settings), settings)


def create(settings: RecorderSettings) -> FastAPI:
    """The application, which has no routes of its own. It records whatever its region's state is."""
    if not settings.witness_bucket:
        return app.create("recorder", gate=UNGATED)
    witness = WitnessBucket(settings.witness_bucket, settings.witness_region, settings.aws_endpoint_url)
    recording = Recording(witness, settings.aws_region, stores(settings), settings.sample_seconds)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with running(recording.run()):
            yield

    return app.create("recorder", lifespan=lifespan, gate=UNGATED, checks={"recovery point": recording.fresh})


if __name__ == "__main__":
    main()
