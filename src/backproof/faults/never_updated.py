"""The gradient of a parameter is computed and never reaches it.

## What it does
Finds a parameter that the loss depends on, whose gradient is computed and right, and which is the same
after the step as before. Also a first layer that the loop over the layers leaves out, and a statement that
computes the new value and binds it to nothing, as `b - lr * g` or `b == b - lr * g`, or to another name,
as `db = b - lr * db`.

## Why is this wrong?
The parameter stays as it was initialised. The others train around it and the loss falls, only less far. In
Python the usual reason is that `p = p - lr * g` inside a function or a loop gives the *local* name a new
array and leaves the original alone, while `p -= lr * g` changes the array itself.

## Example
```python
def update(parameters, gradients):
    for p, g in zip(parameters, gradients):
        p = p - lr * g


error = x @ W + b - t
loss = 0.5 * np.sum(error**2)
update([W, b], [x.T @ error, error.sum(axis=0)])
```

## Use instead
```python
def update(parameters, gradients):
    for p, g in zip(parameters, gradients):
        p -= lr * g


error = x @ W + b - t
loss = 0.5 * np.sum(error**2)
update([W, b], [x.T @ error, error.sum(axis=0)])
```

## How the derivation goes
There is nothing wrong with the derivatives: with e = xW + b − t, ∂L/∂W = xᵀe and ∂L/∂b = Σe. What is
missing is the last line of the algorithm, for each parameter p:

    p ← p − lr · ∂L/∂p.

The arrow means that the *next forward pass* reads the new value. A name that ends with its function cannot
do that; nor can a copy, a slice of fancy indices, or an item of a list that was rebuilt.

## Fix safety
`p = p - …` becomes `p -= …`, or the missing update is written like those beside it. An in-place update of
an array that other names share changes those too, so the mended program is run to verify it. Frozen
parameters are a choice: suppress the rule where one is meant.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from backproof.check.dropped import Dropped, statement_of
from backproof.check.gradient_names import last_word
from backproof.faults.rule import Rule
from backproof.source import Edit
from backproof.trace import Site, Trace

RATE = re.compile(r"([\w.]+) \* ")
WORD = re.compile(r"[A-Za-z_]\w*")
ITEM = re.compile(r"(?P<target>[\w.]+\[(?P<index>\w+)\])(?P<operator>\s*[-+]?=\s*)(?P<value>.+)")
OWNED = re.compile(r"\w+ = \w+(\.\w+|\[[^\[\]]*\])+")

RULE = Rule(
    code="BP305",
    name="never-updated",
    group="update",
    summary="A parameter has a gradient but no update, or its gradient is dropped.",
)


def in_place(trace: Trace, statement: Site, number: bool = False) -> tuple[Edit, ...]:
    """``w -= step`` for ``w = w - step``: the array itself changes, not the name alone.

    A number cannot change: there the place that it was read from is updated, as ``layer.b`` where ``b`` was
    bound to that. No edit where it is neither.
    """
    if number:
        return _at_its_owner(trace, statement)
    value = next(
        (
            s
            for s in trace.sites
            if s.statement == statement.number and s.parent is None and s.kind == "BinOp"
        ),
        None,
    )
    if statement.kind != "Assign" or value is None or value.detail not in ("+", "-"):
        return ()
    left, right = (trace.sites[number] for number in value.children[:2])
    if left.text != value.target:
        return ()
    return (Edit(statement.span, f"{left.text} {value.detail}= {right.text}"),)


def _at_its_owner(trace: Trace, statement: Site) -> tuple[Edit, ...]:
    """The update, of what a name was bound to, for one of the name."""
    name, operator, step = re.split(r"\s*([-+]?=)\s*", statement.text, maxsplit=1)
    bound = [
        site
        for site in trace.sites
        if site.kind == "Assign"
        and (site.scope, site.file) == (statement.scope, statement.file)
        and site.span.row < statement.span.row
        and OWNED.fullmatch(site.text)
        and site.text.startswith(f"{name} = ")
    ]
    if not bound:
        return ()
    owner = max(bound, key=lambda site: site.span.row).text.partition(" = ")[2]
    if operator == "=":
        old = re.match(rf"{re.escape(name)} ([-+]) ", step)
        if old is None:
            return ()
        operator, step = f"{old[1]}=", step[old.end() :]
    return (Edit(statement.span, f"{owner} {operator} {step}"),)


def lines_behind(trace: Trace, beside: Site, texts: Sequence[str]) -> Edit | None:
    """The edit that puts statements behind another one; None where that has no lines of its own."""
    lines = trace.files[beside.file].split("\n")
    indent = lines[beside.span.row - 1][: beside.span.column - 1]
    if indent.strip() or beside.span.end_row >= len(lines):
        return None
    below = beside.span.end_row + 1
    where = replace(beside.span, row=below, column=1, end_row=below, end_column=1)
    return Edit(where, "".join(f"{indent}{text}\n" for text in texts))


def missing_update(trace: Trace, dropped: Dropped) -> tuple[str, tuple[Edit, ...]] | None:
    """Write the update that is missing like the one beside it, in the words that belong to it.

    The text of the statement, and the edit that puts it behind the other. None where it cannot be written so.
    """
    beside = statement_of(trace, dropped.sibling)
    if (apart := _behind_its_loop(trace, beside, dropped)) is not None:
        return apart
    text = _reworded(trace, beside, dropped)
    edit = None if text is None else lines_behind(trace, beside, [text])
    return None if text is None or edit is None else (text, (edit,))


def _behind_its_loop(trace: Trace, beside: Site, dropped: Dropped) -> tuple[str, tuple[Edit, ...]] | None:
    """Write the update of a number like that of one item of a list, behind the loop over the items."""
    items = ITEM.fullmatch(beside.text)
    if items is None or dropped.called is None or np.ndim(dropped.leaf.value) or "[" in dropped.name:
        return None
    index, value = items["index"], items["value"]
    held = re.compile(rf"[\w.]+\[{re.escape(index)}\]")
    gradients = {text for text in held.findall(value) if text != items["target"]}
    if len(gradients) != 1 or items["target"].partition("[")[0] != dropped.sibling.name.partition("[")[0]:
        return None
    value = value.replace(gradients.pop(), dropped.called).replace(items["target"], dropped.name)
    around = [
        node
        for node in ast.walk(ast.parse(trace.files[beside.file]))
        if isinstance(node, ast.For)
        and node.lineno < beside.span.row <= (node.end_lineno or 0)
        and any(isinstance(n, ast.Name) and n.id == index for n in ast.walk(node.target))
    ]
    if not around:
        return None
    loop = max(around, key=lambda node: node.lineno)
    below = (loop.end_lineno or 0) + 1
    if below > len(trace.files[beside.file].split("\n")):
        return None
    text = f"{dropped.name}{items['operator']}{value}"
    where = replace(beside.span, row=below, column=1, end_row=below, end_column=1)
    return text, (Edit(where, f"{' ' * loop.col_offset}{text}\n"),)


def _reworded(trace: Trace, beside: Site, dropped: Dropped) -> str | None:
    """The statement with the words for one parameter put in the place of those for the other."""
    old, new = last_word(dropped.sibling.name), last_word(dropped.name)
    if not old or not new or old == new or not re.search(rf"\b{old}\b", beside.text):
        return None
    target, operator, value = re.split(r"(\s*[-+]?=\s*)", beside.text, maxsplit=1)
    words = {w: w.replace(old, new) for w in WORD.findall(value) if old in w and w != old}
    words[old] = new
    renamed = WORD.sub(lambda m: words.get(m[0], m[0]), value)
    if not any(old in word for word in WORD.findall(value.replace(target.strip(), ""))):
        # the gradient is not called after its owner
        gradient = dropped.called
        other = _gradient_text(trace, beside, dropped) or _gradient_name(trace, value, dropped)
        if gradient is None or other is None:
            return None
        before, found, after = value.rpartition(other)
        kept = [WORD.sub(lambda m: words.get(m[0], m[0]), part) for part in (before, after)]
        renamed = gradient.join(kept) if found else renamed
    return re.sub(rf"\b{old}\b", new, target) + operator + renamed


def _gradient_text(trace: Trace, beside: Site, dropped: Dropped) -> str | None:
    """The factor of an update that has the shape of its parameter, where all others are single numbers."""
    shapes: dict[int, tuple[int, ...]] = {}
    for node in trace.nodes:
        if node.origin is not None:
            shapes[node.origin.site] = np.shape(node.value)
    shape = dropped.sibling.shape
    within = [s for s in trace.sites if s.statement == beside.number and s.parent is None]
    site = next((s for s in within if shapes.get(s.number) == shape and s.text != beside.target), None)
    while site is not None and _combines(site):
        parts = [trace.sites[number] for number in site.children]
        fitting = [p for p in parts if shapes.get(p.number) == shape and p.text != beside.target]
        if len(fitting) != 1:
            break
        site = fitting[0]
    return None if site is None or _combines(site) else _without_rate(trace, site)


def _without_rate(trace: Trace, site: Site) -> str:
    """The text of a gradient; of `0.1 * x.T @ g` what is behind the number."""
    if site.kind != "BinOp" or site.detail != "@":
        return site.text
    numbers = {b.name for b in trace.bindings if np.ndim(b.node.value) == 0}
    first = RATE.match(site.text)
    is_number = first is not None and (first[1] in numbers or first[1][0].isdigit())
    return site.text[first.end() :] if first is not None and is_number else site.text


def _combines(site: Site) -> bool:
    return site.kind == "BinOp" and site.detail in ("*", "/", "-", "+")


def _gradient_name(trace: Trace, value: str, dropped: Dropped) -> str | None:
    """The name in an update that holds the gradient: of the shape of the parameter, and not itself."""
    shape = dropped.sibling.shape
    named = {b.name for b in trace.bindings if np.shape(b.node.value) == shape}
    old = last_word(dropped.sibling.name)
    found = [w for w in WORD.findall(value) if w in named and w != old]
    return found[-1] if found else None
