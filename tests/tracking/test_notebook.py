"""Figures in a notebook: drawn in its page by a real browser, without any network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracking.figures import Figure, layout, render_page
from tracking.notebook import InlineFigure

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

HOSTILE = '"><script>document.title = "run"</script>'


def test_a_figure_is_drawn_inside_a_notebooks_page(browser: Browser, tmp_path: Path) -> None:
    """Its frame holds the chart, asks for nothing, logs no error, and runs nothing of a user's."""
    plot = {
        "data": [{"type": "bar", "x": [1, 2], "y": [3, 1]}],
        "layout": layout(300, title={"text": "&lt;b&gt;"}),
    }
    figure = InlineFigure(HOSTILE, render_page(HOSTILE, [Figure(HOSTILE, [], plot)]), plot)
    page = browser.new_page()
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    page.on("request", lambda request: told.append(request.url))
    (tmp_path / "cell.html").write_text(
        f"<!doctype html><title>cell</title>{figure._repr_html_()}", encoding="utf-8"
    )
    page.goto((tmp_path / "cell.html").as_uri())
    frame = page.frame_locator("iframe")
    frame.locator(".main-svg").first.wait_for(timeout=20_000)
    assert frame.locator("h1").inner_text() == HOSTILE
    assert page.title() == "cell"
    box = page.locator("iframe").bounding_box()
    assert box is not None
    assert box["height"] >= 300
    assert [text for text in told if not text.startswith(("file:", "about:", "blob:"))] == []
    page.close()
