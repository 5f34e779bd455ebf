"""How numbers were drawn: the law behind an array, by the call that drew it and what was made of it."""

from __future__ import annotations

import ast
from dataclasses import dataclass

import numpy as np

from backproof.compare.formulas import number_of
from backproof.graph import Node, ancestors, evaluate
from backproof.graph.operations.elementwise import RECORDS
from backproof.trace import Trace

KEPT = frozenset(record.name for record in RECORDS) | frozenset(
    {"identity", "astype", "reshape", "transpose", "index", "stack", "concatenate", "broadcast_to"}
)
UNIFORM = {
    "rand": (),
    "random": (),
    "random_sample": (),
    "ranf": (),
    "uniform": ("low", "high"),
}
NORMAL = {"randn": (), "standard_normal": (), "normal": ("loc", "scale"), "gauss": ("mu", "sigma")}
OTHER_NAMES = {"a": "low", "b": "high", "mean": "loc", "stddev": "scale"}
EQUAL = 1e-9


@dataclass(frozen=True, slots=True)
class Law:
    """``uniform`` on [a, b), ``normal`` of mean a and spread b, or the ``constant`` a."""

    kind: str
    a: float
    b: float = 0.0

    def __str__(self) -> str:
        match self.kind:
            case "uniform":
                return f"uniform on [{self.a:g}, {self.b:g})"
            case "normal":
                return f"normal, mean {self.a:g}, spread {self.b:g}"
        return f"all {self.a:g}"

    def is_like(self, other: Law) -> bool:
        """Is this the same law?"""
        size = max(abs(self.a), abs(self.b), abs(other.a), abs(other.b))
        near = abs(self.a - other.a) <= EQUAL * size and abs(self.b - other.b) <= EQUAL * size
        return self.kind == other.kind and near


def law_of(trace: Trace, node: Node) -> Law | None:
    """The law of the numbers of a value; None where it is not seen."""
    made = ancestors([node])
    drawn = [n for n in made if n in trace.random]
    if not drawn:
        value = np.asarray(node.value, dtype=float)
        same = value.size and np.all(value == np.ravel(value)[0])
        return Law("constant", float(np.ravel(value)[0])) if same else None
    laws = {_called(trace, n) for n in drawn}
    (law,) = laws if len(laws) == 1 else (None,)
    others = [n for n in made if not n.operands and n not in drawn]
    if law is None or any(np.size(n.value) > 1 for n in others):
        return None
    if any(n.operands and n.operation not in KEPT for n in made):
        return None
    if len(drawn) > 1 and any(
        len([o for o in n.operands if o not in others]) > 1
        for n in made
        if n.operation not in ("stack", "concatenate")
    ):
        return None
    steps = (
        (law.a, (law.a + law.b) / 2, law.b)
        if law.kind == "uniform"
        else (law.a, law.a + law.b, law.a + 2 * law.b)
    )
    found = []
    for number in steps:
        table = evaluate([node], {n: np.full(np.shape(n.value), number)[()] for n in drawn})
        values = np.ravel(np.asarray(table[node], dtype=float))
        if not np.all(np.isfinite(values)) or np.ptp(values) > EQUAL * max(abs(values[0]), 1e-300):
            return None
        found.append(float(values[0]))
    low, middle, high = found
    if abs(middle - (low + high) / 2) > EQUAL * max(map(abs, found)):
        return None  # bent: another law
    seen = np.asarray(node.value, dtype=float)
    if law.kind == "uniform":
        low, high = sorted((low, high))
        return Law("uniform", _round(low), _round(high)) if np.all((low <= seen) & (seen <= high)) else None
    return Law("normal", _round(low), _round(abs(middle - low)))


def _round(number: float) -> float:
    return float(f"{number:.12g}")


def _called(trace: Trace, node: Node) -> Law | None:
    """The law of the call that drew a value."""
    site = trace.sites[node.origin.site] if node.origin is not None and node.origin.site >= 0 else None
    if site is None:
        return None
    try:
        call = ast.parse(site.text.strip(), mode="eval").body
    except SyntaxError:
        return None
    while (
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in ("tolist", "reshape", "astype")
    ):
        call = call.func.value
    if not isinstance(call, ast.Call):
        return None
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    for kind, known, usual in (("uniform", UNIFORM, (0.0, 1.0)), ("normal", NORMAL, (0.0, 1.0))):
        if name in known:
            numbers = _arguments(trace, node, call, known[name], usual)
            return None if numbers is None else Law(kind, *numbers)
    return None


def _arguments(
    trace: Trace, node: Node, call: ast.Call, names: tuple[str, ...], usual: tuple[float, float]
) -> tuple[float, float] | None:
    """The two numbers that a call gives for its law; None where one is not known."""
    if not names:
        return usual
    given: dict[str, ast.expr] = dict(zip(names, call.args, strict=False))
    if any(isinstance(a, ast.Starred) for a in call.args):
        return None
    for keyword in call.keywords:
        if keyword.arg is None:
            return None
        given[OTHER_NAMES.get(keyword.arg, keyword.arg)] = keyword.value
    found = list(usual)
    for k, name in enumerate(names):
        if name in given:
            number = number_of(trace, given[name], node)
            if number is None:
                return None
            found[k] = number
    return found[0], found[1]
