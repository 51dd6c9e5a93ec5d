"""The logins of a service that watches databases, and the condition that says whether it has them."""

from __future__ import annotations

import json

from contracts.auraservice import Monitoring
from operators.adapters.aws.claims import Claimant
from operators.adapters.aws.cloud import Cloud
from operators.adapters.aws.monitor import monitor
from operators.adapters.aws.rds import DatabaseConflict, DatabaseRefused, DatabaseUnavailable
from operators.adapters.aws.secrets_manager import SecretNotShared, SecretUnavailable
from operators.kubernetes.conditions import Finding, broken, good

MONITORED = "Monitored"


async def monitored(cloud: Cloud, claimant: Claimant, monitors: Monitoring, *, writes: bool) -> tuple[Finding, str]:
    """The finding, and MONITOR_URLS once all are known, "" before."""
    urls: dict[str, str] = {}
    try:
        password = await cloud.secrets.value_for(claimant.name, monitors.password)
        for instance in monitors.instances:
            urls[instance] = await monitor(cloud.databases, claimant, instance, password, writes=writes)
    except DatabaseConflict as error:
        return broken(MONITORED, "NameConflict", str(error)), ""
    except DatabaseRefused as error:
        return broken(MONITORED, "DatabaseRefused", f"{error}; Pods keep their logins"), ""
    except (SecretUnavailable, SecretNotShared, DatabaseUnavailable) as error:
        return broken(MONITORED, "DatabaseUnavailable", f"{error}; Pods keep their logins"), ""
    return good(MONITORED, "LoggedIn", f"logins at {', '.join(monitors.instances)}"), json.dumps(urls, sort_keys=True)
