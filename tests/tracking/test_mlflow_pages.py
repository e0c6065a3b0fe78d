"""What a person sees in MLflow's own pages, in a real browser on a real server."""

from __future__ import annotations

import re
import socket
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tracking.mlflow_server import serve_mlflow
from tracking.views import BEST_FIRST, NOT_FINISHED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tracking.store import Store

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=http://evil.example/a.png onerror=alert(2)>",
    "![x](http://evil.example/b.png)",
    "[press](javascript:alert(3))",
    "`code` **bold** | cell",
    "a :octocat: of @someone at www.evil.example",
    "\u202efiles.exe",
    "=cmd()",
    "../../x",
    "# heading",
]
SHOWN = [text.replace("\u202e", "\\u202e") for text in HOSTILE]


@pytest.fixture
def dashboard(database: Path) -> Iterator[str]:
    """MLflow's server on the test's store."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with serve_mlflow(f"sqlite:///{database}", port, database.with_name("ui.log")):
        yield f"http://127.0.0.1:{port}"


class Watched:
    """A page of MLflow's, and all that it should not have done."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self._address = address
        self.wrong: list[str] = []
        page.on("request", self._requested)
        page.on("dialog", lambda dialog: (self.wrong.append(dialog.message), dialog.dismiss()))

    def open(self, place: str, *texts: str) -> None:
        """Open a place and wait until it shows the texts."""
        self.page.goto("about:blank")
        self.page.goto(f"{self._address}/#/{place}")
        for text in texts:
            self.page.get_by_text(text).first.wait_for()

    def _requested(self, request: Any) -> None:
        if not request.url.startswith((self._address, "data:", "blob:", "about:")):
            self.wrong.append(request.url)


@pytest.fixture
def hostile(store: Store, script: Any, play: Any) -> str:
    """The place of a sweep whose every text is hostile; its only failed run says why."""
    everything = " ".join(HOSTILE)
    started = replace(
        script.started,
        search={"activation": HOSTILE},
        sampler="grid",
        data_source=HOSTILE[1],
        tags={"team": HOSTILE[0]},
        fixed={"model": everything},
        command=f"fairtrial run '{everything}'",
    )
    runs = [
        event
        for trial, text in enumerate(HOSTILE)
        for repeat in (0, 1)
        for event in script.run(trial, repeat, activation=text, end={"test/accuracy": 0.1 * trial})
    ]
    failed = script.run(99, state="FAIL", message=everything, activation="relu")
    end = replace(script.end(), factors=("activation",), summary=f"Said: {everything}.")
    play(started, *runs, *failed, end)
    experiment = store.client.get_experiment_by_name("digits-search")
    assert experiment is not None
    return f"experiments/{experiment.experiment_id}/runs"


def test_hostile_texts_are_texts(
    browser: Browser, dashboard: str, hostile: str, store: Store
) -> None:
    """Names, values and messages that are markup appear as text on every page of MLflow's that we
    fill: no script runs, nothing is asked of another host, no link leads out."""
    runs = store.search_runs([hostile.split("/")[1]])
    of = {run.data.tags.get("fairtrial.run", "parent"): run.info.run_id for run in runs}
    with browser.new_page(viewport={"width": 1400, "height": 1600}) as page:
        watched = Watched(page, dashboard)
        watched.open(f"{hostile}/{of['parent']}", "Show more")
        page.get_by_text("Show more").first.click()
        for text in SHOWN:
            assert page.get_by_text(text).count() >= 1, text
        links = page.locator("a").evaluate_all("all => all.map(a => a.getAttribute('href') || '')")
        assert not [link for link in links if re.search("javascript|evil|someone", link)]
        assert page.get_by_role("link", name="Finished runs, best first").count() == 1
        best = page.get_by_text("Its best run").get_by_role("link")
        assert best.inner_text() == f"{SHOWN[0]} #0 s0"
        with page.expect_popup() as opened:
            best.click()
        opened.value.get_by_role("heading", name=f"{SHOWN[0]} #0 s0").wait_for()
        opened.value.close()
        watched.open(f"{hostile}/{of['99.0']}", f"Failed: {SHOWN[0]} {SHOWN[1]}")
        watched.open(f"{hostile}/{of['parent']}/artifacts/table.md", SHOWN[0], SHOWN[-1])
        watched.open("experiments", "Said: ")
        watched.open(f"{hostile}?viewStateShareKey={BEST_FIRST}", "=cmd() #7 s0")
        assert watched.wrong == []


def test_the_views_show_what_matters(
    browser: Browser, dashboard: str, script: Any, play: Any
) -> None:
    """Under 'Views' MLflow offers the runs, best first with what varied, and those that failed
    with the reason; neither hides runs below the sweep."""
    runs = [
        event
        for trial, rate in enumerate([0.1, 0.01, 0.5])
        for event in script.run(trial, learning_rate=rate, epochs=range(1, 5 - trial))
    ]
    failed = script.run(3, state="FAIL", message="the loss is NaN")
    play(script.started, *runs, *failed, script.end())
    with browser.new_page(viewport={"width": 1800, "height": 900}) as page:
        watched = Watched(page, dashboard)
        watched.open(f"experiments/1/runs?viewStateShareKey={BEST_FIRST}", "lr=0.1 relu #0 s0")
        names = page.get_by_role("link", name=re.compile("^lr=")).all_inner_texts()
        assert names == [f"lr={rate} relu #{n} s0" for n, rate in enumerate(["0.1", "0.01", "0.5"])]
        for column in ("learning_rate", "validation/accuracy", "test/accuracy"):
            assert page.get_by_text(column, exact=True).count() >= 1, column
        watched.open(f"experiments/1/runs?viewStateShareKey={NOT_FINISHED}", "the loss is NaN")
        assert page.get_by_role("link", name=re.compile("^lr=")).all_inner_texts() == [
            "lr=0.1 relu #3 s0"
        ]
        assert watched.wrong == []
