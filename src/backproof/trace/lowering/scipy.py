"""SciPy's functions, entered where a program uses SciPy: importing it takes longer than a check."""

from __future__ import annotations

from typing import Any

import numpy as np

from backproof.graph import Node
from backproof.trace.lowering.context import Context
from backproof.trace.lowering.elementwise import elementwise
from backproof.trace.lowering.record import Table, plain_axis, refuse, table


def _softmax(context: Context, x: Any, axis: Any = None) -> Node:
    top = context.apply("max", x, axis=plain_axis(axis), keepdims=True)
    powers = context.apply("exp", context.apply("subtract", x, top))
    return context.apply("divide", powers, context.apply("sum", powers, axis=plain_axis(axis), keepdims=True))


def _logsumexp(
    context: Context, x: Any, axis: Any = None, b: Any = None, keepdims: bool = False, **rest: Any
) -> Node:
    refuse(b=b)
    top = context.apply("max", x, axis=plain_axis(axis), keepdims=True)
    powers = context.apply("exp", context.apply("subtract", x, top))
    total = context.apply("sum", powers, axis=plain_axis(axis), keepdims=keepdims)
    if not keepdims:
        top = context.apply("reshape", top, shape=np.shape(total.value))
    return context.apply("add", context.apply("log", total), top)


def _log_softmax(context: Context, x: Any, axis: Any = None) -> Node:
    return context.apply("subtract", x, _logsumexp(context, x, axis, keepdims=True))


def _xlogy(context: Context, x: Any, y: Any) -> Node:
    return context.apply("multiply", x, context.apply("log", y))


def functions(special: Any) -> Table:
    """The functions of ``scipy.special``."""
    return table(
        (elementwise("sigmoid"), [special.expit]),
        (elementwise("erf"), [special.erf]),
        (_softmax, [special.softmax]),
        (_logsumexp, [special.logsumexp]),
        (_log_softmax, [special.log_softmax]),
        (_xlogy, [special.xlogy]),
    )
