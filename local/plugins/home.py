"""The PULUMI_HOME of a site: our provider plugins, a local state, a stack `local`. The user's own is left alone."""

from __future__ import annotations

import fcntl
import os
import shlex
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from local.plugins import one_region
from local.site import CHECKOUT, Site

STACK = "local"
REGION = "us-west-2"
PLUGINS = {"aws": "pulumi-aws", "kubernetes": "pulumi-kubernetes"}
PASSPHRASE = ""
"""Pulumi.local.yaml holds the salt that belongs to it, so every site and clone must have the same one; the secrets
in the state of this stack are protected by the mode of its folder (0700)."""
_PROGRAMS = ("pulumi", "pulumi-language-python")


class PulumiFailed(RuntimeError):
    """The Pulumi CLI failed while the home was set up."""


def install(site: Site, project: Path = CHECKOUT) -> dict[str, str]:
    """Create or complete the site's PULUMI_HOME and select the project's stack; returns the environment for `pulumi`.

    Idempotent. Raises ToolMissing without the CLI, PulumiFailed when it cannot create the stack.
    """
    _root(site).mkdir(parents=True, exist_ok=True)
    with (_root(site) / "installing").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # a second `make up` finds the stack of the first
        environ = prepare(site)
        if not has_stack(site, project):
            _pulumi(project, environ, "stack", "init", STACK, "--no-select")
        _pulumi(project, environ, "stack", "select", STACK)
    return environ


def has_stack(site: Site, project: Path = CHECKOUT) -> bool:
    """Whether the project's stack was made here."""
    return (_root(site) / "state" / ".pulumi" / "stacks" / _name(project) / f"{STACK}.json").exists()


def prepare(site: Site) -> dict[str, str]:
    """The PULUMI_HOME with its plugins, for programs of any project."""
    home = _root(site)
    for folder in (home / "home", home / "state"):
        folder.mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)
    _disable_logs(home / "home")
    for package, distribution in PLUGINS.items():
        folder = home / "home" / "plugins" / f"resource-{package}-v{version(distribution)}"
        _script(folder / f"pulumi-resource-{package}", f"local.plugins.{package}")
    return environment(site)


def environment(site: Site) -> dict[str, str]:
    """Environment for plain `pulumi`: home, state, passphrase, endpoint, and PATH with the tools first."""
    from local.toolchain import tools

    home = _root(site)
    front = [Path(sys.executable).parent, *dict.fromkeys(tools.path(program).parent for program in _PROGRAMS)]
    path = [
        *map(str, front),
        *(p for p in os.environ.get("PATH", os.defpath).split(os.pathsep) if Path(p) not in front),
    ]
    return {
        "PULUMI_HOME": str(home / "home"),
        "PULUMI_BACKEND_URL": f"file://{home / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_PYTHON_CMD": str(Path(__file__).with_name("python")),
        one_region.VARIABLE: str(chosen) if (chosen := one_region.file(site)).exists() else "",
        "AWS_ENDPOINT_URL": site.endpoint_url,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "PYTHONPATH": str(CHECKOUT),
        # The SDKs are large: compiling them on every run would take longer than everything else.
        "PYTHONDONTWRITEBYTECODE": "",
        "PATH": os.pathsep.join(path),
    }


def _root(site: Site) -> Path:
    return site.home / "pulumi"


def _disable_logs(pulumi_home: Path) -> None:
    """A file in the place of Pulumi's folder of logs: 3.259 has no setting that turns them off.

    Each command logs every detail, compressed and encrypted: 39 MB for the two regions, and three quarters of the
    engine's processor time when nothing changes. Without the folder it says so at --verbose, and goes on; `pulumi logs`
    has nothing to show.
    """
    logs = pulumi_home / "logs"
    if logs.is_dir():  # of an earlier version; a command that still writes into it keeps its file
        aside = logs.with_name(f".logs.{os.getpid()}")
        logs.rename(aside)
        shutil.rmtree(aside)
    logs.touch()


def _script(file: Path, module: str) -> None:
    """An executable for the engine; renamed into place, because the engine may read it meanwhile."""
    lines = [
        "#!/bin/sh",
        f'PYTHONPATH={shlex.quote(str(CHECKOUT))} exec {shlex.quote(sys.executable)} -m {module} "$@"',
    ]
    text = "\n".join(lines) + "\n"
    if file.exists() and file.read_text() == text:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.write_text(text)
    draft.chmod(0o755)
    draft.replace(file)


def _name(project: Path) -> str:
    import yaml

    return yaml.safe_load((project / "Pulumi.yaml").read_text())["name"]


def _pulumi(project: Path, environ: dict[str, str], *arguments: str) -> None:
    from local.toolchain import tools

    argv = [str(tools.path("pulumi")), *arguments, "--non-interactive"]
    done = subprocess.run(argv, cwd=project, env={**os.environ, **environ}, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise PulumiFailed(f"`pulumi {' '.join(arguments)}` ended with {done.returncode}: {done.stderr.strip()[-500:]}")
