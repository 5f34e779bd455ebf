"""How numbers were drawn: the law behind an array, by the call that drew it and what was made of it."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backproof.graph import Node, ancestors, evaluate
from backproof.graph.operations.elementwise import RECORDS
from backproof.step.formulas import number_of
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
BINARY = "zero or one"
JOINED = frozenset({"stack", "concatenate"})
OTHER_NAMES = {"a": "low", "b": "high", "mean": "loc", "stddev": "scale"}
EQUAL = 1e-9


@dataclass(frozen=True, slots=True)
class Law:
    """``uniform`` on [a, b), ``normal`` of mean a and spread b, the ``constant`` a, or ``zero or one``.

    Of the last, a is the share of ones.
    """

    kind: str
    a: float
    b: float = 0.0

    def __str__(self) -> str:
        match self.kind:
            case "uniform":
                return f"uniform on [{self.a:g}, {self.b:g})"
            case "normal":
                return f"normal, mean {self.a:g}, spread {self.b:g}"
            case "zero or one":
                return f"one with probability {self.a:g}, else zero"
        return f"all {self.a:g}"

    def draw(self, random: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
        """Numbers of this law."""
        match self.kind:
            case "uniform":
                return random.uniform(self.a, self.b, shape)
            case "normal":
                return random.normal(self.a, self.b, shape)
            case "zero or one":
                return (random.random(shape) < self.a).astype(float)
        return np.full(shape, self.a)

    def at(self, step: int) -> float:
        """The least, middle and greatest number; of a normal law the mean, and one and two spreads more."""
        if self.kind == "uniform":
            return (self.a, (self.a + self.b) / 2, self.b)[step]
        return self.a + step * self.b

    def moved(self, low: float, middle: float, high: float) -> Law:
        """The law of what has these values where a number of this law has those of ``at``."""
        if low == high:
            return Law("constant", low)
        if self.kind == "uniform":
            return Law("uniform", _round(min(low, high)), _round(max(low, high)))
        return Law("normal", _round(low), _round(abs(middle - low)))

    def allows(self, number: float) -> bool:
        """Can a number be of this law?"""
        return self.kind != "uniform" or self.a - EQUAL <= number <= self.b + EQUAL

    def is_like(self, other: Law) -> bool:
        """Is this the same law?"""
        size = max(abs(self.a), abs(self.b), abs(other.a), abs(other.b))
        near = abs(self.a - other.a) <= EQUAL * size and abs(self.b - other.b) <= EQUAL * size
        return self.kind == other.kind and near


def law_of(trace: Trace, node: Node) -> Law | None:
    """The law of the numbers of a value, where all have the same and it is seen."""
    laws = laws_of(trace, node)
    first = laws[0] if laws else None
    return (
        first if first is not None and all(law is not None and first.is_like(law) for law in laws) else None
    )


def laws_of(trace: Trace, node: Node) -> list[Law | None]:
    """The law of each number of a value; None where it is not seen."""
    seen = np.ravel(np.asarray(node.value, dtype=float))
    unknown: list[Law | None] = [None] * seen.size
    made = ancestors([node])
    drawn = {n: called(trace, n) for n in made if n in trace.random}
    if not drawn:
        written = all(n.operation == "constant" for n in made if not n.operands)
        same = seen.size > 0 and bool(np.all(seen == seen[0]))
        return [Law("constant", float(number)) for number in seen] if written or same else unknown
    laws = [law for law in drawn.values() if law is not None and law.kind != BINARY]
    if len(laws) < len(drawn) or len({law.kind for law in laws}) > 1 or not _is_kept(made, set(drawn)):
        return unknown
    table = []
    for step in (0, 1, 2):
        values = {
            n: np.full(np.shape(n.value), law.at(step))[()] for n, law in drawn.items() if law is not None
        }
        table.append(np.ravel(np.asarray(evaluate([node], values)[node], dtype=float)))
    low, middle, high = table
    size = np.maximum(np.maximum(np.abs(low), np.abs(middle)), np.abs(high))
    straight = np.isfinite(size) & (np.abs(middle - (low + high) / 2) <= EQUAL * size)  # else another law
    found = [laws[0].moved(*map(float, each)) for each in zip(low, middle, high, strict=True)]
    return [
        law if good and law.allows(x) else None for law, good, x in zip(found, straight, seen, strict=True)
    ]


def _is_kept(made: Sequence[Node], drawn: set[Node]) -> bool:
    """Is every number of a value made of one number that was drawn, and of constants?"""
    random = set(drawn)
    for node in made:
        inner = [o for o in node.operands if o in random]
        if not inner:
            continue
        random.add(node)
        if node.operation not in KEPT or (len(inner) > 1 and node.operation not in JOINED):
            return False
    return True


def _round(number: float) -> float:
    return float(f"{number:.12g}")


def called(trace: Trace, node: Node) -> Law | None:
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
    if name == "binomial":
        numbers = _arguments(trace, node, call, ("n", "p"), (1.0, 0.5))
        return Law(BINARY, numbers[1]) if numbers is not None and numbers[0] == 1 else None
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
