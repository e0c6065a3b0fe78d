"""The pages of docs/: their commands parse, their files are valid, their links lead somewhere."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.main import get_command

from cli.app import app
from sweeps.spec import parse_spec
from tracking.files.node import Place
from tracking.files.yaml_source import parse
from tracking.reports.spec import parse_report

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = {page.stem: page.read_text("utf-8") for page in sorted(DOCS.glob("*.md"))}
TASKS = ("tutorial", "reports", "schedules", "delivery", "service", "postgresql", "notebook")


def found(language: str) -> Iterator[tuple[str, str]]:
    """Every block of a language: the page, and the text."""
    for name, text in PAGES.items():
        for block in re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
            yield name, block


COMMANDS = [
    (page, line.removeprefix("$ "))
    for page, block in found("console")
    for line in block.splitlines()
    if line.startswith("$ fairtrial")
]
REPORTS = [(page, text) for page, text in found("yaml") if text.startswith("title:")]


def parsed(words: list[str]) -> None:
    """Take a command line apart as the program does, without doing anything.

    Raises: Typer's usage errors: no such command, no such option, a value of the wrong kind.
    """
    command: Any = get_command(app)
    name, rest, context = "fairtrial", words, None
    while True:
        context = command.make_context(name, rest, parent=context)
        if not hasattr(command, "commands"):
            return
        name, command, rest = command.resolve_command(
            context, [*context._protected_args, *context.args]
        )


@pytest.mark.parametrize(("page", "line"), COMMANDS)
def test_every_command_of_the_docs_parses(page: str, line: str) -> None:
    """Each is a command with its options, as it stands on the page."""
    assert page
    program, *words = shlex.split(line)
    assert program == "fairtrial"
    parsed(words)


def test_a_command_that_is_none_does_not_parse() -> None:
    """The check above finds a command, an option and a value that are wrong."""
    for line in ("runn x", "run x --no-such", "serve --port x", "schedule add x", "schedule go"):
        with pytest.raises(Exception, match=r".") as raised:
            parsed(line.split())
        assert getattr(raised.value, "exit_code", None) == 2, line


@pytest.mark.parametrize(("page", "text"), REPORTS)
def test_every_report_file_of_the_docs_is_valid(page: str, text: str) -> None:
    """Each, as it stands, passes the check that `fairtrial report` makes."""
    assert parse_report(text, DOCS / f"{page}.yaml").sweeps


def test_every_other_file_of_the_docs_is_one_of_ours() -> None:
    """A block of YAML is a report file, or a sweep file, or a part of one with sweep's keys."""
    for page, text in found("yaml"):
        if (page, text) in REPORTS:
            continue
        root = parse(text, Place(page, 1))
        head = "" if "data" in root.value else "name: x\ndata: {source: iris}\n"
        tail = "" if "sampler" in root.value else "budget: {trials: 2}\n"
        assert parse_spec(head + text + tail, DOCS / "x.yaml").search


def test_every_task_has_a_page_with_something_to_copy() -> None:
    """Each page of a task is there, is not long, and shows commands or code."""
    for name in TASKS:
        assert "```" in PAGES[name], name
        if name != "tutorial":
            assert len(PAGES[name].splitlines()) <= 80, name


def test_every_link_leads_somewhere() -> None:
    """A link between pages leads to a file that is there, and the index names every page."""
    pages = [*DOCS.rglob("*.md"), ROOT / "README.md"]
    for page in pages:
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text("utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"
    for name in set(PAGES) - {"README"}:
        assert f"({name}.md)" in PAGES["README"], name


def test_the_notebook_page_runs(project: Path) -> None:
    """The blocks of docs/notebook.md, one after the other, in an empty project."""
    names: dict[str, Any] = {}
    for page, block in found("python"):
        if page == "notebook":
            exec(compile(block, "docs/notebook.md", "exec"), names)  # noqa: S102 - our own page
    assert names["result"].best is not None
    assert list(names["table"]["learning_rate"]) == [0.003, 0.03]
    assert len(names["every_run"]) == 10
    assert "<svg" in names["chart"]._repr_html_() or "<iframe" in names["chart"]._repr_html_()
    assert (project / "rates.html").stat().st_size > 1000
