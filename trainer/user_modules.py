"""Finds what a user named as 'package.module:name' in their own files."""

from __future__ import annotations

import hashlib
import importlib
import sys
from pathlib import Path
from typing import Any

from trainer.errors import UserModuleError

_OURS = str(Path(__file__).resolve().parent.parent)


def digest_of(reference: str, folder: Path) -> str:
    """SHA-256 (hex) of the source file of the module that 'package.module:name' names.

    Raises: UserModuleError, as `load` does.
    """
    load(reference, folder)
    module = sys.modules[reference.partition(":")[0]]
    source = getattr(module, "__file__", None)
    return hashlib.sha256(Path(source).read_bytes() if source else b"").hexdigest()


def load(reference: str, folder: Path) -> Any:  # noqa: ANN401 - a user's object is of any type
    """The object that 'package.module:name' names.

    Args:
        reference: a dotted module, a colon, and a name in it.
        folder: where the user's modules lie. It is appended after every other path
            entry, and after our own place, so a user's own trainer.py cannot shadow ours.
    Raises: UserModuleError, saying what was not found and where it was looked for.
    """
    module_name, colon, name = reference.partition(":")
    if not (colon and module_name and name):
        raise UserModuleError(f"'{reference}' is not of the form package.module:name")
    # an editable install finds our packages after all of sys.path: so ours must stand in it
    for place in (_OURS, str(folder.absolute())):
        if place not in sys.path:
            sys.path.append(place)
    importlib.invalidate_caches()  # the file may be younger than the last look at its folder
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name and not (
            module_name == error.name or module_name.startswith(f"{error.name}.")
        ):
            raise UserModuleError(
                f"'{reference}': importing {module_name} failed: {error}; install what it needs"
            ) from error
        raise UserModuleError(
            f"'{reference}': no module {module_name} on the Python path or in {folder}"
        ) from error
    except (Exception, SystemExit) as error:
        raise UserModuleError(
            f"'{reference}': importing {module_name} failed: {type(error).__name__}: {error}"
        ) from error
    try:
        return getattr(module, name)
    except AttributeError as error:
        raise UserModuleError(f"'{reference}': module {module_name} has no '{name}'") from error
