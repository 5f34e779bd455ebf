"""The backward pass as Python: statements for the place of the author's own, or a function."""

from __future__ import annotations

from backproof.derive.plan import Derivation
from backproof.derive.verified import largest_error, read_names
from backproof.errors import DerivationError
from backproof.notation import to_numpy

TOLERANCE = 1e-8


def statements(derived: Derivation) -> str:
    """One assignment a line, the gradients among them."""
    lines = [f"{line.name} = {to_numpy(line.node)}" for line in derived.lines]
    assigned = {line.name for line in derived.lines}
    for parameter in derived.forward.parameters:
        name = derived.gradients[parameter.leaf]
        if name not in assigned:
            lines.append(f"{name} = np.zeros_like({parameter.name})")
            assigned.add(name)
    return "\n".join(lines) + "\n"


def as_python(derived: Derivation) -> str:
    """The backward pass, run at random points before it is given out.

    Raises
    ------
    DerivationError
        When what it computes is not the derivative by the graph: then nothing is claimed.
    """
    text = statements(derived)
    error = largest_error(derived, text)
    if not error <= TOLERANCE:
        raise DerivationError(
            "the derived backward pass does not compute what its graph says, so it is not shown; "
            "please report the program"
        )
    forward = derived.forward
    plain = all(forward.texts.get(node, name) == name for node, name in forward.names.items())
    claim = f"the same as reverse mode at 3 random points, to {max(error, 1e-16):.0e}"
    if plain:
        return f"# the gradient of {forward.loss_name}: {claim}\n{text}"
    arguments = ", ".join(read_names(derived.lines, forward))
    results = ", ".join(derived.gradients[p.leaf] for p in forward.parameters)
    wanted = ", ".join(p.text for p in forward.parameters)
    body = "".join(f"    {line}\n" for line in text.splitlines())
    return (
        f"def backward({arguments}):\n"
        f'    """The gradient of {forward.loss_name} by {wanted}: {claim}."""\n'
        f"{body}    return {results}\n"
    )
