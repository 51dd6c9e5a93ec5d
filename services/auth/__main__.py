"""`python -m services.auth`: runs the auth service."""

from __future__ import annotations

from fastapi import FastAPI
from joserfc.jwk import ECKey

from contracts import signing_keys
from services.auth.settings import AuthSettings
from services.kit import logs, serve


def main() -> None:
    settings = AuthSettings()  # pyright: ignore[reportCallIssue]  fields come from the environment
    logs.configure("auth", settings.pod_name, settings.log_level)
    keys = signing_keys.load_all(
        settings.signing_key.get_secret_value(), settings.previous_signing_key.get_secret_value()
    )
    logs.get(__name__).info(
        "serving",
        host=settings.host,
        port=settings.port,
        keys=[key.kid for key in keys],
        providers=[*settings.providers()],
    )
    serve.run(_application(settings, keys), settings)


def _application(settings: AuthSettings, keys: list[ECKey]) -> FastAPI:
    """Imports what it needs: the libraries of the database and of gRPC take as long as all others."""
    if settings.database_url.get_secret_value():
        from services.auth.application import create

        return create(settings, keys)
    from services.auth import endpoints

    return endpoints.create(keys)


if __name__ == "__main__":
    main()
