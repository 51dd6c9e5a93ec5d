"""`python -m local.cloudnativepg.object_store`: serves the objects of a destination to the server of the instance."""

from __future__ import annotations

import boto3
from aiohttp import web
from botocore.config import Config
from pydantic import SecretStr
from pydantic_settings import BaseSettings

from local.cloudnativepg.object_store.application import create
from local.cloudnativepg.object_store.bucket import Bucket
from services.kit import logs


class Settings(BaseSettings):
    """Environment of the Pod. boto3 finds the credentials, the region and the endpoint there, too."""

    pod_ip: str
    pod_name: str = ""
    port: int
    destination: str
    token: SecretStr
    log_level: str = "INFO"


def main() -> None:
    settings = Settings()  # pyright: ignore[reportCallIssue]  fields come from the environment
    logs.configure("object-store", settings.pod_name, settings.log_level)
    name, _, folder = settings.destination.removeprefix("s3://").partition("/")
    config = Config(retries={"total_max_attempts": 2}, connect_timeout=5, read_timeout=30)
    bucket = Bucket(boto3.client("s3", config=config), name, folder.strip("/"))
    web.run_app(create(bucket, settings.token.get_secret_value()), host=settings.pod_ip, port=settings.port, print=None)


if __name__ == "__main__":
    main()
