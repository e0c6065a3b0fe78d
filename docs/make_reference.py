"""Writes docs/reference/ from the code: run it with `make docs`; a test says when it is due.

python docs/make_reference.py
"""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import chdir
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer.main
from typer.core import TyperGroup
from typer.testing import CliRunner

from cli.app import app
from cli.help import GROUPS, sections
from sweeps.data_section import KEYS as DATA_KEYS
from sweeps.doctor.environment import KNOWN
from sweeps.objective import METRICS, TASKS
from sweeps.pruner_options import PRUNERS
from sweeps.sampler_options import SAMPLERS
from sweeps.top_level import KEYS
from tracking.reports.spec import KEYS as REPORT_KEYS
from tracking.reports.spec import SECTIONS
from trainer.data.request import DataRequest
from trainer.hyperparameters import DEFAULTS, RULES, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sweeps.options import Offer, Option

FOLDER = Path(__file__).with_name("reference")
NOTICE = "<!-- Made by docs/make_reference.py; do not edit: change the code, then `make docs`. -->"

TOP_LEVEL = {
    "name": "of the sweep: its Optuna study and its MLflow experiment; letters, digits and . _ -",
    "data": "what it is trained on: see below",
    "train": "hyperparameters that every trial has: see hyperparameters.md",
    "search": "hyperparameters that vary: a list of choices, or `{low, high, log, step}`",
    "sampler": "who chooses configurations, `tpe` if left out: see below",
    "pruner": "who ends poor trials early, `none` if left out: see below",
    "objective": "`{metric, direction}`; if left out validation/accuracy, or validation/rmse",
    "repeats": "runs of each trial, from seeds of their own; 1 if left out",
    "generation": "trials in flight on the logical clock; 16 if left out",
    "seed": "what all randomness follows from; 0 if left out",
    "budget": "`{trials, time, run_time}`: at least trials or time, but for a grid",
    "asynchronous": "only `false` in this version",
    "tags": "your own names for the sweep in MLflow: `{team: vision}`",
}
DATA = {
    "source": "a bundled set, a .csv .tsv .parquet .npz file, a folder, or package.module:function",
    "target": "the column to predict, of a table",
    "ignore": "columns of a table that are no inputs, such as [id, date]",
    "validation": "share of the rows",
    "test": "share of the rows",
    "scale": "standard, minmax or none; fitted on the training rows alone",
    "duplicates": "drop or keep rows that stand there again",
    "missing": "drop rows that lack something, or impute mean, median or most_frequent",
    "classes": "only the rows with these labels",
    "train_rows": "at most this many training rows",
    "resplit": "whether each repeat draws its own split",
    "image_size": "of the images of a folder: one number, or [height, width]",
}
REPORT = {
    "title": "what stands above it; it names the folder of its files",
    "sweeps": 'names or patterns such as "digits-*", `{tag: team=vision}`, `{since: last}`',
    "baseline": "the sweep that others are set against",
    "metric": "one or a list; the objective's on the test set if left out",
    "sections": "in this order; all that the sweeps can fill if left out",
    "alerts": "`{metric, drops_by}`, or `below` or `above`; `sweep` takes a pattern",
    "against": "`last`: say what changed since the report before",
    "deliver": "`{folder}`, or `{url_from}`: an environment variable that holds an address",
}
SWEEP = """\
name: tiny
data: {source: iris}
train: {hidden: [4], epochs: 2}
search: {learning_rate: [0.1, 0.01]}
sampler: grid
repeats: 2
"""
PROGRAMS = (
    "run tiny.yaml --json",
    "status --json",
    "compare tiny --by learning_rate --format json",
    "best tiny --json",
    "schedule list --json",
    "submit --list --json",
    "doctor --json",
)


def pages() -> dict[str, str]:
    """Every page by its file's name."""
    return {
        "commands.md": commands_page(),
        "sweep-file.md": sweep_file_page(),
        "report-file.md": report_file_page(),
        "hyperparameters.md": hyperparameters_page(),
        "environment.md": environment_page(),
        "json.md": json_page(),
    }


def commands_page() -> str:
    """The commands in their groups, from their help."""
    root: Any = typer.main.get_command(app)
    parts = ["The same as `fairtrial COMMAND --help`."]
    for title, names in GROUPS.items():
        parts.append(f"## {title}")
        for words, command in _commands({name: root.commands[name] for name in names}):
            parts += _command(" ".join(("fairtrial", *words)), command)
    return _page("Commands", parts)


def _commands(group: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in group.items():
        if isinstance(command, TyperGroup):
            for words, below in _commands(command.commands):
                yield (name, *words), below
        else:
            yield (name,), command


def _command(line: str, command: Any) -> Iterator[str]:  # noqa: ANN401 - Typer's own
    found = sections(command.help)
    yield f"### {line}"
    yield from map(_text, found[""])
    rows = [_parameter(p) for p in command.params]
    if rows:
        yield _table(("", "", "default"), rows)
    for label in ("Files", "Environment", "Exit codes"):
        yield from (f"{label}: {_text(text)}" for text in found.get(label, ()))
    yield "```\n{}\n```".format("\n".join(found["Examples"]))


def _parameter(parameter: Any) -> tuple[str, str, str]:  # noqa: ANN401 - the same
    names = "/".join(parameter.opts) if parameter.param_type_name == "option" else ""
    value = parameter.metavar or ("" if parameter.is_flag else "VALUE") if names else ""
    default = parameter.default
    plain_default = "" if default in {None, False, ""} or callable(default) else default
    shown = f"`{names or parameter.metavar or parameter.name} {value}".rstrip() + "`"
    needed = (
        "required" if parameter.required else str(getattr(plain_default, "value", plain_default))
    )
    return shown, _text(parameter.help or ""), needed


def sweep_file_page() -> str:
    """The sweep file's keys, samplers, pruners and objectives."""
    defaults = DataRequest("")
    data = [(f"`{k}`", DATA[k], _default(getattr(defaults, k))) for k in DATA_KEYS if k != "source"]
    return _page(
        "The sweep file",
        [
            (
                "Unknown keys are errors, with the nearest right one. `fairtrial init` writes a "
                "first file, `fairtrial validate` checks one."
            ),
            _table(("key", ""), [(f"`{key}`", TOP_LEVEL[key]) for key in KEYS]),
            "## data",
            _table(("key", "", "default"), [("`source`", DATA["source"], "required"), *data]),
            "## sampler",
            "By name, or `{name: tpe, n_startup_trials: 20}`; options are Optuna's own.",
            _table(("name", "Optuna's", "options"), _offers(SAMPLERS)),
            "## pruner",
            _table(("name", "Optuna's", "options"), _offers(PRUNERS)),
            "## objective",
            _table(
                ("metric", "for"),
                [(f"`{m}`", TASKS[m.partition("/")[2]] or "both") for m in METRICS],
            ),
        ],
    )


def _offers(offers: Mapping[str, Offer]) -> list[tuple[str, str, str]]:
    return [
        (f"`{name}`", offer.optuna_class,
         ", ".join(f"`{key}` {_option(option)}" for key, option in offer.options.items()))
        for name, offer in offers.items()
    ]  # fmt: skip


def _option(option: Option) -> str:
    if option.kind == "flag":
        return "true or false"
    if option.words:
        return " or ".join(option.words)
    return f"{option.low:g} to {option.high:g}"


def report_file_page() -> str:
    """The report file's keys and sections."""
    return _page(
        "The report file",
        [
            _table(("key", ""), [(f"`{key}`", REPORT[key]) for key in REPORT_KEYS]),
            "Sections: " + ", ".join(f"`{name}`" for name in SECTIONS)
            + ". `comparison` and `versus` take `{by, metric}`.",
        ],
    )  # fmt: skip


def hyperparameters_page() -> str:
    """Every hyperparameter with range, unit, default and whether lanes of one array may differ."""
    rows = [
        (
            f"`{name}`", _text(rule.doc), _text(rule.range_text), rule.unit,
            _default(plain(name, DEFAULTS[name])), "" if rule.scope == "lane" else "array",
        )
        for name, rule in RULES.items()
    ]  # fmt: skip
    return _page(
        "Hyperparameters",
        [
            (
                "Each stands in `train`, or in `search`. Those marked `array` are the same in all "
                "lanes of an array: a sweep that varies them trains several arrays."
            ),
            _table(("name", "", "range", "unit", "default", ""), rows),
        ],
    )


def environment_page() -> str:
    """The environment variables."""
    rows = [(f"`{name}`", text) for name, text in KNOWN.items()]
    return _page(
        "Environment variables",
        [
            _table(("name", ""), rows),
            (
                "A flag beats the environment, which beats the file, which beats the default. "
                "Report files name further variables, with addresses that hold secrets "
                "(`url_from`)."
            ),
        ],
    )


def json_page() -> str:
    """What `--json` prints, by key and type: taken from what it prints of a small sweep."""
    parts = ["Keys and the types of their values; numbers are unrounded. Keys are only ever added."]
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        Path("tiny.yaml").write_text(SWEEP, encoding="utf-8")
        for line in PROGRAMS:
            shape = json.dumps(_shape(_printed(line.split())), indent=2)
            parts += [f"## fairtrial {line}", f"```json\n{shape}\n```"]
    return _page("JSON", parts)


def _printed(words: list[str]) -> Any:  # noqa: ANN401 - any JSON
    unset = {name: None for name in os.environ if name.startswith(("FAIRTRIAL_", "MLFLOW_TRACK"))}
    return json.loads(CliRunner().invoke(app, words, env=unset).stdout)


def _shape(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, dict):
        return {key: _shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_shape(item) for item in value[:1]]
    names = {str: "text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "number")


def _default(value: object) -> str:
    if value is None:
        return ""
    return f"`{json.dumps(value)}`" if isinstance(value, list | bool) else f"`{value}`"


def _page(title: str, parts: Iterable[str]) -> str:
    return "\n\n".join([NOTICE, f"# {title}", *parts]) + "\n"


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _text(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def main() -> None:
    """Write the pages."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
