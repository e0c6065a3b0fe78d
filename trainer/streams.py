"""Named randomness: each stream is seeded from a hash of what it is for, never drawn in turn.

So nothing depends on the order in which lanes, runs or trials happen to be served.
"""

from __future__ import annotations

import hashlib

import numpy as np


def seed_for(seed: int, purpose: str, *index: int) -> int:
    """A 63-bit seed for one stream.

    Args:
        seed: the seed of the sweep or of the run.
        purpose: what the stream is for, such as 'initialization' or 'order'.
        index: which one of that purpose, such as the epoch or the layer.
    Returns: an integer in [0, 2**63), the same on every machine.
    """
    text = ":".join([str(seed), purpose, *map(str, index)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def generator_for(seed: int, purpose: str, *index: int) -> np.random.Generator:
    """A NumPy generator of that stream (SFC64: fast, and stable across NumPy versions)."""
    return np.random.Generator(np.random.SFC64(seed_for(seed, purpose, *index)))
