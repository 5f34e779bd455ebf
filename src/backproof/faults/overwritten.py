"""An array of the forward pass was changed in place before the backward pass has read it.

## What it does
Finds a read in the backward pass that gets another value than the forward pass has used, because an
in-place operation (`-=`, `a[i] = v`, `out=`) or a second name for the same array has changed it. Also an
array that was made once and stored in several places.

## Why is this wrong?
`h = z` does not copy: both names are one array. What the formula says is right, and what it reads is not;
so staring at the formula does not help.

## Example
```python
z = x @ W
h = np.tanh(z, out=z)
loss = 0.5 * np.sum((h - t) ** 2)

dW = x.T @ ((h - t) * (1 - np.tanh(z) ** 2))
```

## Use instead
```python
z = x @ W
h = np.tanh(z)
loss = 0.5 * np.sum((h - t) ** 2)

dW = x.T @ ((h - t) * (1 - np.tanh(z) ** 2))
```

## How the derivation goes
For h = tanh(z) and L = ½Σ(h − t)²,

    ∂L/∂z = (h − t) ⊙ (1 − tanh²(z)),

with the z of the forward pass. In the Example z holds tanh of it by then, and the slope is computed at h: 1
− tanh²(h), which is too large wherever the unit is saturated. Written with what is left, 1 − h², it would
be right in both programs.

Which values the backward pass needs is known from the operations: a product needs both operands, tanh its
input or its result, a sum nothing but the shape. Everything else may be overwritten.

## Fix safety
The operation is made to give a new array (`np.tanh(z)`, `a = a - b`, `.copy()`), which costs its memory.
Verified at fresh points and by a run.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from backproof.check.overwritten import read_by, seen_anew, versions
from backproof.check.place import Place
from backproof.check.trial import Bench, Edge
from backproof.faults.correction import Correction, Part
from backproof.faults.rule import Rule
from backproof.graph import Node, unnamed
from backproof.source import Edit
from backproof.trace import Site, Store, Trace

NAME = re.compile(r"[A-Za-z_]\w*")

RULE = Rule(
    code="BP304",
    name="overwritten",
    group="update",
    summary="A value that the backward pass needs was overwritten in place.",
)


def proposals(places: list[Place]) -> Iterator[Correction]:
    """Let reads in the backward pass see an array as it was before something was written into it."""
    if not places:
        return
    scenery = places[0].scenery
    step = scenery.bench.step
    first, written = versions(scenery.bench)
    anew = seen_anew(scenery.bench, first)
    for view, (before, base) in anew.items():
        first[view], written[view] = before, written[base]
    reading: dict[int, list[Edge]] = defaultdict(list)
    for site, edge in scenery.bench.reads:
        if unnamed(edge.operand) in first and edge.consumer not in anew:
            reading[site].append(edge)
    sites = step.trace.sites
    readers = [Place(scenery, sites[number], tuple(edges)) for number, edges in reading.items()]
    readers = [place for place in readers if place.site.kind not in ("AugAssign", "Assign")]
    alike: dict[tuple[Store, str], list[Place]] = defaultdict(list)
    for place in readers:
        alike[read_by(step, place, first, written)].append(place)
    for place in readers:
        store, text = read_by(step, place, first, written)
        row = step.trace.sites[store.site].span.row
        why = f"line {row} has written into the array that `{place.text}` needs as it was"
        alias = _shared(step.trace, store, place.text)
        edits, expected = _kept(place, store)
        if not text and (alias.target == place.text if alias is not None else not edits):
            continue  # a parameter has the number by its own name, or is read by the name for the copy
        if alias is not None:
            edits, expected = copying(alias), f"{alias.text}.copy()"
        elif not edits and (argument := _argument(step.trace, store)) is not None:
            edits, expected = argument

        def original(edge: Edge) -> Node | None:
            return first.get(unnamed(edge.operand))

        def previous(edge: Edge) -> Node | None:
            return _before(edge, scenery.bench, written)

        together = alike[store, text] if alias is not None else [place]
        together = [p for p in together if text or alias is None or alias.target != p.text]
        if place is not together[0]:
            continue  # a copy where the name is given is one for all that read it
        for build in (original, previous):
            yield Correction(
                "overwritten",
                tuple(Part(each, each.text, build) for each in together),
                1.15 if alias is not None else 1.6 if edits else 1.9,
                why,
                at=alias,
                expected=expected,
                edits=edits,
            )


def _before(edge: Edge, bench: Bench, written: dict[Node, Store]) -> Node | None:
    """What the array was before the last write."""
    before = written[unnamed(edge.operand)].before if unnamed(edge.operand) in written else None
    return None if before is None else bench.step.copies.get(before)


def _shared(trace: Trace, store: Store, text: str) -> Site | None:
    """Where the name that was written through was given to an array that has another name already.

    Or where the array was kept, under the name of ``text``, by which it is read.
    """
    here = trace.sites[store.site]
    statement = here if here.statement is None else trace.sites[here.statement]
    name = NAME.match(statement.text.strip())
    if name is None:
        return None
    found = [
        s
        for s in trace.sites
        if (s.target == name[0] or (s.target == text and s.text == name[0]))
        and s.kind in ("Name", "Attribute", "Subscript")
        and s.parent is None
        and (s.file, s.scope) == (here.file, here.scope)
        and s.span.row <= here.span.row
    ]
    return found[-1] if found else None


def _kept(place: Place, store: Store) -> tuple[tuple[Edit, ...], str]:
    """Edits that keep a copy of the array before the write, and read that; and what is to be read then."""
    trace, name = place.trace, f"{place.text}_before"
    here = trace.sites[store.site]
    statement = here if here.statement is None else trace.sites[here.statement]
    row = statement.span.row
    line = trace.files[statement.file].split("\n")[row - 1]
    indent = line[: statement.span.column - 1]
    same = (statement.file, statement.scope) == (place.site.file, place.site.scope)
    taken = any(name in site.text for site in trace.sites if site.file == statement.file)
    if not same or not place.text.isidentifier() or indent.strip() or taken:
        return (), f"{place.text} before line {row}"
    above = replace(statement.span, row=row, column=1, end_row=row, end_column=1)
    keep = Edit(above, f"{indent}{name} = {place.text}.copy()\n")
    return (keep, Edit(place.site.span, name)), name


def _argument(trace: Trace, store: Store) -> tuple[tuple[Edit, ...], str] | None:
    """Edits that let a function write into a copy of the argument that it is handed, and its new line.

    Whoever has handed the array over may need it as it was.
    """
    here = trace.sites[store.site]
    name = NAME.match((here if here.statement is None else trace.sites[here.statement]).text.strip())
    source = trace.files[here.file]
    try:
        around = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.FunctionDef)]
    except SyntaxError:
        return None
    around = [n for n in around if n.lineno <= here.span.row <= (n.end_lineno or n.lineno)]
    if name is None or not around:
        return None
    function = max(around, key=lambda n: n.lineno)
    arguments = {a.arg for a in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)}
    first = function.body[ast.get_docstring(function) is not None :][0]
    indent = source.split("\n")[first.lineno - 1][: first.col_offset]
    if name[0] not in arguments or indent.strip() or here.span.row < first.lineno:
        return None
    at = replace(here.span, row=first.lineno, column=1, end_row=first.lineno, end_column=1)
    copy = f"{name[0]} = {name[0]}.copy()"
    return (Edit(at, f"{indent}{copy}\n"),), f"{copy} where `{function.name}` begins"


def given(trace: Trace, name: str, reader: Site) -> Site | None:
    """Where a name was last given, above where it is read, to an array that has another already."""
    found = [
        s
        for s in trace.sites
        if s.target == name
        and s.kind in ("Name", "Attribute", "Subscript")
        and (s.parent is None or trace.sites[s.parent].kind == "Tuple")  # or one of several at once
        and (s.file, s.scope) == (reader.file, reader.scope)
        and s.span.row < reader.span.row
    ]
    return found[-1] if found else None


def copying(alias: Site) -> tuple[Edit, ...]:
    """The edit that makes a copy of an array where it is given another name."""
    end = replace(alias.span, row=alias.span.end_row, column=alias.span.end_column)
    return (Edit(end, ".copy()"),)
