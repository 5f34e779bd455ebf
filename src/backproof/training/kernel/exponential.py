"""The exponential and its relatives on vectors, as polynomials: no table, no library, no branch.

e^z = 2^k · e^r with k the integer nearest to z/ln 2 and r = z − k·ln 2 in ±0.3466; e^r = 1 + r + r²·Q(r) with
Q of degree 9, the polynomial through the Chebyshev nodes of the interval. Its relative error is 2e-17, a
tenth of a unit in the last place; in float32 the degree is 5 and the error 7e-10 (Muller, Elementary
Functions, 3rd ed., chapters 3 and 11). The rounding of the few operations is what is left: e^z is within 1
unit in the last place, e^z − 1 within 2, tanh within 3 and σ within 5, which
tests/training/test_exponential.py holds against extended precision.

Inside σ the exponent is held within ±708 (87 in float32), where e^z is a normal number; `exp` itself goes
down to 0 and up to infinity. NaN stays NaN.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backproof.training.kernel.lanes import Lanes

LOG2E = 1.4426950408889634074


@dataclass(frozen=True, slots=True)
class Form:
    """The constants for one kind of floating point numbers.

    ``ln2`` is ln 2 rounded and ``ln2_rest`` what that leaves; ``ln2_high`` has so many low bits zero that
    its product with any k is exact, and ``ln2_low`` is what it leaves. Adding ``magic`` rounds to an integer,
    which is then in the low bits. e^±``limit`` and e^``upper`` are normal; e^``lowest`` is 0 and
    e^``highest`` infinite.
    """

    limit: float
    upper: float
    lowest: float
    highest: float
    ln2: float
    ln2_rest: float
    ln2_high: float
    ln2_low: float
    magic: float
    q: tuple[float, ...]


FORMS = {
    "float64": Form(
        limit=708.0,
        upper=709.0,
        lowest=-750.0,
        highest=712.0,
        ln2=0.6931471805599453094,
        ln2_rest=2.3190468138462996e-17,
        ln2_high=0.6931471803691238,
        ln2_low=1.9082149292705877e-10,
        magic=1.5 * 2.0**52,
        q=(
            0.5000000000000001,
            0.16666666666666669,
            0.04166666666662413,
            0.008333333333330062,
            0.0013888888917213717,
            0.00019841269863053618,
            2.4801521295954376e-05,
            2.7557268459997064e-06,
            2.7620088445409746e-07,
            2.510038549551032e-08,
        ),
    ),
    "float32": Form(
        limit=87.0,
        upper=88.0,
        lowest=-105.0,
        highest=90.0,
        ln2=0.6931471824645996,
        ln2_rest=-1.9046542999463095e-09,
        ln2_high=0.693145751953125,
        ln2_low=1.4286068203094287e-06,
        magic=1.5 * 2.0**23,
        q=(
            0.5,
            0.1666666716337204,
            0.04166646674275398,
            0.00833331048488617,
            0.0013933641603216529,
            0.00019890980911441147,
        ),
    ),
}


def form_of(lanes: Lanes) -> Form:
    """The constants for the numbers that the lanes hold."""
    return FORMS[lanes.precision.name]


def _clamp(lanes: Lanes, z: Any, low: float, high: float) -> Any:
    z = lanes.select(lanes.compare("ogt", z, lanes.splat(high)), lanes.splat(high), z)
    return lanes.select(lanes.compare("olt", z, lanes.splat(low)), lanes.splat(low), z)


def _split(lanes: Lanes, z: Any, sign: float) -> tuple[Any, Any, Any]:
    """Split sign·z into k·ln 2 + r: gives k (in the low bits of a double), r, and what rounding r lost."""
    form = form_of(lanes)
    shifted = lanes.fma(z, lanes.splat(sign * LOG2E), lanes.splat(form.magic))
    k = lanes.exact_subtract(shifted, lanes.splat(form.magic))
    signed = z if sign == 1.0 else lanes.negative(z)
    if lanes.target.fma:
        # One rounding: k·ln 2 is exact inside the fused operation, and the difference is small.
        return (
            shifted,
            lanes.fma(k, lanes.splat(-form.ln2), signed),
            lanes.multiply(k, lanes.splat(-form.ln2_rest)),
        )
    high = lanes.exact_subtract(signed, lanes.exact_multiply(k, lanes.splat(form.ln2_high)))
    low = lanes.exact_multiply(k, lanes.splat(form.ln2_low))
    r = lanes.exact_subtract(high, low)
    return shifted, r, lanes.exact_subtract(lanes.exact_subtract(high, r), low)


def _polynomial(lanes: Lanes, r: Any) -> tuple[Any, Any, Any]:
    """Q(r) by Estrin's scheme in two halves: gives r², A and B with Q = A + r⁴·B."""
    q = form_of(lanes).q
    square = lanes.multiply(r, r)
    pairs = [lanes.fma(lanes.splat(q[i + 1]), r, lanes.splat(q[i])) for i in range(0, len(q), 2)]
    first = lanes.fma(pairs[1], square, pairs[0])
    second = pairs[-1]
    for pair in pairs[-2:1:-1]:
        second = lanes.fma(second, square, pair)
    return square, first, second


def _small(lanes: Lanes, r: Any, rest: Any) -> Any:
    """e^(r + rest) − 1."""
    square, first, second = _polynomial(lanes, r)
    q = lanes.fma(lanes.multiply(square, square), second, first)
    about = lanes.fma(q, square, r)
    return lanes.exact_add(r, lanes.fma(q, square, lanes.fma(rest, about, rest)))


def exp(lanes: Lanes, z: Any) -> Any:
    """e^z. The power of two goes on in two halves, so that the ends of the range are right as well."""
    form = form_of(lanes)
    shifted, r, rest = _split(lanes, _clamp(lanes, z, form.lowest, form.highest), 1.0)
    first, second = lanes.halves_of_power_of_two(shifted)
    value = lanes.exact_add(_small(lanes, r, rest), lanes.splat(1.0))
    return lanes.exact_multiply(lanes.exact_multiply(value, first), second)


def expm1(lanes: Lanes, z: Any) -> Any:
    """e^z − 1 without cancellation near 0."""
    form = form_of(lanes)
    shifted, r, rest = _split(lanes, _clamp(lanes, z, -form.limit, form.upper), 1.0)
    scale = lanes.power_of_two(shifted)
    value = lanes.fma(scale, _small(lanes, r, rest), lanes.exact_subtract(scale, lanes.splat(1.0)))
    return lanes.select(lanes.compare("ogt", z, lanes.splat(form.upper)), exp(lanes, z), value)


def one_plus_exp_negative(lanes: Lanes, z: Any) -> Any:
    """1 + e^−z, arranged for the shortest chain from z to the result: the step waits for it.

    Side by side, where nothing waits, it is arranged for the fewest operations.
    """
    limit = form_of(lanes).limit
    shifted, r, rest = _split(lanes, _clamp(lanes, z, -limit, limit), -1.0)
    scale = lanes.power_of_two(shifted)
    if lanes.networks > 1:
        r = lanes.add(r, rest)
        square, first, second = _polynomial(lanes, r)
        q = lanes.fma(lanes.multiply(square, square), second, first)
        return lanes.fma(scale, lanes.fma(q, square, r), lanes.add(scale, lanes.splat(1.0)))
    scale = lanes.fma(scale, rest, scale)
    square, first, second = _polynomial(lanes, r)
    head = lanes.fma(scale, r, lanes.exact_add(scale, lanes.splat(1.0)))
    scaled = lanes.multiply(scale, square)
    head = lanes.fma(scaled, first, head)
    return lanes.fma(lanes.multiply(scaled, lanes.multiply(square, square)), second, head)


def sigmoid(lanes: Lanes, z: Any) -> Any:
    """σ(z) = 1/(1 + e^−z)."""
    return lanes.divide(lanes.splat(1.0), one_plus_exp_negative(lanes, z))


def tanh(lanes: Lanes, z: Any) -> Any:
    """Tanh z = u/(u + 2), u = e^2z − 1; beyond ±20 it is ±1 to the last place."""
    z = _clamp(lanes, z, -20.0, 20.0)
    shifted, r, rest = _split(lanes, lanes.exact_add(z, z), 1.0)
    scale = lanes.power_of_two(shifted)
    u = lanes.fma(scale, _small(lanes, r, rest), lanes.exact_subtract(scale, lanes.splat(1.0)))
    return lanes.divide(u, lanes.exact_add(u, lanes.splat(2.0)))
