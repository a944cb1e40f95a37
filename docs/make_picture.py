"""Draw docs/report.png, the picture in the README: the first screen of the Tower 22 report as a browser shows it.

    python docs/make_picture.py [CHROMIUM]

It needs a Chromium (or Chrome) and Pillow. Colours are cut to a palette, so that the picture is small.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
REPORT = ROOT / "reports" / "tower-22" / "baseline.html"
PICTURE = ROOT / "docs" / "report.png"
WIDTH, HEIGHT, COLOURS = 1180, 850, 64
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


def main(browser: str | None) -> None:
    """One screenshot, with fewer colours."""
    from PIL import Image

    if browser is None:
        raise SystemExit(f"no browser is here: one of {', '.join(BROWSERS)}, or its path as the argument")
    with tempfile.TemporaryDirectory() as folder:
        shot = Path(folder) / "shot.png"
        command = [browser, "--headless", "--no-sandbox", "--hide-scrollbars", "--disable-gpu"]
        command += [f"--user-data-dir={folder}", f"--window-size={WIDTH},{HEIGHT}", f"--screenshot={shot}"]
        subprocess.run([*command, REPORT.as_uri()], check=True, capture_output=True, timeout=120)
        with Image.open(shot) as whole:
            whole.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(PICTURE, optimize=True)
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else next(filter(None, map(shutil.which, BROWSERS)), None))
