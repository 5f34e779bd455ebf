"""Operations that are not in the table: any function that can be imported, with a numeric derivative.

What cannot even be called again is ``unknown``: it has the value that was recorded, whatever its operands
are, and whoever relies on a derivative has to look for it first.
"""

# ruff: noqa: ARG001, the signature of a rule never varies
from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from backproof.errors import UnsupportedOperationError
from backproof.graph.literal import literal
from backproof.graph.node import Node
from backproof.graph.numeric import complex_step, directional, real_step
from backproof.graph.operations.domain import examples
from backproof.graph.operations.elementwise import first_order, is_complex
from backproof.graph.operations.record import REQUIRED, Operation, apply

LARGEST, LARGEST_BY_STEPS = (
    4000,
    1000,
)  # elements, with a complex step or without: each takes calls of its own
UNCERTAIN = 1e-6  # of the largest slope: a derivative whose error may be larger is none


@dataclass(frozen=True, slots=True)
class Operand:
    """Marks the place of the operand number ``position`` among the arguments of an opaque function."""

    position: int


@lru_cache
def find_function(path: str) -> Callable[..., Any]:
    """Import a function by its dotted path, the longest part of which that is a module is imported."""
    parts = path.split(".")
    for count in range(len(parts) - 1, 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:count]))
        except ModuleNotFoundError:
            continue
        for part in parts[count:]:
            found = getattr(found, part, None)
        if callable(found):
            return found  # type: ignore[no-any-return]
    raise UnsupportedOperationError(f"There is no function {path} to import; give its module and its name.")


def place(argument: Any, operands: tuple[Any, ...]) -> Any:
    """Put operands where an argument, or anything inside it, is a mark."""
    if isinstance(argument, Operand):
        return operands[argument.position]
    if isinstance(argument, (tuple, list)):
        return type(argument)([place(item, operands) for item in argument])
    if isinstance(argument, dict):
        return {key: place(item, operands) for key, item in argument.items()}
    return argument


def _caller(function: str, arguments: Any, keywords: Any, part: int | None = None) -> Callable[..., Any]:
    called = find_function(function)

    def call(*xs: Any) -> Any:
        xs = tuple([np.array(x) if isinstance(x, np.ndarray) else x for x in xs])  # it may write to them
        given = xs if arguments is None else place(tuple(arguments), xs)
        result = called(*given, **place(dict(keywords or {}), xs))
        return result if part is None else result[part]

    return call


def _plain(x: Any) -> Any:
    """Take the real part in double precision, which any function accepts."""
    if is_complex(x):
        x = np.real(x)
    return np.float64(x) if getattr(x, "dtype", None) == np.longdouble else x


def _double(xs: tuple[Any, ...]) -> tuple[Any, ...]:
    plain = [_plain(x) for x in xs]
    return tuple(
        x.astype(np.float64) if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x for x in plain
    )


def _value(
    *xs: Any, function: str, arguments: Any = None, keywords: Any = None, part: int | None = None
) -> Any:
    call = _caller(function, arguments, keywords, part)
    if is_complex(*xs):  # nobody knows whether the function takes complex numbers rightly
        tiny = max(float(np.max(np.abs(np.imag(x)), initial=0.0)) for x in xs) or 1.0
        operands = _double(xs)
        slope, _ = directional(call, operands, tuple(np.imag(x) / tiny for x in xs))
        return first_order(call(*operands), (slope, 1j * tiny))
    try:
        return call(*xs)
    except TypeError:  # of linalg and others, in higher precision
        return call(*_double(xs))


def of_elements(function: str, arguments: Any = None, keywords: Any = None) -> bool:
    """Is this a function of each element alone, so that one step gives the derivative of them all?"""
    called = find_function(function)
    return isinstance(called, np.ufunc) and called.signature is None and not arguments and not keywords


def _vjp_value(
    g: Any,
    *xs: Any,
    position: int,
    function: str,
    arguments: Any = None,
    keywords: Any = None,
    part: int | None = None,
) -> Any:
    """Sum g · ∂z/∂x over the elements of z, for each element of the operand x at a position."""
    call, operands, g = _caller(function, arguments, keywords, part), _double(xs), np.asarray(g)
    x = np.asarray(operands[position])

    def toward(direction: Any) -> tuple[Any, ...]:
        return tuple(direction if k == position else np.zeros(np.shape(o)) for k, o in enumerate(operands))

    probe = np.random.default_rng(1).normal(
        size=x.shape
    )  # one direction tells whether the complex step works
    if of_elements(function, arguments, keywords):
        slope, _ = directional(call, operands, toward(np.ones(x.shape)))
        return g * slope
    cotangent = np.zeros(x.shape, np.result_type(g, np.float64))
    exact = x.size <= LARGEST and directional(call, operands, toward(probe))[1]
    if x.size > (LARGEST if exact else LARGEST_BY_STEPS):
        return np.full_like(cotangent, np.nan)[()]
    largest = uncertain = 0.0
    for element in np.ndindex(*x.shape):
        unit, error = np.zeros(x.shape), 0.0
        unit[element] = 1.0
        if exact:
            slope = complex_step(call, operands, toward(unit))
        else:
            slope, error = real_step(call, operands, toward(unit))
        largest = max(largest, float(np.max(np.abs(slope), initial=0.0)))
        uncertain = max(uncertain, error)
        cotangent[element] = np.sum(g * slope)
    if uncertain > UNCERTAIN * largest:
        cotangent[...] = np.nan  # as at a kink: nobody may rely on it
    return cotangent[()]


def is_too_large(node: Node) -> bool:
    """May an operand have too many elements for a numeric derivative, which takes calls for each of them?"""
    fields = node.attributes
    given = fields["function"], fields.get("arguments"), fields.get("keywords")
    sizes = [np.size(o.value) for o in node.operands if np.asarray(o.value).dtype.kind == "f"]
    return max(sizes, default=0) > LARGEST_BY_STEPS and not of_elements(*given)


def _rule(k: int, g: Node, z: Node, *operands: Node) -> Node | None:
    if np.asarray(z.value).dtype.kind != "f" or np.asarray(operands[k].value).dtype.kind != "f":
        return None
    return apply("opaque_vjp", g, *operands, position=k, **z.attributes)


def _refuse(k: int, g: Node, z: Node, *operands: Node) -> Node:
    raise UnsupportedOperationError(
        f"{z.attributes['function']} has no derivative rule, and its numeric derivative cannot be derived "
        "again. Write the function with operations of the table, or ask for first derivatives only."
    )


def _call_text(node: Node) -> str:
    """Write the call as the user wrote it."""
    count, path = len(node.operands), re.sub("^numpy[.]", "np.", node.attributes["function"])
    arguments = node.attributes.get("arguments")
    given = [_argument(a) for a in (map(Operand, range(count)) if arguments is None else arguments)]
    given += [f"{key}={_argument(value)}" for key, value in (node.attributes.get("keywords") or {}).items()]
    part = node.attributes.get("part")
    return f"{path}({', '.join(given)})" + ("" if part is None else f"[{part}]")


def _argument(value: Any) -> str:
    return re.sub(r"Operand\(position=(\d+)\)", r"$\1", literal(value))


def _vjp_text(node: Node) -> str:
    fields = "".join(f", {key}={literal(value)}" for key, value in node.attributes.items())
    return f"numeric_vjp($*{fields})"


def _latex(node: Node) -> str:
    name = node.attributes["function"].rpartition(".")[2].replace("_", r"\_")
    if node.operation == "opaque":
        return rf"\operatorname{{{name}}}\left($*\right)"
    others = ", ".join(f"${k}" for k in range(1, len(node.operands)))
    k = node.attributes["position"] + 1
    return rf"\operatorname{{vjp}}_{{{k}}}\operatorname{{{name}}}\left({others}\right)\left($0\right)"


def _vjp_domain(generator: np.random.Generator) -> tuple[tuple[Any, ...], dict[str, Any]]:
    operands, fields = _DOMAIN(generator)
    g = generator.normal(size=np.shape(_value(*operands, **fields)))
    return (g, *operands), {"position": len(operands) - 1, **fields}


def _recorded(*xs: Any, recorded: Any, why: str = "", blind: bool = False) -> Any:
    return recorded


def _no_slope(k: int, g: Node, z: Node, *operands: Node) -> None:
    return None


_FIELDS = {"function": REQUIRED, "arguments": None, "keywords": None, "part": None}
_VJP_FIELDS = {"position": REQUIRED, **_FIELDS}
_DOMAIN = examples(
    ((5,), {"function": "numpy.linalg.norm"}),
    ((3, 5), {"function": "numpy.linalg.norm", "keywords": {"axis": 1}}),
    ((5,), (3,), {"function": "numpy.convolve"}),
    ((3,), (3,), {"function": "numpy.vstack", "arguments": ((Operand(1), Operand(0)),)}),
    (None, {"function": "math.gamma", "arguments": (Operand(0),)}),
    ((3, 5), {"function": "numpy.cbrt"}),
    ((5,), (3, 5), {"function": "numpy.logaddexp2"}),
    ((3, 2), {"function": "numpy.linalg.svd", "part": 1}),
)
_UNSEEN = {"recorded": REQUIRED, "why": "", "blind": False}
_UNKNOWN = examples(((3, 2), {"recorded": 0.5}), ((), (5,), {"recorded": np.array([1.5, -2.0])}))

RECORDS = (
    Operation("opaque", _value, _rule, _DOMAIN, _call_text, _latex, _FIELDS, exact=False),
    Operation("opaque_vjp", _vjp_value, _refuse, _vjp_domain, _vjp_text, _latex, _VJP_FIELDS, exact=False),
    Operation(
        "unknown", _recorded, _no_slope, _UNKNOWN, "$recorded", r"\mathrm{unknown}", _UNSEEN, exact=False
    ),
)
