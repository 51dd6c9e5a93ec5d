"""`python -m services.users`: runs the users service."""

from __future__ import annotations

from services.kit import logs, serve
from services.users.app import create
from services.users.settings import UsersSettings


def main() -> None:
    settings = UsersSettings()  # pyright: ignore[reportCallIssue]  fields come from the environment
    logs.configure("users", settings.pod_name, settings.log_level)
    logs.get(__name__).info("serving", host=settings.host, port=settings.port)
    serve.run(create(settings), settings)


if __name__ == "__main__":
    main()
