"""The operations of the table in JAX."""

from __future__ import annotations

from collections.abc import Callable

from backproof.graph import OPERATIONS, Node, attribute
from backproof.graph.literal import literal
from backproof.graph.node import shape_of
from backproof.notation.dialect import Dialect
from backproof.notation.forms import (
    clip,
    equal_repeats,
    floating,
    index,
    index_text,
    joined,
    named,
    reduction,
    softmax,
)

AS_NUMPY = (
    *("log2", "log10", "arctan2", "hypot", "logaddexp", "round", "isnan", "isfinite"),
    *("logical_not", "logical_and", "logical_or", "logical_xor"),
    *("flip", "roll", "pad", "tile", "triu", "tril", "diag", "trace", "tensordot"),
)  # functions that have their name and their arguments from NumPy


def _written(add: bool) -> Callable[[Node], str]:
    def template(node: Node) -> str:
        place = index_text(attribute(node, "index"), "jnp")
        return f"$0.at[{place}].{'add' if add else 'set'}($1)"

    return template


def _transpose(node: Node) -> str:
    axes, count = attribute(node, "axes"), len(shape_of(node))
    return "$0.T" if axes is None and count else f"jnp.transpose($0, {literal(axes)})"


def _as_numpy(node: Node) -> str:
    text = OPERATIONS[node.operation].numpy
    return (text if isinstance(text, str) else text(node)).replace("np.", "jnp.")


JAX = Dialect(
    "jax",
    "JAX",
    {
        **named("jnp"),
        **dict.fromkeys(AS_NUMPY, _as_numpy),
        "repeat": lambda node: f"jnp.repeat({equal_repeats(node)})",
        "logsumexp": reduction("jax.scipy.special.logsumexp", "axis", "keepdims"),
        "sigmoid": "jax.nn.sigmoid($0)",
        "softplus": "jax.nn.softplus($0)",
        "erf": "jax.scipy.special.erf($0)",
        "arctan": "jnp.arctan($0)",
        "relu": "jax.nn.relu($0)",
        "softmax": softmax("jax.nn.softmax", "axis"),
        "maximum": "jnp.maximum($0, $1)",
        "minimum": "jnp.minimum($0, $1)",
        "where": "jnp.where($0, $1, $2)",
        "clip": clip("jnp.clip", "min", "max"),
        **{
            name: reduction(f"jnp.{name}", "axis", "keepdims")
            for name in ("sum", "mean", "max", "min", "prod")
        },
        "cumsum": lambda node: f"jnp.cumsum($0, axis={attribute(node, 'axis')})",
        "transpose": _transpose,
        "reshape": "jnp.reshape($0, $shape)",
        "broadcast_to": "jnp.broadcast_to($0, $shape)",
        "index": index("jnp"),
        "index_update": _written(add=False),
        "index_add": _written(add=True),
        "concatenate": joined("jnp.concatenate", "axis"),
        "stack": joined("jnp.stack", "axis"),
        "dot": "jnp.dot($0, $1)",
        "outer": "jnp.outer($0, $1)",
        "einsum": "jnp.einsum($subscripts, $*)",
        "inv": "jnp.linalg.inv($0)",
        "det": "jnp.linalg.det($0)",
        "solve": "jnp.linalg.solve($0, $1)",
        "astype": floating,
    },
)
