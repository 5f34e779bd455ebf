"""Prove your backprop: check, fix, derive and train hand-written backpropagation."""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from backproof.train.api import train as train
    from backproof.train.saved import load as load


def __getattr__(name: str) -> Any:
    """Import what is asked for: the package itself costs nothing."""
    if name == "train":
        import importlib

        return importlib.import_module("backproof.train")
    if name == "load":
        from backproof.train.saved import load

        return load
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
