"""The graph of one training step, its operations and their derivatives."""

from backproof.graph.adjoint import adjoints
from backproof.graph.dependence import computed_from, depend
from backproof.graph.evaluate import evaluate, evaluate_at
from backproof.graph.finite import finite_adjoints
from backproof.graph.node import Node, ancestors, constant, leaf, shape_of, unnamed
from backproof.graph.numeric import median
from backproof.graph.operations import OPERATIONS, Operand, Operation, apply, as_number, attribute
from backproof.graph.printing import print_graph
from backproof.graph.quiet import quietly
from backproof.graph.simplify import simplify
from backproof.graph.users import Users
from backproof.graph.verify import verify

__all__ = [
    "OPERATIONS",
    "Node",
    "Operand",
    "Operation",
    "Users",
    "adjoints",
    "ancestors",
    "apply",
    "as_number",
    "attribute",
    "computed_from",
    "constant",
    "depend",
    "evaluate",
    "evaluate_at",
    "finite_adjoints",
    "leaf",
    "median",
    "print_graph",
    "quietly",
    "shape_of",
    "simplify",
    "unnamed",
    "verify",
]
