"""A whole training program in NumPy, PyTorch, JAX or TensorFlow, from a recorded training."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib import resources
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from backproof.derive.elements import WRITES
from backproof.derive.naming import fresh
from backproof.derive.plan import Derivation, Line
from backproof.derive.statements import written
from backproof.derive.training import Training
from backproof.errors import DerivationError
from backproof.graph import Node, ancestors, leaf
from backproof.graph.compositions import hidden
from backproof.notation.dialect import Dialect
from backproof.notation.dialects import DIALECTS

TOLERANCE = 1e-9  # of the largest weight, after all steps
SMALL = 2000  # numbers that still stand in the text of the program
WHOLES = frozenset({"sigmoid", "tanh", "relu", "softplus", "softmax"})


@dataclass(frozen=True, slots=True)
class Emitted:
    """A program, and the arrays that it reads from the file beside it; none where they stand in its text."""

    text: str
    arrays: Mapping[str, Any]


def emit(training: Training, framework: str, title: str, data_file: str | None) -> Emitted:
    """Write a training program for a framework.

    ``title`` says what it was made from, ``data_file`` is the name of the file for arrays too large to stand
    in the text.

    Raises
    ------
    DerivationError
        When an operation has no template there, or large data has no file.
    """
    from jinja2 import Environment, StrictUndefined

    dialect = DIALECTS[framework]
    derived = training.derived
    rule = training.rule
    state = {} if rule is None else {k: v for k, v in rule.state.items() if np.any(v)}
    empty = {} if rule is None else {k: np.shape(v) for k, v in rule.state.items() if k not in state}
    series = {f"{k}_steps": v for k, v in training.series.items()}
    arrays = {**training.weights, **state, **training.data, **series}
    numbers = sum(np.size(array) for array in arrays.values())
    small = numbers <= SMALL
    if not small and data_file is None:
        raise DerivationError(
            f"--emit: weights and data are {numbers} numbers; --output FILE.py writes the program, "
            "and FILE.npz with them beside it."
        )
    text = resources.files("backproof.derive").joinpath(f"emit_{framework}.py.jinja").read_text("utf-8")
    environment = Environment(
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
        autoescape=False,
    )
    forward = _forward(derived, dialect)
    found = environment.from_string(text).render(
        title=title,
        literals={name: literal_lines(array) for name, array in arrays.items()} if small else {},
        data_file=data_file,
        small=small,
        weights=list(training.weights),
        rates=training.rates,
        state=list(state),
        empty=empty,
        laws={} if rule is None else rule.laws,
        update=[] if rule is None else [(name, dialect.text(node)) for name, node in rule.lines],
        data=list(training.data),
        integers=[n for n, a in {**training.data, **training.series}.items() if a.dtype.kind in "iu"],
        series=list(training.series),
        picks=training.picks,
        given=[name for name in training.series if rule is None or name not in rule.series],
        steps=training.steps,
        forward=forward,
        backward=[t for line in derived.lines for t in written(line)] if framework == "numpy" else [],
        gradients={p.name: derived.gradients[p.leaf] for p in derived.forward.parameters},
        loss=derived.forward.loss_name,
        softmax=any("softmax(" in line for line in forward),
    )
    return Emitted(found, {} if small else arrays)


def followed(training: Training) -> None:
    """Run the program for NumPy, which has to end with the weights that the recorded one had.

    Raises
    ------
    DerivationError
        When it does not: then none is written.
    """
    if not training.ends:
        return
    with TemporaryDirectory() as folder:
        made = emit(training, "numpy", "", "data.npz")
        if made.arrays:
            np.savez(Path(folder) / "data.npz", **made.arrays)
        space: dict[str, Any] = {"__name__": "emitted", "__file__": str(Path(folder) / "net.py")}
        with np.errstate(all="ignore"), redirect_stdout(StringIO()):
            exec(compile(made.text, "<emitted>", "exec"), space)
    for name, true in training.ends.items():
        if not np.allclose(
            space[name], true, rtol=TOLERANCE, atol=TOLERANCE * np.max(np.abs(true), initial=0)
        ):
            raise DerivationError(
                f"--emit: after {training.steps} steps the program that was written has another {name} than "
                "yours, so it is not shown; --lr RATE writes plain gradient descent."
            )


def literal_lines(array: Any) -> str:
    """An array as Python that gives it back to the last digit."""
    array = np.asarray(array)
    if array.ndim == 0:
        return repr(array.item())
    return repr(array.tolist())


def _forward(derived: Derivation, dialect: Dialect) -> list[str]:
    """The forward pass as statements of a framework: known functions by their names there."""
    forward = derived.forward
    inside = hidden(derived.known.values())
    order = ancestors([forward.loss])
    whole: dict[Node, Node] = {}
    for node in order:
        known = derived.known.get(node)
        if known is not None and known.name in WHOLES and node not in inside:
            attributes = {} if known.axis is None else {"axis": known.axis}
            whole[node] = Node(known.name, (known.inner,), attributes, node.value)
    names = {n: name for n, name in forward.names.items() if name.isidentifier()}
    stack = [forward.loss]
    needed: set[Node] = set()
    while stack:
        node = stack.pop()
        if node not in needed:
            needed.add(node)
            stack.extend(whole[node].operands if node in whole else node.operands)
    uses: dict[Node, int] = {}
    for node in needed:
        for operand in whole.get(node, node).operands:
            uses[operand] = uses.get(operand, 0) + 1
    taken = set(names.values())
    filled = {n.operands[0] for n in needed if n.operation in WRITES}
    lines: list[str] = []
    for node in order:
        if node not in needed or not node.operands:
            continue
        used = uses.get(node, 0) > 1
        writes = node.operation in WRITES and dialect.name == "numpy" and node not in filled
        if not (node in names or node is forward.loss or used or writes):
            continue
        name = forward.loss_name if node is forward.loss else names.get(node) or fresh("v", taken)
        expression = _above(whole.get(node, node), names, whole)
        if expression.operation in WRITES and dialect.name == "numpy":
            lines.extend(written(Line(name, expression, None)))
        else:
            lines.append(f"{name} = {dialect.text(expression)}")
        names[node] = name
    return lines


def _above(root: Node, names: Mapping[Node, str], whole: Mapping[Node, Node]) -> Node:
    """What a value is computed from, down to what has a name; known functions whole."""
    copies: dict[Node, Node] = {}

    def copy(node: Node) -> Node:
        if node is not root and node in names:
            return leaf(node.value, names[node])
        here = whole.get(node, node)
        if not here.operands:
            return here
        if node not in copies:
            copies[node] = Node(
                here.operation, tuple(copy(o) for o in here.operands), here.attributes, here.value
            )
        return copies[node]

    return copy(root)
