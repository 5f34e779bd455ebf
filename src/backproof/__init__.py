"""Prove your backprop: check, fix, derive and train hand-written backpropagation."""

__version__ = "0.1.0"
