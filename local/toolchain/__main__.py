"""`make tools`: finds or makes everything that the local platform runs."""

from __future__ import annotations

import sys

from rich.console import Console

from local.toolchain.provision.display import Display
from local.toolchain.provision.provisioner import ProvisionFailed, missing, provide
from local.toolchain.recipes import debian


def main() -> int:
    console = Console(highlight=False)
    if any(tool.packages for tool in missing()):
        debian.ask_for_password()
    try:
        with Display(console) as display:
            provide(display, display.waiting)
    except ProvisionFailed as error:
        console.print(f"make tools: {error}", markup=False, soft_wrap=True, style="red")
        return 1
    except KeyboardInterrupt:
        console.print("Interrupted. What is made is kept; `make tools` makes the rest.")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
