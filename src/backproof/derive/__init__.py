"""From a forward pass: its derivation, line by line, and a backward pass worth reading."""

from backproof.derive.derived import derivation
from backproof.derive.forward import Forward, Parameter, from_step, make
from backproof.derive.identifiers import identifier
from backproof.derive.plan import Derivation, Line

__all__ = ["Derivation", "Forward", "Line", "Parameter", "derivation", "from_step", "identifier", "make"]
