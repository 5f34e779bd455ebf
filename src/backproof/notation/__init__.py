"""The text of a graph: NumPy and LaTeX."""

from backproof.notation.latex import to_latex
from backproof.notation.numpy_text import to_numpy

__all__ = ["to_latex", "to_numpy"]
