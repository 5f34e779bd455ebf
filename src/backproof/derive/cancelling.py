"""Why a derivative is a plain difference, what is predicted less what is wanted: what cancels on the way."""

from __future__ import annotations

from collections.abc import Callable

from backproof.derive.plan import Derivation
from backproof.graph import Node, ancestors
from backproof.graph.compositions import hidden
from backproof.notation import to_numpy

SQUARES = frozenset({"square", "power", "multiply", "dot", "matmul", "einsum"})


def why_difference(derived: Derivation, node: Node, called: Callable[[Node], str]) -> str:
    """The reason for the derivative by a value that is a number times a difference.

    ``called`` gives what a value is called, marked as code.
    """
    forward = derived.forward
    inside = hidden(derived.known.values())
    above = [
        other
        for other in ancestors([forward.loss])
        if other in forward.names and other not in inside and other is not forward.loss
        if other is not node and node in set(ancestors([other]))
    ]
    over = _divisors(derived, node)
    whole = next((w for w in derived.known.values() if w.inner is node and w.outer not in inside), None)
    if whole is not None and whole.name in ("softmax", "sigmoid"):
        return _behind(whole.name, called(whole.outer)) + over
    if not above and _is_square(forward.loss):
        return _squared(derived.short[node]) + over
    names = [*(forward.names[n] for n in (node, *above) if n in forward.names), forward.loss_name]
    pairs = list(zip(names[1:], names, strict=False))[::-1]
    chain = " · ".join(f"∂{upper}/∂{lower}" for upper, lower in pairs)
    together = f"`{chain}` in one, for most of it cancels: " if above else ""
    return f"{together}what is predicted less what is wanted{over}"


def _behind(name: str, p: str) -> str:
    """Cross-entropy behind an activation, whose derivative takes away what the logarithm leaves."""
    if name == "softmax":
        return (
            f"the logarithm gives −target/{p}, and softmax takes from each derivative the mean of its row "
            f"weighted by {p}, and multiplies by {p}; as the targets of a row add up to one, what is "
            "predicted less what is wanted remains"
        )
    return (
        f"the logarithms give the difference over {p}(1 − {p}), and σ′ = σ(1 − σ) is just that: what is "
        "predicted less what is wanted remains"
    )


def _is_square(loss: Node) -> bool:
    """Is a loss a sum or mean of squares, up to numbers?"""
    while loss.operation in ("sum", "mean", "multiply", "divide"):
        parts = [o for o in loss.operands if o.operands]
        if loss.operation == "multiply" and (loss.operands[0] is loss.operands[1] or len(parts) != 1):
            break
        if not parts:
            return False
        loss = parts[0]
    return loss.operation in SQUARES


def _squared(found: Node) -> str:
    """The derivative of a square."""
    while found.operation == "divide":
        found = found.operands[0]
    twice = found.operation == "multiply" and found.operands[0].operation == "constant"
    half = "" if twice else ", and the 2 and the ½ cancel"
    error = "what is predicted less what is wanted"
    return f"the square has the derivative 2 times what is squared{half}: {error}"


def _divisors(derived: Derivation, node: Node) -> str:
    """What a difference is divided by, where the loss is a mean."""
    found, names = derived.short[node], list[str]()
    while found.operation == "divide":
        names.append(f"`{to_numpy(found.operands[1])}`")
        found = found.operands[0]
    return f", over {' and '.join(names)}, for the loss is a mean" if names else ""
