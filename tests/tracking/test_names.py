from __future__ import annotations

from tracking.names import run_name


def test_a_name_says_what_differs() -> None:
    """Searched hyperparameters in the file's order, short, then trial and repeat."""
    settings = {
        "learning_rate": 0.0123456,
        "activation": "relu",
        "batch_size": 32,
        "hidden": [64, 64],
        "patience": None,
        "momentum": 0.9,
    }
    searched = ("activation", "learning_rate", "batch_size", "hidden", "patience")
    assert run_name(settings, searched, 17, 2) == (
        "relu lr=0.0123 bs=32 hidden=[64,64] patience=null #17 s2"
    )


def test_a_long_name_keeps_its_end() -> None:
    """However much varies, a name fits MLflow's column and still tells the run."""
    settings = {f"setting_{i}": "x" * 100 for i in range(50)}
    name = run_name(settings, settings, 12345, 6)
    assert len(name) <= 250
    assert name.endswith(" #12345 s6")
