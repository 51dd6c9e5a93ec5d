"""`aura env`: the environment of plain pulumi, kubectl and aws for this site."""

from __future__ import annotations

import os
import shlex

from cli.aws.credentials import LOCAL_KEY
from cli.aws.profiles import PROFILES
from local import plugins
from local.site import CHECKOUT, REGIONS, Site
from local.toolchain import tools

PRIMARY = "us-west-2"


def exports(site: Site) -> dict[str, str]:
    """Variables by name; PATH has this checkout's tools first."""
    kubeconfigs = [site.kubeconfig(region) for region in REGIONS]
    return {
        **plugins.environment(site),
        "AURA_HOME": str(site.home),
        "AURA_SITE": str(site.index),
        "AWS_ENDPOINT_URL": site.endpoint_url,
        "AWS_ACCESS_KEY_ID": LOCAL_KEY,
        "AWS_SECRET_ACCESS_KEY": LOCAL_KEY,
        "AWS_REGION": PRIMARY,
        "AWS_DEFAULT_REGION": PRIMARY,
        # A restarting endpoint answers again within this many attempts.
        "AWS_RETRY_MODE": "standard",
        "AWS_MAX_ATTEMPTS": "10",
        "AWS_PAGER": "",
        # Pulumi holds little and lives short: it need not collect garbage often.
        "GOGC": "400",
        "KUBECONFIG": os.pathsep.join(str(path) for path in kubeconfigs if path.exists()) or str(kubeconfigs[0]),
        "PATH": _path(plugins.environment(site).get("PATH", "")),
    }


def print_exports() -> None:
    for name, value in exports(Site.current()).items():
        print(f"export {name}={shlex.quote(value)}")
    print(f"unset {' '.join(PROFILES)}")


def _path(of_plugins: str) -> str:
    """This checkout's folders first, without duplicates."""
    ours = [str(CHECKOUT / "bin"), str(CHECKOUT / ".venv" / "bin"), str(tools.path("kubectl").parent)]
    folders = [*ours, *of_plugins.split(os.pathsep), *os.environ.get("PATH", "").split(os.pathsep)]
    return os.pathsep.join(dict.fromkeys(filter(None, folders)))
