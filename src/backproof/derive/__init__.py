"""From a forward pass: its derivation, line by line, and a backward pass worth reading."""

from backproof.derive.forward import Forward, Parameter, from_step, identifier, make
from backproof.derive.plan import Derivation, Line, derivation

__all__ = ["Derivation", "Forward", "Line", "Parameter", "derivation", "from_step", "identifier", "make"]
