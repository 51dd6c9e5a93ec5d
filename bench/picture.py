"""A drawing as a file: SVG to PNG by headless Chromium."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path


def save(svg: str, width: int, height: int, png: Path) -> None:
    """Write the drawing to `png`; raises FileNotFoundError where there is no Chromium."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        raise FileNotFoundError("the plot is drawn by Chromium, which is not on PATH; the table stands without it")
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "plot.html"
        page.write_text(f"<body style='margin:0'>{svg}</body>")
        subprocess.run(
            [
                browser,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--hide-scrollbars",
                "--force-device-scale-factor=2",
                f"--user-data-dir={folder}/profile",
                f"--window-size={width},{height}",
                f"--screenshot={png.resolve()}",
                page.as_uri(),
            ],
            check=True,
            capture_output=True,
            timeout=60,
        )
