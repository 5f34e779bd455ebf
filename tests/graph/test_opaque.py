from __future__ import annotations

import math

import numpy as np
import pytest

from backproof.errors import UnsupportedOperationError
from backproof.graph import OPERATIONS, Operand, adjoints, ancestors, apply, evaluate, leaf
from backproof.graph.operations.opaque import find_function, place
from backproof.notation import to_latex, to_numpy

from .table import slopes, weighted_sum

CALLS = [
    ([(5,)], {"function": "numpy.linalg.norm"}, 1e-7),
    ([(3, 5)], {"function": "numpy.linalg.norm", "keywords": {"axis": 1}}, 1e-7),
    ([(5,), (3,)], {"function": "numpy.convolve"}, 1e-13),
    ([(3,), (3,)], {"function": "numpy.vstack", "arguments": ([Operand(1), Operand(0)],)}, 1e-13),
    ([(3, 3)], {"function": "scipy.special.expit"}, 1e-13),
    (
        [(2, 3), (3,)],
        {"function": "numpy.tensordot", "arguments": (Operand(0), Operand(1)), "keywords": {"axes": 1}},
        1e-13,
    ),
]


@pytest.mark.parametrize(("shapes", "fields", "tolerance"), CALLS)
def test_numeric_derivatives(
    shapes: list[tuple[int, ...]], fields: dict[str, object], tolerance: float
) -> None:
    """A function that one can only call has derivatives: to rounding if complex numbers do, else nearly."""
    generator = np.random.default_rng(8)
    leaves = [leaf(generator.normal(size=shape)) for shape in shapes]
    loss = weighted_sum([apply("opaque", *leaves, **fields)], generator)
    by_adjoints, by_step, by_ridders, _ = slopes(loss, leaves, generator)
    assert by_adjoints == pytest.approx(by_ridders, rel=1e-6, abs=1e-8)
    assert by_adjoints == pytest.approx(by_step, rel=tolerance, abs=tolerance)


def test_it_is_flagged() -> None:
    """The records say that their derivatives are numeric, so that a report can say it."""
    x = leaf(np.array([3.0, 4.0]))
    gradient = adjoints(apply("opaque", x, function="numpy.linalg.norm"), [x])[x]
    np.testing.assert_allclose(gradient.value, [0.6, 0.8], rtol=1e-7)
    assert {n.operation for n in ancestors([gradient]) if n.operands} == {"opaque_vjp"}
    assert not OPERATIONS["opaque"].exact
    assert not OPERATIONS["opaque_vjp"].exact


def test_python_numbers() -> None:
    """Functions of math take numbers, in every precision and along a complex step."""
    x = leaf(3.5)
    z = apply("opaque", x, function="math.lgamma")
    digamma = 1.1031566406452432
    assert adjoints(z, [x])[x].value == pytest.approx(digamma, rel=1e-8)
    assert evaluate([z], {x: 3.5 + 1e-200j}, np.complex128)[z].imag == pytest.approx(
        digamma * 1e-200, rel=1e-8
    )
    assert evaluate([z], dtype=np.longdouble)[z] == pytest.approx(math.lgamma(3.5))


def test_double_precision_is_the_last_resort() -> None:
    """A function that refuses higher precision is called in double precision."""
    x = leaf(np.diag([2.0, 3.0]))
    z = apply("opaque", x, function="numpy.linalg.cholesky")
    np.testing.assert_allclose(evaluate([z], dtype=np.longdouble)[z], np.diag(np.sqrt([2.0, 3.0])))


def test_second_derivatives_are_refused() -> None:
    """A numeric derivative is not derived again; the message says what to do."""
    x = leaf(np.array([3.0, 4.0]))
    gradient = adjoints(apply("opaque", x, function="numpy.linalg.norm"), [x])[x]
    with pytest.raises(UnsupportedOperationError, match=r"numpy\.linalg\.norm has no derivative rule"):
        adjoints(apply("sum", gradient), [x])


def test_finding_functions() -> None:
    """A function is found in a module, in a submodule, or as a method of a class; else a sentence says so."""
    assert find_function("math.gamma") is math.gamma
    assert find_function("numpy.linalg.norm") is np.linalg.norm
    assert find_function("builtins.float.fromhex")("0x1p-1") == 0.5
    for path in ("no_such_module.f", "math.no_such_function", "f"):
        with pytest.raises(UnsupportedOperationError, match="to import"):
            find_function(path)


def test_placing_operands() -> None:
    """Operands go where their marks are, at any depth of the arguments."""
    arguments = (1, [Operand(1), (Operand(0), "a")], {"k": Operand(1)})
    assert place(arguments, ("x", "y")) == (1, ["y", ("x", "a")], {"k": "y"})


def test_texts() -> None:
    """The call is written as the user wrote it."""
    x, y = leaf(np.ones(3), "x"), leaf(np.ones(3), "y")
    fields = {"arguments": ([Operand(1), Operand(0)],), "keywords": {"dtype": float, "casting": "same_kind"}}
    z = apply("opaque", x, y, function="numpy.vstack", **fields)
    assert to_numpy(z) == "np.vstack([y, x], dtype=np.float64, casting='same_kind')"
    assert to_latex(z) == r"\operatorname{vstack}\left(x, y\right)"
