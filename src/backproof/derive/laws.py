"""Numbers that differ from step to step, told by the number of the step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def law_of(values: Sequence[Any]) -> str | None:
    """A number of each step, told by the number of the step: a power, or a rate that decays."""
    if np.ndim(values[0]) or len(values) < 4:
        return None
    v = np.array([float(value) for value in values])
    steps = np.arange(len(v))
    candidates: list[tuple[str, Any]] = []
    with np.errstate(all="ignore"):
        power, rest = float(f"{v[0]:.12g}"), float(f"{1 - v[0]:.12g}")
        candidates.append((f"{power} ** (step + 1)", power ** (steps + 1.0)))
        candidates.append((f"1 - {rest} ** (step + 1)", 1 - rest ** (steps + 1.0)))
        ratio, slope = float(f"{v[1] / v[0]:.12g}"), float(f"{v[1] - v[0]:.12g}")
        first = float(f"{v[0]:.12g}")
        candidates.append((f"{first} * {ratio} ** step", first * ratio**steps))
        if slope == 1 and first == int(first):
            candidates.append((f"step + {int(first)}" if first else "step", first + steps))
        candidates.append((f"{first} + {slope} * step", first + slope * steps))
        inverse = float(f"{1 / (1 / v[1] - 1 / v[0]):.10g}") if v[0] and v[1] and v[0] != v[1] else 0.0
        if inverse:
            start = float(f"{inverse / v[0]:.10g}")
            candidates.append((f"{inverse} / ({start} + step)", inverse / (start + steps)))
    for text, found in candidates:
        if np.all(np.isfinite(found)) and np.allclose(found, v, rtol=1e-13, atol=0):
            return text
    return None
