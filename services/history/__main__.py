"""`python -m services.history`: runs the history service."""

from __future__ import annotations

from services.history import endpoints
from services.history.settings import HistorySettings
from services.kit import logs, serve


def main() -> None:
    settings = HistorySettings()  # pyright: ignore[reportCallIssue]  fields come from the environment
    logs.configure("history", settings.pod_name, settings.log_level)
    logs.get(__name__).info("serving", host=settings.host, port=settings.port)
    serve.run(endpoints.create(settings), settings)


if __name__ == "__main__":
    main()
