"""Prove your backprop: check, fix, derive and train hand-written backpropagation."""

__version__ = "0.1.0"

TYPE_CHECKING = False  # as typing has it, which takes longer to import than all of this
if TYPE_CHECKING:
    from backproof.training.api import train as train
    from backproof.training.saved import load as load
else:

    def __getattr__(name: str) -> object:
        """Import what is asked for, and not before."""
        if name == "train":
            from backproof.training.api import train

            return train
        if name == "load":
            from backproof.training.saved import load

            return load
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
