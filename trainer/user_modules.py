"""Finds what a user named as 'package.module:name' in their own files.

Python keeps a module for good, but a notebook may go on to another folder, or edit a file. So what
was loaded is forgotten when a sweep file is read and it is no longer what lies there; within a
sweep it stays what it was.
"""

from __future__ import annotations

import hashlib
import importlib
import sys
from pathlib import Path
from typing import Any

from trainer.errors import UserModuleError

_OURS = str(Path(__file__).resolve().parent.parent)
_loaded: dict[str, tuple[Path, str]] = {}  # module -> its file, and the digest of what was loaded
_added: set[str] = set()  # folders that stand on the Python path by our doing


def forget_changed(folder: Path) -> None:
    """Forget the modules that were loaded from another folder, or whose files changed since."""
    here = folder.resolve()
    if all(here in file.parents and _digest(file) == was for file, was in _loaded.values()):
        return
    for name in _loaded:
        sys.modules.pop(name, None)
    sys.path[:] = [place for place in sys.path if place not in _added]
    _loaded.clear()
    _added.clear()


def digest_of(reference: str, folder: Path) -> str:
    """SHA-256 (hex) of the source file of the module that 'package.module:name' names.

    Raises: UserModuleError, as `load` does.
    """
    load(reference, folder)
    name = reference.partition(":")[0]
    if name in _loaded:
        return _loaded[name][1]  # the file may have been edited since
    source = getattr(sys.modules[name], "__file__", None)
    return _digest(Path(source)) if source else hashlib.sha256(b"").hexdigest()


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
            _added.update({place} - {_OURS})
    before = set(sys.modules)
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
    _note(set(sys.modules) - before, folder.resolve())
    try:
        return getattr(module, name)
    except AttributeError as error:
        raise UserModuleError(f"'{reference}': module {module_name} has no '{name}'") from error


def _note(names: set[str], folder: Path) -> None:
    """Remember which of the modules just imported are files of the user's in this folder."""
    for name in names:
        source = getattr(sys.modules[name], "__file__", None)
        file = Path(source).resolve() if source else None
        if file and folder in file.parents and "site-packages" not in file.parts:
            _loaded[name] = file, _digest(file)


def _digest(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:  # it is gone
        return ""
