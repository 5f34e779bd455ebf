# ruff: noqa: ARG005, the signature of a rule never varies
from __future__ import annotations

import ast
import inspect
import itertools
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.special
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import backproof.graph
from backproof.graph import (
    OPERATIONS,
    Operation,
    adjoints,
    apply,
    evaluate,
    leaf,
    print_graph,
    simplify,
    verify,
)
from backproof.graph.operations import arrangement, elementwise, linear_algebra, opaque, reductions
from backproof.graph.operations.domain import REAL, one
from backproof.notation import to_latex, to_numpy

from .table import DERIVED, EXACT, draw, floating, slopes, weighted_sum

SEEDS = st.integers(0, 2**32 - 1)
FEW = settings(max_examples=8, deadline=None)
MANY = settings(max_examples=20, deadline=None)


def scale(*numbers: float) -> float:
    """Give the absolute error that sums of numbers of this size may have."""
    return 1e-9 * max(1.0, *map(abs, numbers))


@pytest.mark.parametrize("name", DERIVED)
@MANY
@given(seed=SEEDS)
def test_vjp_is_the_complex_step(name: str, seed: int) -> None:
    """Every rule gives the derivative that a complex step of the values gives, for random cotangents."""
    leaves, z = draw(name, seed)
    generator = np.random.default_rng(seed + 1)
    by_adjoints, by_step, _, _ = slopes(weighted_sum([z], generator), floating(leaves), generator)
    assert by_adjoints == pytest.approx(by_step, rel=1e-10, abs=scale(by_step))


@pytest.mark.parametrize("name", DERIVED)
@FEW
@given(seed=SEEDS)
def test_vjp_is_what_ridders_finds(name: str, seed: int) -> None:
    """Every rule gives the slope of the real values, so that no complex value can be wrong with its rule."""
    leaves, z = draw(name, seed)
    generator = np.random.default_rng(seed + 2)
    by_adjoints, _, by_ridders, error = slopes(weighted_sum([z], generator), floating(leaves), generator)
    assume(error < 1e-6 * max(1.0, abs(by_ridders)))  # no kink, no jump between the points
    assert by_adjoints == pytest.approx(by_ridders, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("name", DERIVED)
@FEW
@given(seed=SEEDS)
def test_second_order(name: str, seed: int) -> None:
    """The adjoints of the adjoints are the complex step of the adjoints: rules are made of rules."""
    leaves, z = draw(name, seed)
    wanted, generator = floating(leaves), np.random.default_rng(seed + 3)
    first = adjoints(weighted_sum([z], generator), wanted)
    by_adjoints, by_step, _, _ = slopes(
        weighted_sum([first[x] for x in wanted], generator), wanted, generator
    )
    assert by_adjoints == pytest.approx(by_step, rel=1e-9, abs=scale(by_step))


def test_the_vjp_tests_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule with a wrong factor, or one that works for cotangents of one only, is found."""
    good, generator = OPERATIONS["tanh"], np.random.default_rng(6)
    faults = (
        lambda g, z, x: apply("multiply", g, apply("subtract", 1.0, apply("square", x))),
        lambda g, z, x: apply("multiply", apply("square", g), apply("subtract", 1.0, apply("square", z))),
    )
    for rule in faults:
        monkeypatch.setitem(OPERATIONS, "tanh", replace(good, rules=(rule,)))
        with pytest.raises(AssertionError):
            test_vjp_is_the_complex_step.hypothesis.inner_test("tanh", 5)
        leaves, z = draw("tanh", 5)
        by_adjoints, _, by_ridders, error = slopes(weighted_sum([z], generator), leaves, generator)
        assert error < 1e-6
        assert by_adjoints != pytest.approx(by_ridders, rel=1e-3)


@pytest.mark.parametrize("name", sorted(OPERATIONS))
@MANY
@given(seed=SEEDS)
def test_value_is_numpys(name: str, seed: int) -> None:
    """The NumPy text of every record, evaluated by NumPy, gives the record's value, shape and kind."""
    leaves, z = draw(name, seed)
    names = {x.name: x.value for x in leaves}
    names |= {"np": np, "scipy": scipy, "math": math, "Operand": backproof.graph.Operand}
    expected = eval(to_numpy(z), {**names, "numeric_vjp": OPERATIONS["opaque_vjp"].value})
    assert np.shape(z.value) == np.shape(expected)
    assert np.asarray(z.value).dtype.kind == np.asarray(expected).dtype.kind
    np.testing.assert_allclose(z.value, expected, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("name", EXACT)
@FEW
@given(seed=SEEDS)
def test_value_in_higher_precision(name: str, seed: int) -> None:
    """Evaluation in higher precision stays there from operand to result, and agrees with double precision."""
    leaves, z = draw(name, seed)
    found = evaluate([z], dtype=np.longdouble)[z]
    if floating(leaves) and np.asarray(z.value).dtype.kind == "f":
        assert np.asarray(found).dtype == np.longdouble
    np.testing.assert_allclose(np.asarray(found, np.float64), z.value, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("name", EXACT)
@FEW
@given(seed=SEEDS)
def test_complex_value_has_the_real_one(name: str, seed: int) -> None:
    """Along a complex step the real part is the real value, and what is no number stays none."""
    leaves, z = draw(name, seed)
    moved = {x: x.value + 1e-200j for x in floating(leaves)}
    found = np.asarray(evaluate([z], moved, np.complex128)[z])
    if np.asarray(z.value).dtype.kind == "f":
        np.testing.assert_allclose(found.real, z.value, rtol=1e-12, atol=1e-13)
    elif np.asarray(z.value).dtype.kind in "bi":
        np.testing.assert_array_equal(found, z.value)


@pytest.mark.parametrize("name", DERIVED)
@FEW
@given(seed=SEEDS)
def test_vjp_of_some_operands(name: str, seed: int) -> None:
    """A vjp that is asked for some operands gives those as it would give all, and nothing else."""
    leaves, z = draw(name, seed)
    g = leaf(np.random.default_rng(seed + 4).normal(size=np.shape(z.value)))
    everything = OPERATIONS[name].vjp(g, z, *leaves)
    assert len(everything) == len(leaves)
    for k in range(len(leaves)):
        some = OPERATIONS[name].vjp(g, z, *leaves, wanted=[k])
        assert [j for j, c in enumerate(some) if c is not None] == [k] * (everything[k] is not None)
        if everything[k] is not None:
            np.testing.assert_array_equal(some[k].value, everything[k].value)


@pytest.mark.parametrize("record", [r for r in elementwise.RECORDS if r.arity == 2 and r.differentiable])
@FEW
@given(seed=SEEDS)
def test_no_elementwise_rule_un_broadcasts(record: Operation, seed: int) -> None:
    """Rules give cotangents of the shape of the result; only the reverse sweep sums them."""
    leaves, z = draw(record.name, seed)
    g = leaf(np.random.default_rng(seed).normal(size=np.shape(z.value)))
    for cotangent in record.vjp(g, z, *leaves):
        assert np.shape(cotangent.value) == np.shape(z.value)


def test_un_broadcasting_lives_in_one_place() -> None:
    """No module but the reverse sweep defines or uses un-broadcasting."""
    folder = Path(inspect.getfile(backproof.graph)).parent.parent
    users = {p.name for p in folder.rglob("*.py") if "un_broadcast" in p.read_text(encoding="utf-8")}
    assert users == {"adjoint.py"}


def test_records_are_complete() -> None:
    """Every record says its value, texts, domain, attributes, and a rule or None for each operand."""
    modules = (elementwise, reductions, linear_algebra, arrangement, opaque)
    records = list(itertools.chain.from_iterable(module.RECORDS for module in modules))
    assert [record.name for record in records] == list(OPERATIONS)
    for record in records:
        assert record.name.isidentifier()
        assert callable(record.value)
        assert record.numpy
        assert record.latex
        assert callable(record.domain)
        assert record.rules
        operands, attributes = record.domain(np.random.default_rng(7))
        assert record.arity in (None, len(operands))
        assert set(attributes) <= set(record.attributes)


def test_duplicates_are_refused() -> None:
    """The table cannot hold two records of one name."""
    source = Path(inspect.getfile(backproof.graph.operations)).read_text(encoding="utf-8")
    body = ast.parse(source)
    body.body = [statement for statement in body.body if isinstance(statement, ast.For)]
    names = {**vars(backproof.graph.operations), "OPERATIONS": {"tanh": OPERATIONS["tanh"]}}
    with pytest.raises(ValueError, match=r"two records .* 'tanh'"):
        exec(compile(body, "table", "exec"), names)


def test_an_operation_is_one_record(monkeypatch: pytest.MonkeyPatch) -> None:
    """A record put into the table is at once applied, derived, verified, simplified, evaluated, printed."""
    cube = Operation(
        *("cube", lambda x: x * x * x),
        (lambda g, z, x: apply("multiply", g, apply("multiply", 3.0, apply("square", x))),),
        *(one(REAL), "$0**3", "$0^{3}"),
    )
    monkeypatch.setitem(OPERATIONS, "cube", cube)
    x = leaf(np.array([0.5, -1.5, 2.0]), "x")
    loss = apply("sum", apply("cube", apply("add", x, 1.0)))
    (gradient,) = simplify([adjoints(loss, [x])[x]])
    verify([loss, gradient])
    np.testing.assert_allclose(gradient.value, 3 * (x.value + 1) ** 2)
    assert evaluate([loss], {x: np.zeros(3)})[loss] == 3.0
    assert to_numpy(loss) == "np.sum((x + 1)**3)"
    assert to_latex(loss) == r"\sum \left(x + 1\right)^{3}"
    assert "cube(%2)" in print_graph([loss])
    test_vjp_is_the_complex_step.hypothesis.inner_test("cube", 11)


@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_ties(name: str) -> None:
    """At a tie a constant wins, so relu has slope 0 at 0; two operands that vary share alike."""
    x, y = leaf(np.array([0.0, 2.0])), leaf(np.array([0.0, 3.0]))
    for operands in ((x, 0.0), (0.0, x)):
        gradient = adjoints(apply("sum", apply(name, *operands)), [x])[x]
        np.testing.assert_array_equal(gradient.value, [0.0, float(name == "maximum")])
    found = adjoints(apply("sum", apply(name, x, y)), [x, y])
    np.testing.assert_array_equal(found[x].value, [0.5, float(name == "minimum")])
    np.testing.assert_array_equal(found[y].value, [0.5, float(name == "maximum")])


def test_ties_of_max() -> None:
    """The elements that share the largest value share its cotangent alike."""
    x = leaf(np.array([[3.0, 1.0, 3.0], [0.0, 2.0, 1.0]]))
    loss = apply("sum", apply("multiply", apply("max", x, axis=1), np.array([5.0, 7.0])))
    np.testing.assert_array_equal(adjoints(loss, [x])[x].value, [[2.5, 0, 2.5], [0, 7, 0]])


def test_prod_at_zeros() -> None:
    """The product has its derivative also where factors are zero."""
    x = leaf(np.array([[2.0, 0.0, 5.0], [0.0, 3.0, 0.0]]))
    gradient = adjoints(apply("sum", apply("prod", x, axis=1)), [x])[x]
    np.testing.assert_array_equal(gradient.value, [[0, 10, 0], [0, 0, 0]])


def test_power_at_its_edges() -> None:
    """Powers have finite derivatives at a base of zero and exponents of 0, 1 and 2, constant or not."""
    for exponent, slope in ((0.0, 0.0), (1.0, 1.0), (2.0, 0.0), (3.0, 0.0)):
        x, y = leaf(0.0), leaf(exponent)
        assert adjoints(apply("power", x, exponent), [x])[x].value == slope
        found = adjoints(apply("power", x, y), [x, y])
        assert found[x].value == slope
        assert found[y].value == 0.0
    x = leaf(-1.5)
    assert adjoints(apply("power", x, 3), [x])[x].value == pytest.approx(6.75)


def test_repeated_indices_of_a_write() -> None:
    """Of the values that are written to one place only the last has a derivative; added ones all have."""
    x, v = leaf(np.zeros(3)), leaf(np.array([2.0, 3.0, 5.0]))
    weights = np.array([7.0, 11.0, 13.0])
    for name, expected in (("index_update", [0.0, 7.0, 13.0]), ("index_add", [7.0, 7.0, 13.0])):
        z = apply(name, x, v, index=np.array([0, 0, 2]))
        found = adjoints(apply("sum", apply("multiply", z, weights)), [v])
        np.testing.assert_array_equal(found[v].value, expected)


def test_python_numbers() -> None:
    """Python numbers are operands: no overflow, division by zero or domain error is ever raised."""
    for name, x, expected in (
        *[("exp", 1000.0, np.inf), ("log", 0.0, -np.inf), ("log", -1.0, np.nan), ("sqrt", -1.0, np.nan)],
        *[("sigmoid", -1000.0, 0.0), ("sigmoid", 1000.0, 1.0), ("softplus", 1000.0, 1000.0), ("exp", 0, 1.0)],
        *[
            ("sinh", 1000.0, np.inf),
            ("sin", np.inf, np.nan),
            ("square", 1e200, np.inf),
            ("reciprocal", 0, np.inf),
        ],
    ):
        assert apply(name, x).value == pytest.approx(expected, nan_ok=True)
    for name, x, y, expected in (
        *[("divide", 1.0, 0.0, np.inf), ("divide", 0, 0, np.nan), ("power", 10.0, 400.0, np.inf)],
        *[("power", 0.0, -1.0, np.inf), ("power", -8.0, 1 / 3, np.nan), ("power", 2, -1, 0.5)],
        *[
            ("remainder", 1.0, 0.0, np.nan),
            ("floor_divide", 1.0, 0.0, np.inf),
            ("multiply", 1e200, 1e200, np.inf),
        ],
    ):
        assert apply(name, x, y).value == pytest.approx(expected, nan_ok=True)


def test_sigmoid_is_stable() -> None:
    """The sigmoid has full relative precision on both sides, and so has softplus."""
    x = np.linspace(-700, 700, 1401)
    np.testing.assert_allclose(apply("sigmoid", x).value, scipy.special.expit(x), rtol=1e-14)
    np.testing.assert_allclose(apply("softplus", x[x < -40]).value, np.exp(x[x < -40]), rtol=1e-14)


def test_linear_algebra_in_higher_precision() -> None:
    """Inverse, solution and determinant are computed in higher precision, not rounded to double."""
    generator = np.random.default_rng(3)
    a, b = generator.normal(size=(2, 5, 5)).astype(np.longdouble), generator.normal(size=(2, 5, 3))
    x = leaf(a)
    inverse, solved, determinant = apply("inv", x), apply("solve", x, b), apply("det", x)
    values = evaluate([inverse, solved, determinant], dtype=np.longdouble)
    np.testing.assert_allclose(a @ values[inverse], np.broadcast_to(np.eye(5), (2, 5, 5)), atol=2e-16)
    np.testing.assert_allclose(a @ values[solved], b.astype(np.longdouble), rtol=0, atol=2e-16)
    np.testing.assert_allclose(
        values[determinant] * evaluate([d := apply("det", inverse)], dtype=np.longdouble)[d], 1, atol=1e-16
    )


def test_erf_in_higher_precision() -> None:
    """The error function has more than double precision there: 1 − erf is right where erf is nearly 1."""
    x = leaf(np.array([0.1, 1.0, 2.5, 5.0, 9.0]))
    z = apply("erf", x)
    found = 1 - evaluate([z], dtype=np.longdouble)[z]
    np.testing.assert_allclose(found[:4].astype(float), scipy.special.erfc(x.value[:4]), rtol=3e-7)
    assert found[4] == 0


def test_single_precision_stays() -> None:
    """Rules do not turn single into double precision: their numbers are Python's."""
    x = leaf(np.array([0.5, -1.5], np.float32))
    for name in ("tanh", "sigmoid", "exp", "square", "abs", "softplus", "arctan", "erf", "negative"):
        z = apply(name, x)
        (cotangent,) = OPERATIONS[name].vjp(leaf(np.ones(2, np.float32)), z, x)
        assert z.value.dtype == cotangent.value.dtype == np.float32, name


def test_assigning_into_integers_truncates() -> None:
    """A float written into an array of integers is cut as NumPy cuts it, also along a complex step."""
    v = leaf(2.7)
    z = apply("index_update", leaf(np.array([1, 2, 3])), v, index=1)
    np.testing.assert_array_equal(z.value, [1, 2, 3])
    np.testing.assert_array_equal(evaluate([z], {v: 5.9 + 1e-200j}, np.complex128)[z], [1, 5, 3])
