"""Switch NumPy's warnings off for many operations at once: doing so costs as much as an operation itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

import numpy as np

QUIET: Final[ContextVar[bool]] = ContextVar("quiet", default=False)


@contextmanager
def quietly() -> Iterator[None]:
    """Switch floating point warnings off for all that is applied inside: what is not finite is seen there.

    Examples
    --------
    >>> from backproof.graph import apply, quietly
    >>> with quietly():
    ...     [float(apply("divide", x, np.float64(0)).value) for x in (1.0, -1.0)]
    [inf, -inf]
    """
    before = QUIET.set(True)
    try:
        with np.errstate(all="ignore"):
            yield
    finally:
        QUIET.reset(before)
