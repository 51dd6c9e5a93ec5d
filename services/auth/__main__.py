"""`python -m services.auth`: runs the auth service."""

from __future__ import annotations

from contracts import signing_keys
from services.auth import endpoints
from services.auth.settings import AuthSettings
from services.kit import logs, serve


def main() -> None:
    settings = AuthSettings()  # pyright: ignore[reportCallIssue]  fields come from the environment
    logs.configure("auth", settings.pod_name, settings.log_level)
    keys = signing_keys.load_all(
        settings.signing_key.get_secret_value(), settings.previous_signing_key.get_secret_value()
    )
    logs.get(__name__).info("serving", host=settings.host, port=settings.port, keys=[key.kid for key in keys])
    serve.run(endpoints.create(keys), settings)


if __name__ == "__main__":
    main()
