"""How long a report's page takes in a real browser; not whether it is right, which tests say.

.venv/bin/python benchmarks/page_in_chromium.py report.html
"""

from __future__ import annotations

import shutil
import statistics
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROUNDS = 5
TIMES = """() => [
    performance.getEntriesByType('navigation')[0].loadEventEnd,
    performance.getEntriesByName('first-chart')[0].startTime,
    performance.getEntriesByName('all-charts')[0].startTime]"""


def seconds_to_draw(path: Path) -> tuple[float, float, float]:
    """Median seconds from opening a page to its `load`, its first chart and its last.

    Args:
        path: of a `report.html` that has charts.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        rounds = [_times(browser, path) for _ in range(ROUNDS)]
        browser.close()
    load, first, last = (statistics.median(times) for times in zip(*rounds, strict=True))
    return load, first, last


def _times(browser: Browser, path: Path) -> list[float]:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(path.resolve().as_uri())
    page.wait_for_selector(f"html[data-drawn='{page.locator('.plot').count()}']")
    found: list[float] = page.evaluate(TIMES)
    page.close()
    return [milliseconds / 1000 for milliseconds in found]


if __name__ == "__main__":
    for name in sys.argv[1:]:
        load, first, last = seconds_to_draw(Path(name))
        size = Path(name).stat().st_size / 1e6
        print(
            f"{name}: {size:.2f} MB, load {load:.2f} s, first chart {first:.2f} s, "
            f"all {last:.2f} s (median of {ROUNDS})"
        )
