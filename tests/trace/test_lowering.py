"""Every library call that is expressed in operations means what the library means, at any point."""

import numpy as np
import pytest
import scipy.special

from backproof.trace import lowering
from backproof.trace.hooks import calls

from .runs import evaluated, plainly, traced

# Expressions of x, shape (3, 2), w, shape (2, 3), v, shape (3,), s, shape (3, 3), and p, a float.
SAMPLES = """
np.negative(x); np.exp(x); np.log(x * x); np.log2(x * x); np.log10(x * x); np.sqrt(x * x); np.sin(x)
np.cos(x); np.tan(x); np.tanh(x); np.sinh(x); np.cosh(x); np.arctan(x); np.arcsin(x / 3); np.arccos(x / 3)
np.sign(x); np.log1p(x * x); np.expm1(x); np.square(x); np.reciprocal(x); np.floor(x) * x; np.ceil(x) * x
np.logical_not(x > 0) * x; np.isnan(x) * x; np.isfinite(x) * x; np.add(x, w.T); np.subtract(x, w.T)
np.multiply(x, w.T); np.divide(x, w.T); np.power(x * x, 1.5); np.maximum(x, w.T); np.minimum(x, 0.5)
np.floor_divide(x, 0.3) * x; np.remainder(x, 0.3); np.arctan2(x, w.T); np.hypot(x, w.T)
np.logaddexp(x, w.T); np.greater(x, 0) * x; np.greater_equal(x, 0) * x; np.less(x, 0) * x
np.less_equal(x, 0) * x; np.equal(x, x) * x; np.not_equal(x, 0) * x; np.abs(x); np.fabs(x)
np.logical_and(x > 0, w.T > 0) * x; np.logical_or(x > 0, w.T > 0) * x; np.logical_xor(x > 0, w.T > 0) * x
np.absolute(x); np.true_divide(x, w.T); np.float_power(x * x, 2); np.fmax(x, w.T); np.fmin(x, w.T)
np.mod(x, 0.3); np.add(x, 1, dtype=np.float64); np.around(x, 1) + x; np.round(x) + x; x.round(1) * x
np.nan_to_num(x); math.exp(p); math.log2(p); math.log10(p); math.sqrt(p); math.sin(p); math.cos(p)
math.tan(p); math.tanh(p); math.sinh(p); math.cosh(p); math.log1p(p); math.expm1(p); math.erf(p)
math.fabs(-p); abs(-x); math.pow(p, 2.5); math.atan(p); math.asin(p / 9); math.acos(p / 9)
math.atan2(p, 2.0); math.log(p); math.log(p, 3); pow(p, 3); round(p, 2) + p; divmod(p, 0.4)[1]
divmod(p, 0.4)[0] * p; math.hypot(p, p * 2, 1.0); math.dist([p, 1.0], [2.0, p]); math.fsum([p, p * p, 1.0])
math.prod([p, 2.0, p]); math.prod([p, 3.0], start=2.0); max(v); min(v); operator.add(p, x)
operator.sub(p, x); operator.mul(p, x); operator.truediv(p, x); operator.pow(p, 2); operator.neg(x)
operator.floordiv(p, 0.2) * p; operator.mod(p, 0.2); operator.abs(x); operator.matmul(x, w)
np.where(x > 0, x, w.T); np.clip(x, -0.5, 0.5); np.clip(x, 0, None); x.clip(0, 1); x.clip(max=0.2)
np.sum(x); np.sum(x, axis=0); np.sum(x, 1, keepdims=True); x.sum(-1); x.sum((0, 1)); np.mean(x); x.mean(0)
np.prod(x, axis=1); x.prod(); np.average(x, axis=0); np.max(x, 0); np.min(x)
np.amax(x, axis=1, keepdims=True); np.amin(x, 0); x.max(); x.min(1); np.cumsum(x); np.cumsum(x, 0)
x.cumsum(1); np.var(x); x.var(0, ddof=1); np.std(x, axis=1, keepdims=True); x.std(0); np.argmax(x) + x
np.argmin(x, axis=0) * x; x.argmax(1) * 1.0 + v; x.argmin() * x; np.any(x > 0) * x; np.all(x > 9) + x
(x > 0).any(0) * x; (x < 9).all() * x; np.linalg.norm(x); np.linalg.norm(v, 1)
np.linalg.norm(x, axis=1, keepdims=True); np.linalg.norm(v, 2); np.linalg.norm(x, "fro"); np.sort(v)
np.diff(v); np.diff(x, axis=0); np.add.reduce(x); np.multiply.reduce(x, axis=1); np.maximum.reduce(x)
np.minimum.reduce(x, axis=1, keepdims=True); np.dot(x, w); np.vdot(v, s[0]); x.dot(w); np.matmul(x, w)
np.outer(v, x); np.kron(x, w); np.inner(x, s[:, :2]); np.inner(v, s[1]); np.tensordot(x, w, 1)
np.tensordot(x, w, axes=([0], [1])); np.einsum("ij,jk->ik", x, w); np.einsum("ii", s, optimize=True)
np.linalg.inv(s); np.linalg.det(s); np.linalg.solve(s, v); np.trace(s); s.trace(); np.add.outer(v, w[0])
np.subtract.outer(v, x); np.multiply.outer(x, v); np.divide.outer(v, w[1]); np.power.outer(v * v, [1, 2])
np.maximum.outer(v, w[0]); np.minimum.outer(v, w[0]); np.squeeze(x[:, :1]); np.expand_dims(x, 1)
np.atleast_1d(p); np.atleast_2d(v); np.atleast_3d(x); x[:1].squeeze(0); np.reshape(x, (2, 3))
np.reshape(x, -1); x.reshape(2, -1); x.reshape((6,)); np.ravel(x); x.ravel(); x.flatten(); np.transpose(x)
np.transpose(s[None], (1, 0, 2)); x.transpose(); s[None].transpose(2, 0, 1); np.swapaxes(s[None], 0, 2)
s[None].swapaxes(1, 2); np.moveaxis(s[None], 0, -1); np.broadcast_to(v, (2, 3)); np.tile(v, (2, 2))
np.repeat(x, 2, axis=1); x.repeat(3); np.pad(x, 1); np.pad(x, ((0, 1), (2, 0)), mode="constant"); np.flip(x)
np.flip(x, 0); np.flipud(x); np.fliplr(x); np.roll(x, 1); np.roll(x, 1, axis=0); np.rot90(x, 2); np.triu(s)
np.tril(s, -1); np.diag(s); np.diag(v, 1); np.diagflat(v); s.diagonal(); np.take(x, [0, 2, 2], axis=0)
np.take(v, 1); x.take([1, 0]); np.delete(x, -1, 1); np.delete(x, [0, 3])
np.take_along_axis(x, np.array([[1], [0], [1]]), 1)
np.split(v, 3)[1]; np.array_split(v, 2)[0]; np.vsplit(x, 3)[2]
np.hsplit(w, [1])[1]; np.dsplit(s[None], 3)[0]; np.broadcast_arrays(v, s)[0] * s; np.concatenate([x, w.T])
np.concatenate((x, w), axis=None); np.stack([x, w.T], axis=-1); np.append(x, v); np.append(x, x, axis=1)
np.vstack([v, s]); np.hstack([v, x[:, 0]]); np.hstack([x, s]); np.column_stack([v, x]); np.insert(v, 1, p)
np.insert(x, 2, p); np.asarray(np.insert(np.matrix(v), 1, p))
np.insert(x, 0, 1.0, axis=1); np.array(x); np.array([v, v * p]); np.asarray(x, dtype=float)
np.ascontiguousarray(x.T); np.asanyarray(x); np.copy(x); np.asarray_chkfinite(x); np.asarray(np.matrix(x))
np.asarray(np.asmatrix(v)); float(p); float(x[0, 0]); np.float64(p) * 2; np.float32(p) * 1.0
np.float16(p) * 1.0; np.longdouble(p) * 1.0; np.fromiter((q * q for q in v), float)
np.fromiter([p, p], float, 1); np.full((2, 2), p); np.full(3, x[0, 0], dtype=float); np.full_like(x, p)
np.zeros_like(x) + x; np.ones_like(x) * x; np.zeros(2) + x; np.ones((3, 2)) * x; x.copy(); x.view() * 2
x.conj(); x.conjugate(); x.astype(float); x.astype(int) * x; x.astype("float32") * 1.0; x[0, 0].item()
x.item(1); s.item(0, 1); expit(x); erf(x); softmax(x); softmax(x, axis=1); logsumexp(x)
logsumexp(x, axis=0, keepdims=True); logsumexp(x, axis=1); log_softmax(x, axis=1); xlogy(x * x, w.T * w.T)
"""
# Statements that write into their first argument y, shape (3, 3).
WRITES = """
np.copyto(y, s * 2); np.fill_diagonal(y, p); np.add.at(y, [0, 0, 2], v); y.fill(p)
np.subtract.at(y, ([1, 1], [2, 2]), p); np.put(y, [0, -1, 4], v); y.put([2, 5], p)
np.put_along_axis(y, np.array([[2], [0], [1]]), v[:, None], 1)
np.put_along_axis(y, np.array([[1, 0, 2]]), p, 0)
"""
OLD = ["np.row_stack([v, s])"] if hasattr(np, "row_stack") else []  # NumPy removes it some day


def _given(seed):
    random = np.random.default_rng(seed)
    near = lambda values: np.array(values) * random.uniform(0.995, 1.005, np.shape(values))  # noqa: E731
    return {
        "x": near([[0.93, 1.77], [-0.46, -1.14], [0.68, 0.36]]),
        "w": near([[0.86, -0.54, 1.36], [-1.28, 0.42, 0.74]]),
        "v": near([0.55, -1.35, 1.28]),
        "s": near([[1.33, 0.22, -0.64], [0.46, -1.17, 0.85], [0.28, 0.57, 1.46]]),
        "p": float(near(1.23)),
    }


def _split(samples):
    return [sample.strip() for line in samples.strip().splitlines() for sample in line.split(";")]


def _expressions():
    return _split(SAMPLES) + OLD


class Noted(dict):
    """A dictionary that remembers what it was asked for and had."""

    def __init__(self, table):
        super().__init__(table)
        self.asked = set()

    def get(self, key, default=None):
        """The entry, noted where there is one."""
        found = super().get(key, default)
        if found is not None:
            self.asked.add(key)
        return found


def _check(text):
    plain, recorded = plainly(text, _given(1)), traced(text, _given(1))
    assert plain.error is None, text
    assert recorded.error is None, text
    assert recorded.unknown("result") == [], text
    np.testing.assert_array_equal(recorded.space["result"], plain.space["result"])
    other = _given(2)
    again = evaluated(recorded.node("result"), {recorded.leaves[k]: v for k, v in other.items()})
    coarse = "float32" in text or "float16" in text
    wanted = np.asarray(plainly(text, _given(2)).space["result"])
    np.testing.assert_allclose(again, wanted, rtol=2e-3 if coarse else 1e-9, atol=1e-12, err_msg=text)
    assert np.shape(again) == wanted.shape, text


SETTING = """
import math, operator
import numpy as np
from scipy.special import erf, expit, log_softmax, logsumexp, softmax, xlogy
"""


@pytest.fixture(scope="module")
def tables():
    """The tables of functions and methods, which note what is called."""
    lowering.add_scipy(scipy.special)
    functions, methods = Noted(calls.LOWERINGS), Noted(calls.METHODS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(calls, "LOWERINGS", functions)
        patch.setattr(calls, "METHODS", methods)
        yield functions, methods


def test_a_lowered_call_gives_at_other_inputs_what_the_library_gives(tables):
    """Each sample is traced at one point; evaluated at another it equals the library's own result."""
    for sample in _expressions():
        _check(f"{SETTING}result = {sample}\n")


def test_a_write_leaves_in_the_array_what_the_library_leaves(tables):
    """The array written to has the node of its new content, evaluated at another point as well."""
    for sample in _split(WRITES):
        _check(f"{SETTING}y = s * 1.0\n{sample}\nresult = y * 1.0\n")


def test_every_lowering_has_a_sample(tables):
    """No function is in the tables that the samples above do not call."""
    functions, methods = tables
    for sample in _expressions():
        traced(f"{SETTING}result = {sample}\n", _given(1))
    for sample in _split(WRITES):
        traced(f"{SETTING}y = s * 1.0\n{sample}\n", _given(1))
    assert sorted(getattr(f, "__name__", str(f)) for f in set(functions) - functions.asked) == []
    assert sorted(set(methods) - methods.asked) == ["tolist"]


@pytest.mark.parametrize(
    "call",
    [
        "np.where(x > 0)[0] * 1.0", "np.median(x)", "np.fft.fft(x[:, 0]).real",
        "np.linalg.norm(x, 2)", "np.linalg.norm(x, np.inf)",
        "np.rot90(x)", "np.pad(x, 1, mode='edge')", "np.average(x, weights=x * x)", "np.sum(x, where=x > 0)",
        "np.einsum(x, [0, 1], [1])",
        "np.piecewise(x, [x > 0], [lambda r: r * 2, 1])", "np.gradient(x[:, 0])", "np.sort(x, axis=0)",
    ],
)  # fmt: skip
def test_a_call_that_is_not_expressed_is_called_again_or_unknown_and_never_wrong(call):
    """What an entry does not read is called again at other points, or is known to be unknown."""
    text = f"import numpy as np\nresult = {call}\n"
    recorded = traced(text, _given(1))
    assert recorded.error is None
    callable_again = "lambda" not in call and "fft" not in call
    assert bool(recorded.unknown("result")) != callable_again
    if callable_again:
        other = _given(2)
        again = evaluated(recorded.node("result"), {recorded.leaves[k]: v for k, v in other.items()})
        np.testing.assert_allclose(again, plainly(text, other).space["result"], rtol=1e-12)
