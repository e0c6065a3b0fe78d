"""docker-compose.yml and the Dockerfile as Docker reads them: anchors merged, variables filled in.

Not a test, and no more of the two formats than these files use; what is unknown here fails.
"""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ROOT = Path(__file__).resolve().parent.parent
COMPOSE_FILE = ROOT / "docker-compose.yml"
DOCKERFILE = ROOT / "Dockerfile"

_VARIABLE = re.compile(r"\$(?:\{([A-Z][A-Z0-9_]*)(:[-?])?|(.))")


class MissingError(Exception):
    """A variable that must be set is not; says what the file says then."""


def read_compose(environment: Mapping[str, str]) -> dict[str, Any]:
    """The file with the values that .env would give.

    Raises: MissingError as Docker Compose refuses `${NAME:?sentence}` without a value.
    """
    raw = yaml.safe_load(COMPOSE_FILE.read_text("utf-8"))
    return dict(_each_text(raw, lambda text: interpolate(text, environment)))


def interpolate(text: str, environment: Mapping[str, str]) -> str:
    """Fill in `${NAME}`, `${NAME:-default}` and `${NAME:?sentence}`; a default may hold others."""
    done, rest = "", text
    while found := _VARIABLE.search(rest):
        name, operator, other = found.groups()
        done += rest[: found.start()]
        assert other is None, f"'${other}' in {text!r} is no variable"
        inside, rest = _until_closed(rest[found.end() :])
        value = environment.get(name, "")
        if operator == ":?" and not value:
            raise MissingError(f"{name}: {inside}")
        if operator == ":-" and not value:
            value = interpolate(inside, environment)
        done += value
    return done + rest


def variables(text: str) -> Iterator[tuple[str, str, str]]:
    """Each variable of a text: its name, '' or ':-' or ':?', and what stands behind that."""
    for found in _VARIABLE.finditer(text):
        if found[1]:
            yield found[1], found[2] or "", _until_closed(text[found.end() :])[0]


def _until_closed(text: str) -> tuple[str, str]:
    """What stands before the brace that closes, and what behind it."""
    depth = 1
    for place, character in enumerate(text):
        depth += {"{": 1, "}": -1}.get(character, 0)
        if depth == 0:
            return text[:place], text[place + 1 :]
    raise AssertionError(f"no closing brace: {text!r}")


def _each_text(node: Any, change: Callable[[str], str]) -> Any:
    if isinstance(node, dict):
        return {key: _each_text(value, change) for key, value in node.items()}
    if isinstance(node, list):
        return [_each_text(value, change) for value in node]
    return change(node) if isinstance(node, str) else node


def instructions() -> list[list[tuple[str, str]]]:
    """The Dockerfile by stage: (instruction, its words), a continued line as one."""
    lines = [line for line in DOCKERFILE.read_text("utf-8").splitlines() if line[:1] != "#"]
    joined = "\n".join(lines).replace("\\\n", " ")
    stages: list[list[tuple[str, str]]] = []
    for line in filter(str.strip, joined.splitlines()):
        word, _, rest = line.partition(" ")
        if word == "FROM":
            stages.append([])
        stages[-1].append((word, " ".join(rest.split())))
    return stages


def image_environment() -> dict[str, str]:
    """What the final image sets."""
    words = [w for word, rest in instructions()[-1] if word == "ENV" for w in shlex.split(rest)]
    return dict(word.split("=", 1) for word in words)


def copied() -> list[str]:
    """The files and folders of the repository that the image is built from."""
    rest = [rest.split() for stage in instructions() for word, rest in stage if word == "COPY"]
    return [name for words in rest if words[0][:2] != "--" for name in words[:-1]]


def image_command() -> list[str]:
    """What the image starts when nothing else is said."""
    (words,) = (json.loads(rest) for word, rest in instructions()[-1] if word == "CMD")
    return [str(word) for word in words]
