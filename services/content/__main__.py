"""`python -m services.content`: runs the content service."""

from __future__ import annotations

from services.content.app import create
from services.content.settings import ContentSettings
from services.kit import logs, serve


def main() -> None:
    settings = ContentSettings()  # pyright: ignore[reportCallIssue]  fields come from the environment
    logs.configure("content", settings.pod_name, settings.log_level)
    logs.get(__name__).info("serving", host=settings.host, port=settings.port)
    serve.run(create(settings), settings)


if __name__ == "__main__":
    main()
