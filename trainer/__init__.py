"""PyTorch: data, models, lanes, optimizers, losses, stopping, checkpoints."""

import os

# MKL otherwise lets the bits of a product depend on where in memory a lane happens to lie
# (docs/decisions/0001-bits.md). It reads this once, at its first product; AUTO costs no speed.
os.environ.setdefault("MKL_CBWR", "AUTO")
