"""Training: the network as a graph, its step as machine code, and the command that runs it.

The module is a function as well: ``backproof.train(x, y, layers=(1, 10, 1))`` is `backproof.train.api.train`.
"""

import sys
from types import ModuleType
from typing import Any


class _Function(ModuleType):
    """A package that can be called: importing any part of it would hide a function of its name."""

    def __call__(self, *arrays: Any, **options: Any) -> Any:
        """Train a network: see `backproof.train.api.train`."""
        from backproof.train.api import train

        return train(*arrays, **options)


sys.modules[__name__].__class__ = _Function
