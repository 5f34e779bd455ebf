"""Library calls as operations of the table: ``np.linalg.norm(x)`` is √Σx², ``x.mean(0)`` is mean with axis 0.

Each entry takes the call's own arguments and gives the node of its result, or refuses; what it gives is
compared with what the call gave, so an entry that misreads an unusual argument loses nothing but the
derivative. To add one, write it in the module of its kind and name the functions in that module's table.
"""

from typing import Any

from backproof.trace.lowering import (
    arrangement,
    conversions,
    elementwise,
    joining,
    products,
    reductions,
    scipy,
    writes,
)
from backproof.trace.lowering.context import Context, UnloweredError
from backproof.trace.lowering.record import Lowering

LOWERINGS: dict[Any, Lowering] = {
    **elementwise.FUNCTIONS, **reductions.FUNCTIONS, **products.FUNCTIONS, **arrangement.FUNCTIONS,
    **joining.FUNCTIONS, **conversions.FUNCTIONS, **writes.FUNCTIONS,
}  # fmt: skip
METHODS: dict[str, Lowering] = {
    **elementwise.METHODS, **reductions.METHODS, **products.METHODS, **arrangement.METHODS,
    **conversions.METHODS, **writes.METHODS,
}  # fmt: skip


def add_scipy(special: Any) -> None:
    """Enter the functions of ``scipy.special``."""
    LOWERINGS.update(scipy.functions(special))


__all__ = ["LOWERINGS", "METHODS", "Context", "Lowering", "UnloweredError", "add_scipy"]
