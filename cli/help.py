"""How help looks: commands in groups, and a page for each with its examples as they are typed.

A command's page is its docstring: what it does comes first; paragraphs that begin with one of
LABELS stand below the options, under headings.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from typer.core import TyperCommand

from cli.output import Sentences

if TYPE_CHECKING:
    from collections.abc import Mapping

GROUPS: Mapping[str, tuple[str, ...]] = {
    "Sweeps": ("init", "validate", "run", "status"),
    "Results": ("compare", "best", "explain", "reproduce"),
    "Reports": ("report", "reports"),
    "Service": ("serve", "submit", "schedule"),
    "Around it": ("ui", "doctor"),
}
LABELS = ("Files", "Environment", "Exit codes", "Example", "Examples")
EXIT_CODES = (
    "0 done; 1 the work failed, or a store can't be reached; 2 wrong usage or bad input; "
    "130 interrupted."
)

_EXAMPLES = "Examples"


class Page(TyperCommand):
    """A command whose help is a page."""

    def format_help_text(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401, ARG002 - Typer's own signature
        """What the command does, before its options."""
        for text in sections(self.help)[""]:
            formatter.write_paragraph()
            with formatter.indentation():
                formatter.write_text(text)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401, ARG002 - the same
        """Files, environment, exit codes and examples, below the options."""
        for label, texts in sections(self.help).items():
            if not label:
                continue
            formatter.write_paragraph()
            formatter.write(f"{label}:\n")
            for text in texts:
                if label == _EXAMPLES:
                    formatter.write(f"  {text}\n")  # as it is typed, however long
                else:
                    with formatter.indentation():
                        formatter.write_text(text)

    def get_short_help_str(self, limit: int = 0) -> str:
        """The first sentence, up to its first stop."""
        del limit
        return short(self.help)


class Index(Sentences):
    """The list of commands, in groups."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - Typer's own signature
        """Every group under its heading; what stands in none comes last."""
        grouped = {name for names in GROUPS.values() for name in names}
        others = tuple(name for name in self.commands if name not in grouped)
        for title, names in {**GROUPS, "Others": others}.items():
            rows = [
                (name, self._line(name)) for name in names if self.get_command(ctx, name)
            ]  # fmt: skip
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)

    def _line(self, name: str) -> str:
        return short(self.commands[name].help)


def short(help_text: str | None) -> str:
    """The first sentence of a docstring, up to its first stop."""
    first = "".join(sections(help_text)[""][:1])
    for stop in (". ", ";", ":"):
        first = first.partition(stop)[0]
    return first.rstrip(".")


def sections(help_text: str | None) -> dict[str, list[str]]:
    """A docstring by label: paragraphs on one line each; examples one by one; '' comes first."""
    found: dict[str, list[str]] = {"": []}
    for paragraph in inspect.cleandoc(help_text or "").split("\n\n"):
        label, colon, rest = paragraph.partition(":")
        if not colon or label not in LABELS:
            found[""].append(" ".join(paragraph.split()))
        elif label.startswith("Example"):
            found.setdefault(_EXAMPLES, []).extend(_examples(rest))
        else:
            found.setdefault(label, []).append(" ".join(rest.split()))
    found.setdefault("Exit codes", [EXIT_CODES])
    if _EXAMPLES in found:
        found[_EXAMPLES] = found.pop(_EXAMPLES)  # last on the page
    return found


def _examples(text: str) -> list[str]:
    """One a line; a line that does not begin with the program's name goes on from the one above."""
    examples: list[str] = []
    for line in map(str.strip, text.strip().splitlines()):
        if line.startswith("fairtrial") or not examples:
            examples.append(line)
        else:
            examples[-1] += f" {line}"
    return examples
