"""The predictions meet the targets in another shape, and NumPy makes a table of every pair of them.

## What it does
Finds a loss, or the error that the gradients are made of, in which a column of shape (n, 1) meets a row of
shape (n,): the result has n rows and n columns, each prediction against each target. Reported as an error
where the gradients come true, or the program runs, once the shapes agree; as a warning where the gradients
are those of the table itself.

## Why is this wrong?
Nothing crashes, and the loss falls: towards what it costs to predict the mean of all targets for every
sample, which is the best that can be done for a table of all pairs. The network learns to ignore its input.

## Example
```python
target = t[:, 0]
out = x @ W[:, :1] + b[:1]
error = out - target
loss = 0.5 * np.sum((out[:, 0] - target) ** 2)

dW = np.zeros_like(W)
dW[:, :1] = (x.T @ error).sum(axis=1, keepdims=True)
```

## Use instead
```python
target = t[:, :1]
out = x @ W[:, :1] + b[:1]
error = out - target
loss = 0.5 * np.sum((out - target) ** 2)

dW = np.zeros_like(W)
dW[:, :1] = (x.T @ error).sum(axis=1, keepdims=True)
```

## How the derivation goes
NumPy aligns shapes from the right and repeats axes of length one, so (n, 1) − (n,) is (n, 1) − (1, n):

    E_ij = out_i − t_j,        Σ_ij E_ij² = n Σ_i (out_i − mean(t))² + n Σ_j (t_j − mean(t))².

The second sum has no prediction in it. What is left to learn is the mean of the targets, the same for each
sample, whatever the input is.

## Fix safety
The targets are brought into the shape of the predictions, where they are made or where they are used:
`.reshape(-1, 1)`, `.ravel()` or `.T`. The mended program is run, and its gradients are held against those of
its loss. Pairs that are written as such, with `None` or `np.newaxis`, are taken as meant.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from backproof.faults.correction import bracketed
from backproof.faults.rule import Rule
from backproof.graph import Node
from backproof.graph.node import shape_of
from backproof.source import Edit
from backproof.trace import Site, Trace

RULE = Rule(
    code="BP205",
    name="accidental-broadcast",
    group="shape",
    summary="Predictions and targets of different shapes are combined into a table of every pair.",
)
MEETING = frozenset({"subtract", "add", "multiply"})
MEANT = ("None", "newaxis", "expand_dims", "outer")
POSTFIX = 9  # how tightly an expression binds that something is read of


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Crossing:
    """An expression in which a column meets a row: where it is, what is given there, and what is computed."""

    site: Site
    given: Node
    read: Site
    computed: Node
    shape: tuple[int, ...]

    @property
    def reshaped(self) -> str:
        """What brings the targets into the shape of the predictions, as it is written behind them."""
        if len(shape_of(self.computed)) == 1:
            return ".ravel()"
        return ".reshape(-1, 1)" if len(shape_of(self.given)) == 1 else ".T"

    def used(self) -> tuple[Edit, str]:
        """The edit of the targets where they meet the predictions, and how the expression reads then."""
        span, whole = self.read.span, self.site
        text = f"{bracketed(self.read.text, POSTFIX)}{self.reshaped}"
        if span.row == whole.span.row and span.end_row == whole.span.end_row == span.row:
            start, end = span.column - whole.span.column, span.end_column - whole.span.column
            return Edit(span, text), f"{whole.text[:start]}{text}{whole.text[end:]}"
        return Edit(span, text), text

    def made(self, trace: Trace) -> tuple[Edit, Site] | None:
        """The edit of the targets where they are bound to their name; None where that is not seen."""
        origin = self.given.origin
        if origin is None or origin.site < 0:
            return None
        maker = trace.sites[origin.site]
        if maker.target is None or maker.target != self.read.text:
            return None
        return Edit(maker.span, f"{bracketed(maker.text, POSTFIX)}{self.reshaped}"), maker


def crossings(
    trace: Trace, nodes: Iterable[Node], moving: Collection[Node] | None = None
) -> Iterator[Crossing]:
    """The expressions in which one of two values, both of n numbers, is a column and the other a row.

    One of them hangs on parameters, those in ``moving``, or else was computed later than the other.
    """
    seen: set[int] = set()
    for node in nodes:
        if node.operation not in MEETING or node.origin is None or node.origin.site in seen:
            continue
        shapes = tuple(map(shape_of, node.operands))
        if not _cross(*shapes):
            continue
        first, second = node.operands
        if moving is not None:
            if (first in moving) == (second in moving):
                continue
            position = 1 if first in moving else 0
        else:
            times = [-1 if n.origin is None else n.origin.time for n in node.operands]
            position = 0 if times[0] < times[1] else 1
        given, computed = node.operands[position], node.operands[1 - position]
        sites = node.origin.operand_sites
        if node.origin.site < 0 or len(sites) != 2 or sites[position] is None or not computed.operands:
            continue
        site, read = trace.sites[node.origin.site], trace.sites[sites[position]]
        if site.kind != "BinOp" or any(word in site.text for word in MEANT):
            continue
        seen.add(node.origin.site)
        yield Crossing(site, given, read, computed, shape_of(node))


def _cross(first: tuple[int, ...], second: tuple[int, ...]) -> bool:
    """Is one a column of n numbers, and the other a row of n, n being more than one?"""
    for column, row in ((first, second), (second, first)):
        if len(column) == 2 and column[1] == 1 and column[0] > 1:
            return row in ((column[0],), (1, column[0]))
    return False
