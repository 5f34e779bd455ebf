"""A corpus of forward passes: what is derived is their derivative, in every format."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from backproof.derive import Derivation
from backproof.derive.account import account
from backproof.derive.as_html import as_html
from backproof.derive.as_markdown import as_latex, as_markdown
from backproof.derive.as_python import as_python
from backproof.derive.as_text import as_text
from backproof.derive.backward import backward
from backproof.derive.points import random_points
from backproof.derive.statements import statements
from backproof.derive.verified import computed
from backproof.deriving import Request, derive_function, parsed_shapes
from backproof.graph import Node, evaluate
from backproof.runner import Runner
from backproof.source import read_program

CORPUS = Path(__file__).parent / "corpus"
DATA = {"x", "y", "t", "X", "Y", "Z", "R", "eps"}
FORMATS = (as_text, as_markdown, as_latex, as_html)
STEP = 1e-200


def members() -> Iterator[tuple[str, str, str]]:
    """The module, the name and the shapes of every function of the corpus."""
    for path in sorted(CORPUS.glob("*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and (ast.get_docstring(node) or "").endswith("."):
                yield path.stem, node.name, (ast.get_docstring(node) or "").rstrip(".")


MEMBERS = list(members())


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    """One process that runs all of them."""
    with Runner() as runner:
        yield runner


@cache
def derived(module: str, name: str, texts: str, runner: Runner) -> Derivation:
    """The derivation of one member, by what is no data."""
    shapes = parsed_shapes(texts.split())
    wrt = tuple(n for n in shapes if n not in DATA)
    program = read_program(str(CORPUS / f"{module}.py"))
    return derive_function(program, name, Request(wrt, shapes=shapes), runner)


def test_the_corpus_is_large() -> None:
    """There are at least sixty forward passes, all different."""
    assert len({name for _, name, _ in MEMBERS}) >= 60


@pytest.mark.parametrize(("module", "name", "shapes"), MEMBERS, ids=[f"{m}-{n}" for m, n, _ in MEMBERS])
def test_derived_python_is_the_derivative(module: str, name: str, shapes: str, runner: Runner) -> None:
    """What the text computes is the derivative by the complex step, and reads like one in every format."""
    found = derived(module, name, shapes, runner)
    forward = found.forward
    told, text = backward(found), statements(found)
    assert not re.search(r"\b1(\.0)? \*|\* 1(\.0)?\b(?!\.)|--|lambda|array of shape", text), text
    for point in random_points(forward, 1, seed=3):
        given = computed(found, text, point)
        looped = computed(told.loop or found, told.text, point)
        assert given is not None
        assert looped is not None
        values = {leaf: np.asarray(value, dtype=float) for leaf, value in point.items()}
        scale = 0.0
        rows: list[tuple[float, float, Node]] = []
        for leaf, value in values.items():
            for _ in range(3):
                drawn = np.random.default_rng(len(rows)).normal(size=value.shape)
                moved = {**forward.state, **point, leaf: value + 1j * STEP * drawn}
                true = float(np.imag(evaluate([forward.loss], moved, np.complex128)[forward.loss]) / STEP)
                rows += [(true, float(np.vdot(each[leaf], drawn)), leaf) for each in (given, looped)]
                scale = max(scale, abs(true))
        for true, ours, leaf in rows:
            assert abs(ours - true) <= 1e-9 * scale, (forward.names[leaf], ours, true, text)
    as_python(told)
    for write in FORMATS:
        written = write(account(found))
        assert "array of shape" not in written
