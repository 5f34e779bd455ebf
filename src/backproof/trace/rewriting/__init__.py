"""Rewrite a program so that every expression hands its value to the recorder, and means the same as before.

``a * b`` becomes ``__bp__.binop(site, "*", a, b)``, ``w -= g`` becomes ``w = __bp__.aug_name(frame, site,
"-", "w", w, g)``, a function's body opens with ``frame = __bp__.enter(...)``. Names keep their scopes, values
keep their types, and what cannot be followed (class bodies, patterns, annotations) is left as it is.
``rewriter`` goes down the tree; ``expressions``, ``assignments``, ``control`` and ``functions`` know the
parts of the language.
"""

from backproof.trace.rewriting.build import RECORDER
from backproof.trace.rewriting.rewriter import Rewriter

__all__ = ["RECORDER", "Rewriter"]
