"""What a user names in their own files: found, unable to shadow ours, errors in a sentence."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from trainer import user_modules
from trainer.errors import UserModuleError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    before, modules = list(sys.path), set(sys.modules)
    yield tmp_path
    sys.path[:] = before
    for name in set(sys.modules) - modules:
        del sys.modules[name]


def test_an_object_is_found_in_a_module_or_a_package(folder: Path) -> None:
    """'module:name' and 'package.module:name' are what they name, loaded once."""
    (folder / "parts_a.py").write_text("def make():\n    return 41\n")
    (folder / "parts_b").mkdir()
    (folder / "parts_b" / "inner.py").write_text("from parts_a import make\nvalue = make() + 1\n")
    assert user_modules.load("parts_a:make", folder)() == 41
    assert user_modules.load("parts_b.inner:value", folder) == 42
    assert user_modules.load("parts_a:make", folder) is user_modules.load("parts_a:make", folder)
    assert sys.path.count(str(folder)) == 1


def test_an_edited_file_is_seen_by_the_next_sweep_alone(folder: Path) -> None:
    """Until it is asked for, what was loaded stays, and is known by the bytes it came from."""
    one, two = folder / "one", folder / "two"
    for place, value in ((one, 1), (two, 2)):
        place.mkdir()
        (place / "own_net.py").write_text(
            f"from own_part import value\ndef make(): return {value}\n"
        )
        (place / "own_part.py").write_text(f"value = {value}\n")
    make, digest = (
        user_modules.load("own_net:make", one),
        user_modules.digest_of("own_net:make", one),
    )
    (one / "own_net.py").write_text("def make(): return 3\n")
    assert user_modules.load("own_net:make", one) is make
    assert user_modules.digest_of("own_net:make", one) == digest
    user_modules.forget_changed(one)
    assert user_modules.load("own_net:make", one)() == 3
    assert user_modules.digest_of("own_net:make", one) != digest
    user_modules.forget_changed(two)
    assert user_modules.load("own_net:make", two)() == 2
    assert user_modules.load("own_part:value", two) == 2
    assert str(one) not in sys.path


def test_a_users_trainer_does_not_shadow_ours(folder: Path) -> None:
    """Files named as our packages or the standard library's are found after those."""
    for name in ("trainer", "sweeps", "tracking", "cli", "statistics"):
        (folder / f"{name}.py").write_text("raise RuntimeError('shadowed')\n")
    (folder / "mine.py").write_text("import cli, statistics, sweeps, tracking, trainer.runs\n")
    program = (
        "import pathlib, sys\n"
        "from trainer import user_modules\n"
        "print(user_modules.load('mine:trainer', pathlib.Path(sys.argv[1])).runs.run_id(1, 2))\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", program, folder], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("1.2\n", "")


@pytest.mark.parametrize(
    ("reference", "content", "sentence"),
    [
        ("models", None, "'models' is not of the form package.module:name"),
        (":make", None, "':make' is not of the form package.module:name"),
        ("models:", None, "'models:' is not of the form package.module:name"),
        (
            "nowhere_a:make",
            None,
            "'nowhere_a:make': no module nowhere_a on the Python path or in {folder}",
        ),
        (
            "nowhere_b.inner:make",
            None,
            "'nowhere_b.inner:make': no module nowhere_b.inner on the Python path or in {folder}",
        ),
        ("bad_a:make", "made = 1\n", "'bad_a:make': module bad_a has no 'make'"),
        (
            "bad_b:make",
            "import no_such_library\n",
            (
                "'bad_b:make': importing bad_b failed: No module named "
                "'no_such_library'; install what it needs"
            ),
        ),
        (
            "bad_c:make",
            "1 / 0\n",
            "'bad_c:make': importing bad_c failed: ZeroDivisionError: division by zero",
        ),
        (
            "bad_d:make",
            "def make(:\n",
            "'bad_d:make': importing bad_d failed: SyntaxError: invalid syntax (bad_d.py, line 1)",
        ),
        (
            "bad_e:make",
            "import sys\nsys.exit(3)\n",
            "'bad_e:make': importing bad_e failed: SystemExit: 3",
        ),
    ],
)
def test_each_error_is_a_sentence(
    folder: Path, reference: str, content: str | None, sentence: str
) -> None:
    """What was named, what was not found or failed, and where it was looked for."""
    if content is not None:
        (folder / f"{reference.partition(':')[0]}.py").write_text(content)
    with pytest.raises(UserModuleError) as raised:
        user_modules.load(reference, folder)
    assert str(raised.value) == sentence.format(folder=folder)
