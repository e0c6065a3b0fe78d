"""Help pages: each command has one with examples that can be typed, in a group, and at once."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import pytest
import typer.main
from typer.core import TyperGroup
from typer.testing import CliRunner

from cli.app import app
from cli.help import GROUPS, sections

if TYPE_CHECKING:
    from collections.abc import Iterator


def commands(group: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from commands(command, (*words, name))
        else:
            yield (*words, name), command


ROOT = typer.main.get_command(app)
COMMANDS = dict(commands(ROOT))


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_each_command_has_a_page(words: tuple[str, ...]) -> None:
    """What it does in a sentence, exit codes, and examples on lines of their own."""
    page = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "80"})
    assert page.exit_code == 0
    found = sections(COMMANDS[words].help)
    assert found[""], "says what it does"
    assert found["Examples"], "has an example"
    assert "Exit codes:\n" in page.stdout
    lines = page.stdout.splitlines()
    examples = lines.index("Examples:")
    assert lines[examples + 1 :] == [f"  {example}" for example in found["Examples"]]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_its_examples_can_be_typed(words: tuple[str, ...]) -> None:
    """Every option and argument of an example is there, and its values are of the right type."""
    for example in sections(COMMANDS[words].help)["Examples"]:
        program, *typed = shlex.split(example)
        assert program == "fairtrial"
        assert tuple(typed[: len(words)]) == words
        command = COMMANDS[words]
        with command.make_context(words[-1], typed[len(words) :]) as context:
            assert context.params


def test_every_option_says_what_it_is_for() -> None:
    """No option or argument stands there without a sentence."""
    silent = [
        f"{' '.join(words)} {parameter.name}"
        for words, command in COMMANDS.items()
        for parameter in command.params
        if not getattr(parameter, "help", None)
    ]
    assert silent == []


def test_every_command_stands_in_one_group() -> None:
    """The list shows each once, under a heading that is not 'Others', with a line that is whole."""
    grouped = [name for names in GROUPS.values() for name in names]
    assert sorted(grouped) == sorted(ROOT.commands)  # type: ignore[attr-defined]
    page = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "80"}).stdout
    for title in GROUPS:
        assert f"\n{title}:\n" in page
    assert "Others" not in page
    assert "..." not in page.partition("Sweeps:")[2]


def test_labels_are_read_from_a_docstring() -> None:
    """Paragraphs by label, wrapped examples joined, the common exit codes where none are given."""
    text = """Do it.

    With words: not a label.

    Files: one,
    two.

    Examples: fairtrial do x
    fairtrial do y
        --option
    """
    found = sections(text)
    assert found[""] == ["Do it.", "With words: not a label."]
    assert found["Files"] == ["one, two."]
    assert found["Exit codes"][0].startswith("0 done; ")
    assert found["Examples"] == ["fairtrial do x", "fairtrial do y --option"]
    assert list(found)[-1] == "Examples"
