"""Derivatives of functions that one can only call, and a median."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

TINY = 1e-200  # of a complex step: its square is no number, so the step has no truncation error


def ridders(function: Callable[[float], Any], step: float = 0.1, levels: int = 8) -> tuple[Any, float]:
    """Differentiate a function of one number at 0; give the derivative and an estimate of its error.

    Central differences at steps that shrink by 1.4 are extrapolated to step 0 by Neville's scheme (Ridders,
    Advances in Engineering Software 4, 1982). ``function`` may return arrays; the error is the largest.
    """
    shrink, best, error = 1.4, None, np.inf
    column: list[Any] = []
    for level in range(levels):
        h = step / shrink**level
        row = [(np.asarray(function(h)) - np.asarray(function(-h))) / (2 * h)]
        for k, previous in enumerate(column, 1):
            factor = shrink ** (2 * k)
            row.append((row[k - 1] * factor - previous) / (factor - 1))
            guess = float(
                np.max(np.maximum(np.abs(row[k] - row[k - 1]), np.abs(row[k] - previous)), initial=0.0)
            )
            if guess <= error:
                best, error = row[k], guess
        column = row
    return (column[0] if best is None else best), error


def _moved(x: Any, distance: complex, direction: Any) -> Any:
    """Go along a direction; what stays where it is keeps its type, as an index has to."""
    return x + distance * direction if np.any(direction) else x


def complex_step(function: Callable[..., Any], operands: tuple[Any, ...], directions: tuple[Any, ...]) -> Any:
    """Differentiate an analytic function along a direction, to rounding."""
    moved = [_moved(x, 1j * TINY, d) for x, d in zip(operands, directions, strict=True)]
    return np.imag(np.asarray(function(*moved), np.complex128)) / TINY


def real_step(
    function: Callable[..., Any], operands: tuple[Any, ...], directions: tuple[Any, ...]
) -> tuple[Any, float]:
    """Differentiate any function along a direction, by Ridders; give an estimate of the error, too."""
    size = max([1.0, *[float(np.max(np.abs(d), initial=0.0)) for d in directions]])
    return ridders(
        lambda t: function(*[_moved(x, t, d) for x, d in zip(operands, directions, strict=True)]), 0.02 / size
    )


def directional(
    function: Callable[..., Any], operands: tuple[Any, ...], directions: tuple[Any, ...]
) -> tuple[Any, bool]:
    """Differentiate along a direction: by complex step if Ridders agrees (and say so), else by Ridders."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("error", np.exceptions.ComplexWarning)  # the function drops imaginary parts
        slope, error = real_step(function, operands, directions)
        try:
            exact = complex_step(function, operands, directions)
        except Exception:  # the function is anybody's: whatever it raises, it does not take complex numbers
            return slope, False
    agrees = np.allclose(exact, slope, rtol=1e-6, atol=max(10 * error, 1e-9))
    return (exact, True) if agrees else (slope, False)


def median(numbers: Sequence[float]) -> float:
    """Give the middle of some numbers; ``np.median`` would import all of ``numpy.ma`` for it, in 20 ms.

    >>> median([5.0, 1.0, 2.0]), median([1, 2])
    (2.0, 1.5)
    """
    ordered = sorted(numbers)
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2
