"""The whole way of a derivation, from a program, a function of it, or a formula."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from backproof.check.judge import judge
from backproof.check.judgement import Judgement
from backproof.derive import Derivation, Forward, derivation, from_step, identifier, make
from backproof.derive.backward import backward
from backproof.derive.emit import followed
from backproof.derive.training import Training, recorded, untrained
from backproof.errors import DerivationError
from backproof.graph import Node, ancestors
from backproof.pipeline.observing import Options, observed
from backproof.runner import Runner
from backproof.source import Program
from backproof.step.cut import cut, dependent
from backproof.step.update import time_of
from backproof.trace import Trace, trace_program

Shape = tuple[int | str, ...]  # sizes, or letters that stand for any
LOSS, RESULT = "backproof_loss", "backproof_result"
SIZES = (7, 5, 3, 11, 13, 17, 19, 23)  # for shapes in letters: distinct and odd, so that no two are mixed up
CALL = """backproof_result = {call}
if isinstance(backproof_result, tuple):
    for backproof_loss in backproof_result:
        if getattr(backproof_loss, "size", 1) == 1:
            break
else:
    backproof_loss = backproof_result"""
CALLED = re.compile(r"loss|cost|err|mse|sse|nll|energy|objective|^[jelJEL]$", re.IGNORECASE)
SEEDED = "import random as _random, numpy as _np; _random.seed(0); _np.random.seed(0)\n"
DATA = re.compile(
    r"^(x|y|t|d|xs|ys|xb|yb|data|input|inputs|target|targets|label|labels|truth|mask|[xy]_.*)$", re.IGNORECASE
)
WEIGHT = re.compile(
    r"weight|bias|theta|param|kernel|embed|gamma|beta|^[wbuv]s?\d*$|^[wb]_|_[wb]\d*$"
    r"|(?-i:^[WUVK][a-z]{0,3}\d*$|^b[a-z]{1,2}\d*$)",
    re.IGNORECASE,
)
PLACE = re.compile(
    r"[\w.]+(\[['\"]?\w+['\"]?\]|\.\w+)*"
)  # a name, an item, an attribute; no part of an array
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


@dataclass(frozen=True, slots=True)
class Request:
    """What to derive: ``wrt`` what, which name is the loss, and shapes of what the program does not give."""

    wrt: tuple[str, ...] = ()
    loss: str | None = None
    shapes: Mapping[str, Shape] | None = None
    seconds: float = 20.0


def derive_program(program: Program, request: Request, runner: Runner | None = None) -> Derivation:
    """Derive the loss of a program by its parameters.

    Those that it updates, or by ``request.wrt``.

    Raises
    ------
    DerivationError
        When no loss or no parameter is found.
    """
    trace = trace_program(program, seconds=request.seconds, runner=runner)
    judgement = judge(trace, request.loss) if not request.wrt else None
    if judgement is not None and not _only_looks_like_training(judgement, trace):
        return derivation(from_step(judgement.step))
    try:
        return derivation(_without_updates(trace, program, request))
    except DerivationError:
        longer = None if request.wrt else _seen_longer(program, request, runner)
        if longer is None:
            raise
        return derivation(from_step(longer.step))


def _seen_longer(program: Program, request: Request, runner: Runner | None) -> Judgement | None:
    """The step of a program that was not seen to make one, looked at for as long as ``check`` does."""
    if runner is None:
        with Runner() as own:
            return _seen_longer(program, request, own)
    return observed(program, Options(runner, request.loss, seconds=request.seconds))[1]


def _only_looks_like_training(judgement: Judgement, trace: Trace) -> bool:
    """Is a state taken for a parameter, as it is replaced from itself, and the loss comes behind it all?"""
    if judgement.verdict.correct or judgement.step.hypothesis.stated or not judgement.windows:
        return False
    end = max(window.end for window in judgement.windows)
    losses = [b for b in trace.bindings if np.size(b.node.value) == 1 and CALLED.search(b.name)]
    return bool(losses) and all(b.time >= end for b in losses)


def derive_function(
    program: Program, function: str, request: Request, runner: Runner | None = None
) -> Derivation:
    """Derive what a function of a program returns by its arguments, or by ``request.wrt``.

    Raises
    ------
    DerivationError
        When there is no such function, or an argument has neither a value in the program nor a shape.
    """
    return derivation(_of_function(program, function, request, runner))


def train_function(
    program: Program,
    function: str,
    request: Request,
    rate: float | None,
    steps: int,
    runner: Runner | None = None,
) -> Training:
    """Minimise what a function returns by plain gradient descent, from the values that its arguments have.

    Raises
    ------
    DerivationError
        As `derive_function` does.
    """
    return untrained(_of_function(program, function, request, runner), rate, steps)


def _of_function(program: Program, function: str, request: Request, runner: Runner | None) -> Forward:
    """The forward pass of a function of a program."""
    text, arguments = _driver(program, function, request.shapes or {})
    wrt = request.wrt or tuple(a for a in arguments if not DATA.match(a)) or tuple(arguments)
    called = replace(request, wrt=wrt, loss=LOSS)
    driver = replace(program, text=text)
    trace = trace_program(driver, seconds=request.seconds, runner=runner)
    return _without_updates(trace, driver, called, function)


def train_program(
    program: Program, request: Request, rate: float | None, steps: int, runner: Runner | None = None
) -> Training:
    """Record the training that a program does, ``steps`` steps of it, to be written as another program.

    Random numbers that the program does not seed are those of the seed 0: all frameworks get the same.
    Where it updates nothing, its loss is minimised by plain gradient descent on the data that it has.

    Raises
    ------
    DerivationError
        When there is no loss, or its steps cannot be written as one loop.
    """
    if "__future__" not in program.text:  # else the program for one framework begins elsewhere than the next
        program = replace(program, text=SEEDED + program.text)
    trace = trace_program(program, steps=steps + 1, seconds=request.seconds, runner=runner)
    judgement = judge(trace, request.loss) if not request.wrt else None
    if judgement is None:
        return untrained(_without_updates(trace, program, request), rate, steps)
    step = judgement.step
    training = recorded(step, judgement.windows, from_step(step), rate, steps)
    followed(training)
    return training


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
        forward = _without_updates(trace, program, replace(request, loss="loss"))
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


def _driver(program: Program, function: str, shapes: Mapping[str, Shape]) -> tuple[str, list[str]]:
    """The definitions of a program, and one call of a function."""
    tree = ast.parse(program.text)
    found = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == function]
    if not found:
        there = ", ".join(n.name for n in tree.body if isinstance(n, ast.FunctionDef)) or "none"
        raise DerivationError(f"{program.filename} has no function '{function}'; it has: {there}.")
    kept = [
        n for n in tree.body if not isinstance(n, (ast.For, ast.While, ast.If, ast.Expr, ast.Try, ast.With))
    ]
    assigned = {
        target.id
        for n in kept
        for target in ast.walk(n)
        if isinstance(target, ast.Name) and isinstance(target.ctx, ast.Store)
    }
    arguments = [a.arg for a in found[-1].args.args]
    required = arguments[: len(arguments) - len(found[-1].args.defaults)]
    missing = [a for a in required if a not in shapes and a not in assigned]
    if missing:
        example = " ".join(f"{name}=5,3" for name in missing)
        raise DerivationError(
            f"{function} needs values for {', '.join(missing)}, which {program.filename} does not assign: "
            f"give their shapes, as in --shapes {example}."
        )
    lines = [ast.unparse(n) for n in kept] + [
        f"{name} = __import__('numpy').random.default_rng({k}).normal(size={shape!r})"
        for k, (name, shape) in enumerate(shapes.items())
    ]
    given = [a for a in arguments if a in shapes or a in assigned]
    only = [a.arg for a in found[-1].args.kwonlyargs if a.arg in shapes]
    call = ", ".join([f"{a}={a}" for a in [*given, *only]])
    return "\n".join([*lines, CALL.format(call=f"{function}({call})"), ""]), [*given, *only]


def _without_updates(trace: Trace, program: Program, request: Request, result: str | None = None) -> Forward:
    """The forward pass of a program that updates nothing, or not what is asked for.

    ``result`` is what a loss is called that has no name in the program, which then has to be computed first.
    """
    loss = _loss(trace, program, request.loss)
    time = time_of(loss)
    values = {}
    for binding in trace.bindings:
        if binding.time <= time and (binding.frame == 0 or binding.name not in values):
            values[binding.name] = binding.node
    above = set(ancestors([loss]))
    for store in trace.stores:
        label = trace.labels.get(store.place)
        if label is not None and store.time <= time and label not in values:
            values[label] = store.after
    for label, node in _held(trace, time):
        values.setdefault(label, node)
    if request.wrt:
        missing = [name for name in request.wrt if name not in values]
        if missing:
            raise DerivationError(f"--wrt: {program.filename} has no variable {', '.join(missing)}.")
        chosen = {values[name]: name for name in request.wrt}
        apart = [name for node, name in chosen.items() if node not in above]
        if apart:
            raise DerivationError(f"--wrt: the loss does not depend on {', '.join(apart)}.")
    else:
        chosen = {
            node: name
            for name, node in values.items()
            if node in above
            and PLACE.fullmatch(name)
            and WEIGHT.search(identifier(name))
            and np.asarray(node.value).dtype.kind == "f"
        }
        computed = dependent(ancestors([loss]), chosen)  # bn of W1 is called like a bias, and is none
        made = {n for n in chosen if any(o in computed for o in n.operands)}
        chosen = {node: name for node, name in chosen.items() if node not in made}
        chosen = dict(sorted(chosen.items(), key=lambda pair: time_of(pair[0])))
    if not chosen:
        raise DerivationError(
            f"{program.filename} computes a loss, but updates no parameter; "
            "name what to derive it by: --wrt NAMES."
        )
    copies = cut([loss], chosen)
    scalar = copies[loss]
    own = _own_name(loss)
    name = own or result or "loss"
    forward = make(trace, scalar, name, {copies[node]: text for node, text in chosen.items()}, copies)
    if own is None and forward.loss in forward.names:
        return replace(forward, written={forward.loss: forward.names[forward.loss]})
    return forward


def _own_name(loss: Node) -> str | None:
    """What the program calls its loss, which a function may return without a name."""
    while loss.name is None or loss.name in (LOSS, RESULT):
        if loss.operation != "identity":
            return None
        loss = loss.operands[0]
    return loss.name


def _held(trace: Trace, time: int) -> Iterator[tuple[str, Node]]:
    """What lists, dictionaries and objects hold that have a name: ``weights[0]``, ``net.layers[1].W``."""
    called: dict[int, str] = {}
    for holding in trace.holdings:
        kind, *place = holding.place
        if holding.time > time:
            continue
        if kind == "name" and place[0] == 0:
            label = str(place[1])
        elif kind == "item" and place[0] in called:
            label = f"{called[place[0]]}[{place[1]!r}]"
        elif kind == "attribute" and place[0] in called:
            label = f"{called[place[0]]}.{place[1]}"
        else:
            continue
        if isinstance(holding.content, Node):
            yield label, holding.content
        else:
            called.setdefault(holding.content, label)


def _loss(trace: Trace, program: Program, name: str | None) -> Node:
    """The scalar called ``name``, or the last one that is called a loss."""
    scalars = [
        b
        for b in trace.bindings
        if np.size(b.node.value) == 1 and np.asarray(b.node.value).dtype.kind == "f" and b.node.operands
    ]
    found = [b for b in scalars if (b.name == name if name else CALLED.search(b.name))]
    arrays = [b.node for b in trace.bindings if b.name == name and np.size(b.node.value) > 1]
    if not found and arrays:
        what = "what is returned" if name == LOSS else f"'{name}'"
        raise DerivationError(
            f"{program.filename}: {what} has the shape {np.shape(arrays[-1].value)}, and only one number "
            "can be derived: sum it up, or take its mean."
        )
    if not found:
        what = f"no scalar called '{name}'" if name else "no scalar that is called a loss"
        if program.filename == "formula" and trace.crash is not None:
            raise DerivationError(
                f"--formula cannot be computed with these --shapes: {trace.crash.message}."
                if trace.crash.kind != "NameError"
                else f"--formula: {trace.crash.message}; it may use what NumPy has."
            )
        if name == LOSS and trace.crash is not None:
            raise DerivationError(
                f"{program.filename} failed with these shapes, line {trace.crash.row}: "
                f"{trace.crash.kind}: {trace.crash.message}"
            )
        if trace.crash is not None:
            what += f" before it failed ({trace.crash.kind}: {trace.crash.message}, line {trace.crash.row})"
        raise DerivationError(f"{program.filename} computes {what}; --loss NAME says which it is.")
    return found[-1].node


def for_all_sizes(derive: Callable[[Request], Derivation], request: Request) -> Derivation:
    """Derive with shapes in letters: once, and again with other sizes, which must give the same text.

    Raises
    ------
    DerivationError
        When the text hangs on the sizes.
    """
    shapes = request.shapes or {}
    letters = sorted({n for shape in shapes.values() for n in shape if isinstance(n, str)})
    if not letters:
        return derive(request)
    if len(letters) > len(SIZES):
        raise DerivationError(f"--shapes: at most {len(SIZES)} different letters can be told apart.")
    numbers = {n for shape in shapes.values() for n in shape if isinstance(n, int)}
    free = [n for n in SIZES if n not in numbers]
    found = []
    for sizes in (free, free[::-1]):
        chosen = dict(zip(letters, sizes, strict=False))
        numeric: dict[str, Shape] = {
            name: tuple(chosen[n] if isinstance(n, str) else n for n in shape)
            for name, shape in shapes.items()
        }
        derived = derive(replace(request, shapes=numeric))
        found.append((derived, backward(derived).text, chosen))
    (first, text, chosen), (_, other_text, _) = found
    one, other = text.splitlines(), other_text.splitlines()
    if one != other:
        differing = next((a for a, b in zip(one, other, strict=False) if a != b), one[-1])
        raise DerivationError(f"--shapes: the result hangs on the sizes ({differing}); give them in numbers.")
    symbols = {size: letter for letter, size in chosen.items()}
    return replace(first, forward=replace(first.forward, symbols=symbols))


def parsed_shapes(texts: Sequence[str]) -> dict[str, Shape]:
    """Read ``W1=5,3 b=3 c=`` as shapes; sizes may be letters, ``W=(n,m)``.

    >>> parsed_shapes(["W=5,3", "b=3", "c=", "V=(n,m)"])
    {'W': (5, 3), 'b': (3,), 'c': (), 'V': ('n', 'm')}

    Raises
    ------
    DerivationError
        When a text is no shape.
    """
    shapes: dict[str, Shape] = {}
    for text in re.findall(r"\w+=\([^)]*\)|[^\s]+?(?=,\w+=|\s|$)", " ".join(texts)):
        name, equals, numbers = text.strip(",").partition("=")
        parts = [part.strip() for part in numbers.strip("()").split(",") if part.strip()]
        if not equals or not name.isidentifier() or not all(p.isdigit() or p.isidentifier() for p in parts):
            raise DerivationError(f"--shapes: {text!r} is no shape; write NAME=5,3 (a number: NAME=).")
        shapes[name] = tuple(int(part) if part.isdigit() else part for part in parts)
    return shapes
