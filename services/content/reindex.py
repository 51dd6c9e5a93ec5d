"""`python -m services.content.reindex`: builds the search index anew from the database; search goes on meanwhile."""

from __future__ import annotations

import asyncio

from services.content.search import building
from services.content.search.engine import Engine
from services.content.settings import ContentSettings
from services.kit import database, logs


async def rebuild(settings: ContentSettings) -> bool:
    """False if another process is at it."""
    engine = Engine(settings.opensearch_client)
    async with database.pool(settings, size=2) as pool:
        try:
            return await building.build(pool, engine)
        finally:
            await engine.close()


def main() -> None:
    settings = ContentSettings()  # pyright: ignore[reportCallIssue]  fields come from the environment
    logs.configure("content", settings.pod_name, settings.log_level)
    if not asyncio.run(rebuild(settings)):
        raise SystemExit("another process is building the index; wait for it, and repeat if you need to")


if __name__ == "__main__":
    main()
