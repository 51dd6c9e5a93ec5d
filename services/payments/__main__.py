"""`python -m services.payments`: runs the payments service."""

from __future__ import annotations

from services.kit import logs, serve
from services.payments.app import create
from services.payments.settings import PaymentsSettings


def main() -> None:
    settings = PaymentsSettings()  # pyright: ignore[reportCallIssue]  fields come from the environment
    logs.configure("payments", settings.pod_name, settings.log_level)
    logs.get(__name__).info("serving", host=settings.host, port=settings.port)
    serve.run(create(settings), settings)


if __name__ == "__main__":
    main()
