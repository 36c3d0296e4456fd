"""Makes the picture of the console in the README: the page of a run of cosmic, with its graph, 1280 pixels wide.

    .venv/bin/python tests/console_browser/picture.py [docs/console.png]

It runs the sample in a copy of the project, so the id and the times in the picture are those of that run.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from PIL import Image  # noqa: E402  after the path

from tests.console_browser.chromium import CHROMIUM, QUIET  # noqa: E402
from tests.console_browser.real import console  # noqa: E402
from tests.helpers.project import copy_project  # noqa: E402

WIDE, HIGH = 1280, 1230
MOST = 150_000  # bytes
_COLOURS = 64
SETTLED = "() => !/being read|goes on/.test(document.querySelector('main').textContent)"


def main() -> int:
    """Write the picture; return 1 if it has too many bytes."""
    from playwright.sync_api import sync_playwright

    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "console.png"
    with tempfile.TemporaryDirectory(prefix="lanes-picture-") as folder, sync_playwright() as driver:
        root = copy_project(Path(folder) / "project")
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        with console(root, "team2") as shown, browser.new_context() as context:
            command = [sys.executable, "-m", "shared.cli", "run", "team2", "cosmic", "--world-size", "4"]
            subprocess.run(command, cwd=root, check=True, capture_output=True)
            page = shown.enter(context)
            page.set_viewport_size({"width": WIDE, "height": HIGH})
            page.goto(f"{shown.base}/team2/runs")
            page.click("#list tbody a[href^='/runs/']")
            page.wait_for_function(SETTLED)
            pixels = page.screenshot()
        browser.close()
    picture = Image.open(BytesIO(pixels)).convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
    picture.save(target, optimize=True)
    size = target.stat().st_size
    sys.stdout.write(f"{target}: {picture.width} x {picture.height}, {size:,} bytes\n")
    return int(size > MOST)


if __name__ == "__main__":
    sys.exit(main())
