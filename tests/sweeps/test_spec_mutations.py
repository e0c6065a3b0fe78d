"""Files and overrides nobody would write: never anything but a sweep or one sentence."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import optuna
from hypothesis import given, settings
from hypothesis import strategies as st

from sweeps.errors import SpecError
from sweeps.pruners import build_pruner
from sweeps.samplers import build_sampler
from sweeps.space import distributions
from sweeps.spec import load_spec

if TYPE_CHECKING:
    import pytest

EXAMPLE = Path(__file__).with_name("design_example.yaml")
TOKENS = re.findall(r"[\w./-]+|[^\w\s]|\n *| +", EXAMPLE.read_text())
WORDS = st.sampled_from(
    [*TOKENS, "null", "-1", "1e400", "1e-400", ".nan", "9" * 90, "[]", "{}", "true", "'", "&a",
     "*a", "!!set", "---", "\t", "\x00", "é", '"\\ud800"', '"\\0"', "grid", "cmaes", "hyperband",
     "wilcoxon", "percentile", "step: 0.3", "log: true", "diabetes", "hidden", "./a.csv",
     "x" * 300, "../..", "test/loss", "1d", "freeze", "{name: gp}"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(
    edits=st.lists(
        st.tuples(st.integers(0, len(TOKENS) - 1), st.integers(0, 3), WORDS), min_size=1, max_size=4
    )
)
def test_a_mutated_file_is_valid_or_refused(
    tmp_path_factory: pytest.TempPathFactory, edits: list[tuple[int, int, str]]
) -> None:
    """Whatever a file holds, it gives a sweep that can be asked, or one sentence on one line."""
    tokens = list(TOKENS)
    for at, n_removed, word in edits:
        tokens[at : at + n_removed] = [word]
    path = tmp_path_factory.getbasetemp() / "mutated.yaml"
    path.write_text("".join(tokens), encoding="utf-8")
    assert_valid_or_refused(path)


@settings(max_examples=100, deadline=None)
@given(key=st.sampled_from(["name", "data", "data.source", "train", "train.hidden", "search",
                            "search.epochs", "search.learning_rate", "sampler", "pruner", "seed",
                            "objective", "budget", "budget.time", "data.classes", "train.loss"]),
       value=st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
                          lambda inner: st.lists(inner, max_size=3)
                          | st.dictionaries(st.sampled_from(["low", "high", "step", "log", "name",
                                                             "epochs", "trials", "metric"]), inner),
                          max_leaves=6))  # fmt: skip
def test_any_override_is_valid_or_refused(key: str, value: Any) -> None:
    """Whatever --set gives, it gives a sweep or one sentence on one line."""
    assert_valid_or_refused(EXAMPLE, f"{key}={json.dumps(value)}")


def assert_valid_or_refused(path: Path, *overrides: str) -> None:
    try:
        spec = load_spec(path, overrides)
    except SpecError as error:
        sentence = str(error)
    else:
        sentence = json.dumps(spec.definition(), allow_nan=False)
        assert spec.max_epochs >= 1
        study = optuna.create_study(sampler=build_sampler(spec, 0), pruner=build_pruner(spec))
        spec.values(study.ask(distributions(spec.search)).params)
    assert sentence.isprintable()
