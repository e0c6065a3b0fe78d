"""The page in a real browser: nothing runs, nothing leaves, everyone can read it."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from sample_reports import HOSTILE, big_report, hostile_report, sample_report

from tracking.pages import level_text
from tracking.reports.render import render_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tracking.reports.model import Report

    Written = Callable[[str], Path]

PHONE, DESKTOP = 360, 1440  # pixels wide
MAX_BYTES = 5_000_000
REPORTS: dict[str, Callable[[], Report]] = {
    "sample": sample_report,
    "hostile": hostile_report,
    "big": big_report,
}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """Where the page of a report lies; written once."""
    folder = tmp_path_factory.mktemp("pages")

    def write(name: str) -> Path:
        path = folder / f"{name}.html"
        if not path.exists():
            made = datetime(2026, 11, 21, 7, tzinfo=UTC)
            path.write_bytes(render_files(REPORTS[name](), made=made)["report.html"])
        return path

    return write


@dataclass
class Seen:
    """What a page did beyond showing itself."""

    page: Page
    told: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


@contextmanager
def opened(
    browser: Browser,
    path: Path,
    *,
    width: int = DESKTOP,
    theme: Literal["light", "dark"] = "light",
    script: bool = True,
    drawn: bool = True,
) -> Iterator[Seen]:
    """A page, when all of its charts are drawn."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=theme, java_script_enabled=script
    )
    seen = Seen(context.new_page())

    def dismiss(dialog: Any) -> None:
        seen.told.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    seen.page.on("dialog", dismiss)
    seen.page.on("console", lambda message: seen.told.append(message.text))
    seen.page.on("pageerror", lambda error: seen.told.append(str(error)))
    context.on("page", lambda page: seen.told.append(f"window: {page.url}"))
    context.on("request", lambda request: seen.asked.append(request.url))
    try:
        seen.page.goto(path.as_uri())
        n_charts = seen.page.locator(".plot").count()
        if drawn and n_charts:
            seen.page.wait_for_selector(f"html[data-drawn='{n_charts}']")
        yield seen
    finally:
        context.close()


@pytest.mark.parametrize("name", REPORTS)
def test_a_page_stands_alone(browser: Browser, written: Written, name: str) -> None:
    """No request but for the file, no word on the console, no dialog, and it is under 5 MB."""
    path = written(name)
    assert path.stat().st_size < MAX_BYTES
    with opened(browser, path) as seen:
        drawn = seen.page.locator(".plot .main-svg").count()
        assert drawn >= seen.page.locator(".plot").count()
        seen.page.locator(".plot").last.hover()
    assert seen.told == []
    assert seen.asked == [path.as_uri()]


def test_hostile_texts_are_text(browser: Browser, written: Written) -> None:
    """Every one is there to be read, in sentences, tables and charts, and none is an element."""
    with opened(browser, written("hostile")) as seen:
        body = re.sub(r"\s+", "", seen.page.inner_text("body"))
        for text in HOSTILE:
            assert body.count(re.sub(r"\s+", "", level_text(text))) >= 10
        cells = seen.page.locator("thead th").all_inner_texts()
        assert [cell.split() for cell in cells] == [level_text(text).split() for text in HOSTILE]
        legend = seen.page.locator(".legendtext").all_text_contents()
        assert legend[:8] == [level_text(text) for text in HOSTILE[:8]]
        assert seen.page.locator("img, body svg[onload], main a, .plot a").count() == 0
    assert seen.told == []


@pytest.mark.parametrize("name", ["sample", "hostile"])
def test_axe_finds_nothing_serious(browser: Browser, written: Written, name: str) -> None:
    """Contrast, names, headings, landmarks, tables: nothing serious, in both themes and widths."""
    with opened(browser, written(name)) as seen:
        for width in (DESKTOP, PHONE):
            seen.page.set_viewport_size({"width": width, "height": 900})
            for theme in ("light", "dark"):
                seen.page.emulate_media(color_scheme=theme)
                found = Axe().run(seen.page).response
                serious = [
                    (one["id"], [node["html"][:90] for node in one["nodes"][:3]])
                    for one in found["violations"]
                    if one["impact"] in {"serious", "critical"}
                ]
                assert serious == [], (width, theme)
                checked = {one["id"] for one in found["passes"]}
                assert checked > {"color-contrast", "heading-order", "link-name", "td-headers-attr"}


@pytest.mark.parametrize("name", ["sample", "hostile"])
def test_only_boxes_scroll_sideways(browser: Browser, written: Written, name: str) -> None:
    """On a phone a wide table moves within its box, and the page stays where it is."""
    with opened(browser, written(name), width=PHONE) as seen:
        assert seen.page.evaluate("document.documentElement.scrollWidth") == PHONE
        boxes = seen.page.locator(".scroll[tabindex='0']")
        assert boxes.count() >= 1
        first = boxes.first
        first.focus()
        seen.page.keyboard.press("ArrowRight")
        assert first.get_attribute("aria-labelledby")
        first.evaluate("box => { box.scrollLeft = 1e6; }")
        assert first.evaluate("box => box.scrollLeft") > 0


def test_the_keyboard_reaches_everything(browser: Browser, written: Written) -> None:
    """First the way past the contents, then theme, contents, boxes that scroll; each is seen."""
    with opened(browser, written("sample"), width=PHONE, drawn=False) as seen:
        stops = []
        for _ in range(60):
            seen.page.keyboard.press("Tab")
            stops.append(
                seen.page.evaluate(
                    """() => { const e = document.activeElement, s = getComputedStyle(e);
                    return [e.className || e.id || e.getAttribute('href') || e.tagName,
                            s.outlineStyle !== 'none' && e.matches(':focus-visible')]; }"""
                )
            )
        names = [name for name, _ in stops]
        assert names[:2] == ["skip", "page-theme"]
        assert "#leaderboard" in names
        assert "scroll" in names
        assert names.index("#leaderboard") < names.index("scroll")
        assert all(shown for name, shown in stops if name != "BODY")
        seen.page.reload()
        seen.page.keyboard.press("Tab")
        seen.page.keyboard.press("Enter")
        assert seen.page.evaluate("document.activeElement.id") == "page-content"


def test_the_theme_follows_the_system_and_the_button(browser: Browser, written: Written) -> None:
    """Ground, words and charts change together."""
    colours = """() => [getComputedStyle(document.body).backgroundColor,
        getComputedStyle(document.querySelector('.xtick text')).fill,
        getComputedStyle(document.querySelector('.points path')).fill]"""
    with opened(browser, written("sample")) as seen:
        light = seen.page.evaluate(colours)
        seen.page.get_by_role("button", name="Dark theme").click()
        dark = seen.page.evaluate(colours)
        assert all(a != b for a, b in zip(light, dark, strict=True))
        seen.page.get_by_role("button", name="Light theme").click()
        assert seen.page.evaluate(colours) == light
        seen.page.reload()
        seen.page.emulate_media(color_scheme="dark")
        seen.page.get_by_role("button", name="Light theme").wait_for()
        seen.page.wait_for_selector(".points path")
        assert seen.page.evaluate(colours) == dark


def test_paper_gets_all_of_it(browser: Browser, written: Written) -> None:
    """From a dark screen, printed at once: light, unfolded, every chart drawn; then as before."""
    with opened(browser, written("big"), theme="dark", drawn=False) as seen:
        seen.page.wait_for_selector("html[data-drawn]")
        before = seen.page.evaluate("getComputedStyle(document.body).backgroundColor")
        folded = seen.page.locator("details:not([open])").count()
        assert folded == 1
        at_print = seen.page.evaluate(
            """() => { dispatchEvent(new Event('beforeprint'));
            const plots = [...document.querySelectorAll('.plot')];
            const told = [getComputedStyle(document.body).backgroundColor,
              document.querySelectorAll('details:not([open])').length,
              plots.filter(plot => !plot.querySelector('.main-svg')).length,
              Math.max(...plots.map(plot => plot.querySelector('.main-svg').clientWidth))];
            dispatchEvent(new Event('afterprint'));
            return told; }"""
        )
        assert at_print[:3] == ["rgb(255, 255, 255)", 0, 0]
        assert at_print[3] <= 670, "wider than paper"
        assert seen.page.evaluate("getComputedStyle(document.body).backgroundColor") == before
        assert seen.page.locator("details:not([open])").count() == folded
        assert len(seen.page.pdf()) > 50_000
    assert seen.told == []


def test_without_script_all_words_are_there(browser: Browser, written: Written) -> None:
    """Sentences, tables and what charts show in words; and in their place, why they are missing."""
    with opened(browser, written("sample"), script=False, drawn=False) as seen:
        body = seen.page.inner_text("body")
        for section in sample_report().sections:
            for text in (*section.sentences, *(chart.alt for chart in section.charts)):
                assert text in body
        assert seen.page.locator("td:visible").count() > 50
        assert seen.page.get_by_text("A chart stands here").first.is_visible()
        assert not seen.page.get_by_role("button").is_visible()


def test_the_page_works_in_a_closed_frame(browser: Browser, written: Written) -> None:
    """MLflow shows an artifact in a frame that may run scripts and nothing else."""
    page = browser.new_page()
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.set_content('<iframe sandbox="allow-scripts" style="width:900px;height:700px"></iframe>')
    page.evaluate(
        """text => { const blob = new Blob([text], {type: 'text/html'});
        document.querySelector('iframe').src = URL.createObjectURL(blob); }""",
        written("sample").read_text(),
    )
    page.frame_locator("iframe").locator("html[data-drawn]").wait_for(state="attached")
    page.close()
    assert told == []
