"""The code of the gRPC API is what protoc makes of its .proto file now."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import services.kit.auth_api as api

FOLDER = Path(api.__file__).parent
ROOT = FOLDER.parents[2]


@pytest.mark.integration
def test_generated_code_is_current(tmp_path: Path) -> None:
    out = [f"--{kind}_out={tmp_path}" for kind in ("python", "pyi", "grpc_python")]
    proto = str((FOLDER / "auth.proto").relative_to(ROOT))
    subprocess.run([sys.executable, "-m", "grpc_tools.protoc", "-I.", *out, proto], cwd=ROOT, check=True)
    for made in sorted((tmp_path / proto).parent.iterdir()):
        assert (FOLDER / made.name).read_text() == made.read_text(), f"run `make proto`: {made.name} differs"
