"""What a rewritten program calls: a ``Recorder`` with one function for each thing that a program does.

``recorder`` names every hook and the part that it belongs to: ``expressions``, ``places`` (names, attributes,
items), ``calls`` (with ``library``), ``functions`` and ``loops``.
"""

from backproof.trace.hooks.recorder import Recorder

__all__ = ["Recorder"]
