"""`make tools`: finds or builds every tool that the local platform runs."""

from __future__ import annotations

import sys

from rich.console import Console

from local.toolchain.provision.display import Display
from local.toolchain.provision.provisioner import ProvisionFailed, missing, provision
from local.toolchain.recipes import debian


def main() -> int:
    console = Console(highlight=False)
    if any(tool.debian_packages for tool in missing()):
        debian.prompt_for_password()
    try:
        with Display(console) as display:
            provision(display, display.on_wait)
    except ProvisionFailed as error:
        console.print(f"make tools: {error}", markup=False, soft_wrap=True, style="red")
        return 1
    except KeyboardInterrupt:
        console.print("Interrupted. Finished tools are kept; `make tools` builds the rest.")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
