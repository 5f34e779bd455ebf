"""The whole way of a derivation, from a program, a function of it, or a formula."""

from backproof.deriving.formulas import derive_formula
from backproof.deriving.functions import derive_function, train_function
from backproof.deriving.programs import derive_program, train_program
from backproof.deriving.request import Request, Shape, parsed_shapes
from backproof.deriving.sizes import for_all_sizes

__all__ = [
    "Request",
    "Shape",
    "derive_formula",
    "derive_function",
    "derive_program",
    "for_all_sizes",
    "parsed_shapes",
    "train_function",
    "train_program",
]
