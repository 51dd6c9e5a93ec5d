"""Clients of the AWS plugin, which many threads ask for at once."""

from __future__ import annotations

import os
import subprocess
import sys

_PROGRAM = """
import threading
from local.plugins.aws.api import AwsApi
api, answers = AwsApi({}), []
asks = [lambda: api.region, lambda: api.operation("sts", "GetCallerIdentity").name]
threads = [threading.Thread(target=lambda ask=ask: answers.append(ask()), daemon=True) for ask in asks]
for thread in threads: thread.start()
for thread in threads: thread.join(timeout=20)
print(sorted(answers))
"""


def test_threads_that_ask_first_for_region_and_operation_both_get_them() -> None:
    """A process of its own: the first to ask imports the SDK meanwhile."""
    environment = {**os.environ, "AWS_DEFAULT_REGION": "us-west-2"}
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "['GetCallerIdentity', 'us-west-2']"
