"""A function of a program, called with what its arguments hold or with values of given shapes."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import replace

from backproof.derive import Derivation, Forward, derivation
from backproof.derive.training import Training, untrained
from backproof.deriving.losses import LOSS, without_updates
from backproof.deriving.request import Request, Shape
from backproof.errors import DerivationError
from backproof.runner import Runner
from backproof.source import Program
from backproof.trace import trace_program

CALL = """backproof_result = {call}
if isinstance(backproof_result, tuple):
    for backproof_loss in backproof_result:
        if getattr(backproof_loss, "size", 1) == 1:
            break
else:
    backproof_loss = backproof_result"""
DATA = re.compile(
    r"^(x|y|t|d|xs|ys|xb|yb|data|input|inputs|target|targets|label|labels|truth|mask|[xy]_.*)$", re.IGNORECASE
)


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
    return without_updates(trace, driver, called, function)


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
