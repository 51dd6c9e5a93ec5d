"""`python -m local.cloudnativepg.launch FOLDER ADDRESS PARAMETERS`: starts a server and exits when it is ready."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from local.cloudnativepg.server import certify, engine
from local.engines.runtime.process import EngineFailed


def main() -> None:
    folder, address, parameters = sys.argv[1:]
    try:
        certify(Path(folder), address)
        engine(Path(folder), address, json.loads(parameters)).ensure()
    except EngineFailed as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
