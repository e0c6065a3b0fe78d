"""A quick look whether, on this machine, a lane equals its solo run; the tests look longer."""

from __future__ import annotations

import torch

from trainer.products import product

_SIDES = ((32, 64, 64), (17, 13, 10), (1, 64, 64), (5, 30, 7), (8, 1, 64))


def lanes_equal_solo(lanes: int = 5) -> bool:
    """Whether stacked products of several shapes have the bits of each product alone."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    try:
        for batch, inputs, units in _SIDES:
            left = torch.randn(lanes, units, inputs, generator=generator)
            right = torch.randn(lanes, inputs, batch, generator=generator)
            together = product(left, right)
            for k in range(lanes):
                alone = product(left[k : k + 1].clone(), right[k : k + 1].clone())
                if not torch.equal(alone[0], together[k]):
                    return False
    finally:
        torch.set_num_threads(threads)
    return True


def accelerators() -> list[str]:
    """The names of the CUDA devices that torch sees."""
    import torch

    if not torch.cuda.is_available():
        return []
    return [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
