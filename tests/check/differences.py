"""The truth without backproof: the update that a program makes, held against finite differences of its loss.

A program is run up to one round of its training loop, again and again; before that round the parameters are
moved a little along a random direction, and the loss of the round is read. The differences of the loss are
held against the update (or the gradient) along the same directions, up to one common positive factor.
"""

from __future__ import annotations

import ast
import contextlib
import io
import random
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

ENTER, PRECISE, MOVED, LEAVE = "__enter_round__", "__precise__", "__moved__", "__leave_round__"
SHIFT = 1e-5
DIRECTIONS = 3


class RoundOver(BaseException):
    """Ends a program when the round that was asked for is over."""


@dataclass(frozen=True, slots=True)
class Step:
    """Where a program's training step is, and what to read there.

    ``loop`` is the text that the line of the step's loop begins with; ``parameters`` are expressions that are
    read when a round begins and again when it ends; ``loss`` is read when it ends, or, where ``early``,
    when it begins. ``gradients`` are read at the end instead of the update where the optimizer bends it.
    ``number`` says which round is looked at, from 1.
    """

    loop: str
    parameters: tuple[str, ...]
    loss: str
    gradients: tuple[str, ...] = ()
    early: bool = False
    number: int = 3
    helper: str = ""
    precise: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Round:
    """What one run showed: the parameters before and after the round, the gradients, and the loss."""

    before: tuple[np.ndarray, ...]
    after: tuple[np.ndarray, ...]
    gradients: tuple[np.ndarray, ...]
    loss: float


def mismatch(text: str, step: Step) -> float:
    """How far the update of a program is from the gradient of its loss; 0 is exact, 1 has nothing in common.

    The largest difference of any parameter, relative to the size of that parameter's gradient, after the
    best common positive factor.
    """
    code = _instrumented(text, step)
    base = _run(code, step, {})
    generator = np.random.default_rng(99)
    pairs: list[tuple[np.ndarray, np.ndarray]] = []
    for number, value in enumerate(base.before):
        applied = base.gradients[number] if step.gradients else base.before[number] - base.after[number]
        if applied.shape != value.shape:
            return float("inf")
        along, slopes = [], []
        for _ in range(DIRECTIONS if value.size > 1 else 1):
            direction = generator.standard_normal(value.shape)
            up = _run(code, step, {number: SHIFT * direction}).loss
            down = _run(code, step, {number: -SHIFT * direction}).loss
            slopes.append((up - down) / (2 * SHIFT))
            along.append(float(np.sum(applied * direction)))
        pairs.append((np.array(along), np.array(slopes)))
    factors = [float(a @ s / (s @ s)) for a, s in pairs if np.any(s)]
    positive = sorted(f for f in factors if f > 0)
    if not positive:
        return float("inf")
    factor = positive[len(positive) // 2]
    return max(_distance(a, factor * s) for a, s in pairs)


def _distance(ours: np.ndarray, theirs: np.ndarray) -> float:
    size = max(float(np.linalg.norm(ours)), float(np.linalg.norm(theirs)), 1e-300)
    return float(np.linalg.norm(ours - theirs)) / size


def parameters(text: str, step: Step) -> tuple[np.ndarray, ...]:
    """Give the values that the parameters have when the round begins."""
    return observed(text, step).before


def observed(text: str, step: Step) -> Round:
    """Run a program to the end of the round; what it raises is raised, in frames of ``program.py``."""
    return _run(_instrumented(text, step), step, {})


def _instrumented(text: str, step: Step) -> Any:
    """Compile the program with calls at the start and at the end of every round of its training loop."""
    tree = ast.parse(text)
    rows = [k for k, line in enumerate(text.split("\n"), 1) if line.strip().startswith(step.loop)]
    if len(rows) != 1:
        raise ValueError(f"the line {step.loop!r} stands {len(rows)} times in the program")
    loop = next(
        node for node in ast.walk(tree) if isinstance(node, ast.For | ast.While) and node.lineno == rows[0]
    )
    precise = [f"{text} = {PRECISE}({text})" for text in step.precise]
    moved = [f"{text} = {MOVED}({k}, {text})" for k, text in enumerate(step.parameters)]
    enter = [f"{ENTER}(globals())", *precise, *moved, f"{LEAVE}(globals(), locals(), True)"]
    leave = [f"{LEAVE}(globals(), locals(), False)"]
    loop.body = [*ast.parse("\n".join(enter)).body, *loop.body, *ast.parse("\n".join(leave)).body]
    return compile(ast.fix_missing_locations(tree), "program.py", "exec")


def _run(code: Any, step: Step, moves: Mapping[int, np.ndarray]) -> Round:
    """Run the program to the end of the round, with some parameters moved when it begins."""
    seen: dict[str, Any] = {"round": 0, "before": {}}

    def enter(outer: dict[str, Any]) -> None:
        seen["round"] += 1
        if seen["round"] == 1:
            exec(step.helper, outer)

    def moved(number: int, value: Any) -> Any:
        if seen["round"] != step.number:
            return value
        seen["before"][number] = np.array(value, dtype=float)
        return _moved(value, moves[number]) if number in moves else value

    def look(outer: dict[str, Any], inner: dict[str, Any], early: bool) -> None:
        if seen["round"] != step.number:
            return
        names = {**outer, **inner}
        if early == step.early:
            seen["loss"] = _number(eval(step.loss, names))
        if not early:
            seen["after"] = _read(step.parameters, names)
            seen["gradients"] = _read(step.gradients, names)
            raise RoundOver

    space: dict[str, Any] = {
        "__name__": "__main__",
        ENTER: enter,
        MOVED: moved,
        LEAVE: look,
        PRECISE: np.float64,
    }
    with _Undisturbed(), contextlib.suppress(RoundOver):
        exec(code, space)
    if "after" not in seen:
        raise ValueError("the program never reached the end of the round")
    before = tuple(seen["before"][k] for k in range(len(step.parameters)))
    return Round(before, seen["after"], seen["gradients"], seen["loss"])


def _read(texts: Sequence[str], names: dict[str, Any]) -> tuple[np.ndarray, ...]:
    return tuple(np.array(eval(text, names), dtype=float) for text in texts)


def _moved(value: Any, move: np.ndarray) -> Any:
    """Move a parameter: arrays and lists in place, as their other names have to see it; numbers anew."""
    if isinstance(value, np.ndarray) and value.ndim:
        value += move.reshape(value.shape)
        return value
    if isinstance(value, list):
        value[:] = [_moved(item, part) for item, part in zip(value, move, strict=True)]
        return value
    return value + (move if isinstance(value, np.ndarray) else float(move))


def _number(value: Any) -> float:
    array = np.asarray(value, dtype=float)
    if array.size != 1:
        raise ValueError(f"the loss is no number but has shape {array.shape}")
    return float(array.reshape(()))


class _Undisturbed(contextlib.ExitStack):
    """Prints go nowhere, warnings are shown to nobody, and the state of the random generators is kept."""

    def __enter__(self) -> _Undisturbed:
        super().__enter__()
        self.enter_context(contextlib.redirect_stdout(io.StringIO()))
        self.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        here, there = random.getstate(), np.random.get_state()
        self.callback(random.setstate, here)
        self.callback(np.random.set_state, there)
        return self
