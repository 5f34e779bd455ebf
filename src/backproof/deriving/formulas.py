"""A formula that is typed in, as a program of one line."""

from __future__ import annotations

import ast
from dataclasses import replace

import numpy as np

from backproof.derive import Derivation, derivation
from backproof.deriving.losses import without_updates
from backproof.deriving.request import Request
from backproof.errors import DerivationError
from backproof.runner import Runner
from backproof.source import Program
from backproof.trace import trace_program

PREAMBLE = """import numpy as np
from numpy import *
from numpy.linalg import det, inv, norm, solve
from scipy.special import erf
def sigmoid(x): return 1 / (1 + np.exp(-x))
def relu(x): return np.maximum(x, 0)
def softplus(x): return np.log1p(np.exp(x))
def softmax(x):
    e = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)
"""
DEFINED = frozenset({"sigmoid", "relu", "softplus", "softmax", "erf", "det", "inv", "norm", "solve"})


def derive_formula(formula: str, request: Request, runner: Runner | None = None) -> Derivation:
    """Derive a formula in NumPy's words by ``request.wrt``, its names holding arrays of ``request.shapes``.

    Raises
    ------
    DerivationError
        When the formula is none, is no scalar, or nothing is named to derive it by.
    """
    try:
        tree = ast.parse(formula.strip(), mode="eval")
    except SyntaxError as error:
        raise DerivationError(
            f"--formula: {formula!r} is not an expression of Python (column {error.offset}: {error.msg})."
        ) from None
    if not request.wrt:
        raise DerivationError("--formula needs --wrt NAMES: what to derive it by.")
    shapes = request.shapes or {}
    names = sorted({n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} - _functions(tree))
    unknown = [name for name in request.wrt if name not in names]
    if unknown:
        raise DerivationError(f"--wrt: the formula has no {', '.join(unknown)}; it has {', '.join(names)}.")
    written = ast.unparse(_OfNumpy().visit(tree))
    for positive in (0, 1, 9):  # axes of what is drawn positive, as for a root or a logarithm
        lines = []
        for k, name in enumerate(names):
            shape = shapes.get(name, ())
            spread = 1 if len(shape) < 2 else 0.5  # products of several matrices shall saturate no softmax
            drawn = (
                f"uniform(0.5, 1.5, {shape})" if len(shape) < positive else f"normal(0, {spread}, {shape})"
            )
            lines.append(f"{name} = np.random.default_rng({k}).{drawn}")
        program = Program("formula", PREAMBLE + "\n".join(lines) + f"\nloss = {written}\n")
        trace = trace_program(program, seconds=request.seconds, runner=runner)
        forward = without_updates(trace, program, replace(request, loss="loss"))
        if np.all(np.isfinite(forward.loss.value)):
            break
    return derivation(replace(forward, written={forward.loss: "loss"}))


class _OfNumpy(ast.NodeTransformer):
    """``sqrt(2 * pi)`` as ``np.sqrt(2 * np.pi)``: what is printed runs where NumPy is ``np``."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """A function of NumPy by its module."""
        self.generic_visit(node)
        match node.func:
            case ast.Name(id=name) if name not in DEFINED and hasattr(np, name):
                node.func = ast.Attribute(ast.Name("np", ast.Load()), name, ast.Load())
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """π by its module."""
        return ast.Attribute(ast.Name("np", ast.Load()), "pi", ast.Load()) if node.id == "pi" else node


def _functions(tree: ast.AST) -> set[str]:
    """Names that are called, and the modules that functions are taken from."""
    called = {n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
    return (
        called
        | {"np", "pi", "e"}
        | {
            n.value.id
            for n in ast.walk(tree)
            if isinstance(n, ast.Attribute)
            and isinstance(n.value, ast.Name)
            and n.value.id in ("np", "numpy", "math")
        }
    )
