"""Plotly's library in JavaScript, packed so that a page can hold it and ask no network for it.

Only the file is used: nothing of Plotly is imported. See docs/decisions/0005-figures.md.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
from functools import cache
from importlib import resources

_PACKING = 6  # of gzip: 0.15 s for 1.5 MB of 4.8; the best saves 3 kB more and takes twice that


@cache
def packed_library() -> str:
    """plotly.min.js of the installed release, gzip in base64: 2 MB in place of 4.8."""
    return base64.b64encode(gzip.compress(_library(), _PACKING, mtime=0)).decode()


@cache
def library_hash() -> str:
    """Its SHA-256 in base64, by which a page's security policy lets it run."""
    return base64.b64encode(hashlib.sha256(_library()).digest()).decode()


def _library() -> bytes:
    return resources.files("plotly").joinpath("package_data/plotly.min.js").read_bytes()
