"""The program states another loss than the one that its gradient belongs to."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from ..mutation import Change, Mutation
from ..text import Source, constant

NAMES = ("loss-mismatch",)


def other_loss(source: Source) -> Iterator[Mutation]:
    """A squared error is stated as cross-entropy or as a fourth power, cross-entropy as a squared error."""
    for node in source.expressions():
        whole = (source.place(source.statement(node)),)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow) and constant(node.right) == 2:
            yield Mutation("fourth-power", NAMES, (Change(source.place(node.right), "4"),), whole)
            difference = node.left
            if isinstance(difference, ast.BinOp) and isinstance(difference.op, ast.Sub):
                out, target = source.of_node(difference.left), source.of_node(difference.right)
                log = "np.log" if "import numpy as np" in source.text else "log"
                for p, t in ((out, target), (target, out)):
                    new = f"(-({t} * {log}({p}) + (1 - {t}) * {log}(1 - {p})))"
                    yield Mutation("cross-entropy", NAMES, (Change(source.place(node), new),), whole)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            pair = _cross_entropy(node)
            if pair is not None:
                new = f"-({pair[0]} - {pair[1]}) ** 2"
                yield Mutation("squared", NAMES, (Change(source.place(node), new),), whole)


def _cross_entropy(node: ast.BinOp) -> tuple[str, str] | None:
    """The target and the output of ``t * log(p) + (1 - t) * log(1 - p)``."""
    product = node.left
    if not (isinstance(product, ast.BinOp) and isinstance(product.op, ast.Mult)):
        return None
    logarithm = product.right
    if not (isinstance(logarithm, ast.Call) and ast.unparse(logarithm.func).endswith("log")):
        return None
    return ast.unparse(product.left), ast.unparse(logarithm.args[0])


EVERY: tuple[Callable[[Source], Iterator[Mutation]], ...] = (other_loss,)
