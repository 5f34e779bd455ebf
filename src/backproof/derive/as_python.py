"""The backward pass as Python: statements for the place of the author's own, or a function."""

from __future__ import annotations

import textwrap

from backproof.derive.plan import Derivation
from backproof.derive.statements import statements
from backproof.derive.verified import largest_error, read_names
from backproof.errors import DerivationError

TOLERANCE = 1e-8
WIDTH = 100


def as_python(derived: Derivation, what: str | None = None) -> str:
    """The backward pass, run at random points before it is given out; ``what`` it is, else the gradient.

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
    what = what or f"the gradient of {forward.loss_name}"
    read = read_names((*derived.first, *derived.lines), forward)
    texts = {name: forward.texts.get(node, name) for node, name in forward.names.items()}
    claim = f"the same as reverse mode at 3 random points, to {max(error, 1e-16):.0e}"
    if all(texts.get(name, name) == name for name in read):
        comment = f"{what}: {claim}"
        return "".join(f"# {line}\n" for line in textwrap.wrap(comment, WIDTH - 2)) + text
    results = ", ".join(derived.gradients[p.leaf] for p in forward.parameters)
    wanted = ", ".join(p.text for p in forward.parameters)
    said = textwrap.fill(f"By {wanted}: {claim}.", WIDTH, initial_indent=" " * 4, subsequent_indent=" " * 4)
    where = [f"{name} is {texts[name]}" for name in read if texts.get(name, name) != name]
    where_said = textwrap.fill(
        "Here " + ", ".join(where) + ".", WIDTH, initial_indent=" " * 4, subsequent_indent=" " * 4
    )
    body = textwrap.indent(text, "    ")
    head = textwrap.fill(f"def backward({', '.join(read)}):", WIDTH, subsequent_indent=" " * 13)
    returned = f"return {results}"
    if len(returned) > WIDTH - 4:
        names = textwrap.indent(textwrap.fill(results, WIDTH - 8), " " * 8)
        returned = f"return (\n{names},\n    )"
    return (
        f'{head}\n    """{what[:1].upper()}{what[1:]}.\n\n{said}\n{where_said}\n    """\n'
        f"{body}    {returned}\n"
    )
