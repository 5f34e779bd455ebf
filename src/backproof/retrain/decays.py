"""A rate that the program changes at times, by the number of a round: ``if epoch % 100 == 99: rate *= 0.5``.

None of the steps that were recorded may have come by such a statement. What it does follows from the source,
where the condition asks for nothing but the counter of the loop around it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from backproof.retrain.aligned import Entry, RetrainError
from backproof.retrain.rates import called
from backproof.retrain.recurrence import Recurrence
from backproof.step import Window
from backproof.step.formulas import value_of
from backproof.step.update import time_of
from backproof.trace import Trace

Loops = (ast.For, ast.While)
COUNTED = frozenset({"range", "arange", "trange"})
PLAIN = (
    *(ast.Compare, ast.BoolOp, ast.BinOp, ast.UnaryOp, ast.Constant, ast.Name, ast.Tuple, ast.List, ast.Set),
    *(ast.operator, ast.unaryop, ast.boolop, ast.cmpop, ast.expr_context),
)
FACTORS = (ast.Mult, ast.Div)


@dataclass(frozen=True, slots=True)
class Decay:
    """One statement: what it makes of the rate in a round in which all its ``conditions`` hold.

    ``factor`` is what it multiplies the rate by, or what it sets it to where it is ``absolute``.
    """

    row: int
    conditions: tuple[tuple[ast.expr, bool], ...]
    factor: float
    absolute: bool


@dataclass(slots=True)
class Decays:
    """The statements that change a rate, in one loop: round by round, ``each`` steps a round.

    The counter begins at ``start``. With ``before`` the steps of a round follow its statements.
    """

    name: str
    counter: str
    start: int
    each: int
    before: bool
    statements: tuple[Decay, ...]
    own: float
    known: Mapping[str, object]
    _rates: list[float] = field(default_factory=list)
    _rate: float = 0.0

    def factors(self, begin: int, count: int) -> NDArray[np.float64]:
        """What the rates of so many steps from one on are times that of the first."""
        rounds = np.arange(begin, begin + count) // self.each
        while len(self._rates) <= int(rounds[-1]):
            self._next()
        return np.array(self._rates)[rounds] / self._rates[0]

    def _next(self) -> None:
        number = len(self._rates)
        rate = self._rate if number else self.own  # which may have been changed in the first round already
        after = rate
        for statement in self.statements:
            if all(self._holds(test, number) is wanted for test, wanted in statement.conditions):
                after = statement.factor if statement.absolute else after * statement.factor
        self._rates.append(after if self.before else rate)
        self._rate = after

    def _holds(self, test: ast.expr, number: int) -> bool:
        code = compile(ast.Expression(test), "condition", "eval")
        return bool(eval(code, {"__builtins__": {}}, {**self.known, self.counter: self.start + number}))

    @property
    def rows(self) -> str:
        """The lines of the statements."""
        rows = list(dict.fromkeys(str(statement.row) for statement in self.statements))
        return f"line{'s' * (len(rows) > 1)} {' and '.join(rows)}"


def changes(tree: ast.AST, names: Iterable[str]) -> Iterator[tuple[ast.stmt, str]]:
    """The statements that make a new value of an old one under a name, or set it to a number in a loop."""
    wanted = set(names)
    loops = [n for n in ast.walk(tree) if isinstance(n, Loops)]
    looped = {inner for loop in loops for inner in ast.walk(loop)}
    for node in ast.walk(tree):
        target: ast.expr
        if isinstance(node, ast.AugAssign):
            target, own = node.target, True
        elif isinstance(node, ast.Assign) and len(node.targets) == 1:
            target = node.targets[0]
            text = ast.unparse(target)
            inner = (n for n in ast.walk(node.value) if isinstance(n, ast.Name | ast.Attribute))
            own = any(ast.unparse(n) == text for n in inner)
            own = own or (isinstance(node.value, ast.Constant) and node in looped)
        else:
            continue
        name = target.id if isinstance(target, ast.Name) else getattr(target, "attr", None)
        if own and name in wanted:
            yield node, name


def decays_of(found: Recurrence, rates: Sequence[Entry], windows: Sequence[Window]) -> Decays | None:
    """How the program changes its rate by the number of a round; None where it does not.

    Raises
    ------
    RetrainError
        When it changes it otherwise, where no step that was recorded came by.
    """
    called_so = called(found)
    names = {called_so.get(entry.nodes[-1]) or entry.name for entry in rates} - {None}
    for text in found.trace.files.values():
        tree = ast.parse(text)
        statements: dict[str, list[ast.stmt]] = {}
        for statement, name in changes(tree, [name for name in names if name]):
            statements.setdefault(name, []).append(statement)
        for name, some in statements.items():
            own = float(np.ravel(rates[0].value)[0])
            return _read(found.trace, tree, sorted(some, key=lambda s: s.lineno), name, own, windows)
    return None


def _read(
    trace: Trace,
    tree: ast.Module,
    statements: Sequence[ast.stmt],
    name: str,
    own: float,
    windows: Sequence[Window],
) -> Decays:
    """Read when statements of one file change the rate, and how.

    Raises
    ------
    RetrainError
        When that does not follow from the counter of a loop.
    """
    row = statements[0].lineno
    refused = RetrainError(
        f"The program changes {name} in line {row}, where none of the steps that were recorded came by: it"
        " cannot be told when and how often."
    )
    paths = [_path(tree, statement) for statement in statements]
    loops = {path[0] for path in paths if path}
    loop = next(iter(loops)) if len(loops) == 1 and all(paths) else None
    if not isinstance(loop, ast.For) or not isinstance(loop.target, ast.Name):
        raise refused
    counter, start = loop.target.id, _start(loop.iter)
    rounds = _rounds(trace, loop, windows)
    if start is None or rounds is None:
        raise refused
    found, known = list[Decay](), dict[str, object]()
    time = time_of(windows[0].parameters[0].after)
    for statement, path in zip(statements, paths, strict=True):
        conditions = _conditions(path, statement)
        factor = _factor(trace, statement, time)
        if conditions is None or factor is None:
            raise refused
        for test, _ in conditions:
            for node in ast.walk(test):
                if isinstance(node, ast.Name) and node.id != counter:
                    known[node.id] = value_of(trace, node, time, 0)
                    if known[node.id] is None:
                        raise refused
        found.append(Decay(statement.lineno, conditions, *factor))
    each, first_row = rounds
    before = statements[-1].lineno < first_row
    if not before and statements[0].lineno < first_row:
        raise refused
    return Decays(name, counter, start, each, before, tuple(found), own, known)


def _path(tree: ast.AST, statement: ast.stmt) -> list[ast.AST]:
    """What a statement stands in, from the innermost loop around it on."""
    path: list[ast.AST] = []

    def visit(node: ast.AST, around: list[ast.AST]) -> bool:
        if node is statement:
            path.extend(around)
            return True
        inner = [] if isinstance(node, ast.FunctionDef) else [*around, node]
        inner = [node] if isinstance(node, Loops) else inner
        return any(visit(child, inner) for child in ast.iter_child_nodes(node))

    visit(tree, [])
    return path if path and isinstance(path[0], Loops) else []


def _conditions(path: list[ast.AST], statement: ast.stmt) -> tuple[tuple[ast.expr, bool], ...] | None:
    """Under which conditions a statement is come by in a round; None where other things decide."""
    found = []
    for node, inner in zip(path[1:], [*path[2:], statement], strict=True):
        if not isinstance(node, ast.If) or any(not isinstance(n, PLAIN) for n in ast.walk(node.test)):
            return None
        found.append((node.test, inner in node.body))
    return tuple(found)


def _factor(trace: Trace, statement: ast.stmt, time: int) -> tuple[float, bool] | None:
    """What the rate is multiplied by, or set to."""
    if isinstance(statement, ast.AugAssign):
        operator, value = statement.op, statement.value
    elif isinstance(statement, ast.Assign) and isinstance(statement.value, ast.BinOp):
        operator, value = statement.value.op, statement.value.right
        if ast.unparse(statement.value.left) != ast.unparse(statement.targets[0]):
            return None
    elif isinstance(statement, ast.Assign):
        number = value_of(trace, statement.value, time, 0)
        return None if number is None else (float(number), True)
    else:
        return None
    number = value_of(trace, value, time, 0)
    if number is None or not isinstance(operator, FACTORS) or not number:
        return None
    return (float(number) if isinstance(operator, ast.Mult) else 1 / float(number)), False


def _start(source: ast.expr) -> int | None:
    """Where a counter begins that goes up by one."""
    if not isinstance(source, ast.Call):
        return None
    name = source.func.attr if isinstance(source.func, ast.Attribute) else getattr(source.func, "id", "")
    if name == "tqdm" and source.args:
        return _start(source.args[0])
    if name not in COUNTED or source.keywords or len(source.args) not in (1, 2):
        return None
    first = source.args[0]
    if len(source.args) == 1:
        return 0
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, int) else None


def _rounds(trace: Trace, loop: ast.For, windows: Sequence[Window]) -> tuple[int, int] | None:
    """How many steps a round of a loop makes, and the line of the first update in it."""
    place = (loop.lineno, loop.col_offset + 1)
    sites = {s.number for s in trace.sites if s.kind == "For" and (s.span.row, s.span.column) == place}
    rounds = sorted(
        (a for a in trace.activities if a.kind == "round" and a.site in sites), key=lambda a: a.start
    )
    if len(rounds) < 2:
        return None
    counts = {sum(a.start <= w.start and w.end <= b.start for w in windows) for a, b in pairwise(rounds)}
    rows = [trace.sites[store.site].span.row for c in windows[0].parameters for store in c.stores]
    within = [row for row in rows if loop.lineno < row <= (loop.end_lineno or row)]
    if len(counts) != 1 or 0 in counts:
        return None
    return counts.pop(), min(within, default=loop.body[0].lineno)
