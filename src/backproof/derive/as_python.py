"""The backward pass as Python: statements for the place of the author's own, or a function."""

from __future__ import annotations

import textwrap

from backproof.derive.backward import Backward, backward
from backproof.derive.plan import Derivation
from backproof.derive.said import said_of

WIDTH = 100


def as_python(derived: Derivation | Backward, what: str | None = None) -> str:
    """The backward pass, run at random points before it is given out; ``what`` it is, else the gradient.

    Raises
    ------
    DerivationError
        When what it computes is not the derivative by the graph: then nothing is claimed.
    """
    found = derived if isinstance(derived, Backward) else backward(derived)
    forward = found.derived.forward
    what = what or f"the gradient of {forward.loss_name}"
    claim = f"the same as reverse mode at 3 random points, to {max(found.error, 1e-16):.0e}"
    if not found.said:
        comment = f"{what}: {claim}"
        return "".join(f"# {line}\n" for line in textwrap.wrap(comment, WIDTH - 2)) + found.text
    results = ", ".join(dict.fromkeys(_whole(found.gradients[p.leaf]) for p in forward.parameters))
    wanted = ", ".join(dict.fromkeys(_whole(p.text) if found.loop else p.text for p in forward.parameters))
    said = _paragraph(f"By {wanted}: {claim}.")
    where = _paragraph(f"Here {said_of(found.said)}.")
    body = textwrap.indent(found.text, "    ")
    head = textwrap.fill(f"def backward({', '.join(found.read)}):", WIDTH, subsequent_indent=" " * 13)
    returned = f"return {results}"
    if len(returned) > WIDTH - 4:
        names = textwrap.indent(textwrap.fill(results, WIDTH - 8), " " * 8)
        returned = f"return (\n{names},\n    )"
    return f'{head}\n    """{what[:1].upper()}{what[1:]}.\n\n{said}\n{where}\n    """\n{body}    {returned}\n'


def _paragraph(text: str) -> str:
    return textwrap.fill(text, WIDTH, initial_indent=" " * 4, subsequent_indent=" " * 4)


def _whole(text: str) -> str:
    """The list that a numbered result stands in."""
    base, bracket, rest = text.rpartition("[")
    return base if bracket and rest.rstrip("]").isdigit() and base.isidentifier() else text
