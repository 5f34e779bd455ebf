"""The backward pass that is claimed: with a loop where the forward pass has one, and only what was run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from backproof.derive.derived import derivation
from backproof.derive.loop_statements import loop_statements, read_in
from backproof.derive.plan import Derivation
from backproof.derive.rolled import Rolled
from backproof.derive.rolling import rolled
from backproof.derive.statements import statements
from backproof.derive.verified import largest_error, read_names
from backproof.errors import DerivationError
from backproof.graph import OPERATIONS, Node, ancestors

TOLERANCE = 1e-8


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Backward:
    """A backward pass: its statements, the greatest error at random points, and the results by parameter.

    ``read`` are the names that it reads; ``said`` says of those that the program has not what they are.
    ``loop`` is how it goes through a loop, where it does.
    """

    derived: Derivation
    text: str
    error: float
    gradients: Mapping[Node, str]
    read: tuple[str, ...]
    said: Mapping[str, str]
    loop: Rolled | None = None


def backward(derived: Derivation) -> Backward:
    """The backward pass of a derivation, run at random points before it is given out.

    Raises
    ------
    DerivationError
        When what it computes is not the derivative by the graph: then nothing is claimed.
    """
    looped = rolled(derived.given) if derived.given is not None and derived.given.loops else None
    if looped is not None:
        text = loop_statements(looped)
        error = largest_error(looped, text)
        if error <= TOLERANCE and text.count("\n") < statements(derived).count("\n"):
            return _with_loop(derived, looped, text, error)
    text = statements(derived)
    error = largest_error(derived, text)
    if not error <= TOLERANCE and derived.short and derived.given is not None:
        derived = derivation(derived.given, shorten=False)  # a margin that was positive wherever it was tried
        text = statements(derived)
        error = largest_error(derived, text)
    if not error <= TOLERANCE:
        _refuse_numeric(derived)
        raise DerivationError(
            "the derived backward pass does not compute what its graph says, so it is not shown; "
            "please report the program"
        )
    forward = derived.forward
    read = read_names((*derived.first, *derived.lines), forward)
    texts = {name: forward.texts.get(node, name) for node, name in forward.names.items()}
    said = {name: texts[name] for name in read if texts.get(name, name) != name}
    return Backward(derived, text, error, derived.gradients, tuple(read), said)


def _refuse_numeric(derived: Derivation) -> None:
    """Say which function it is for which no statement can be written."""
    for node in ancestors([derived.forward.loss]):
        if node.operands and not OPERATIONS[node.operation].exact:
            called = str(node.attributes.get("function", node.operation))
            raise DerivationError(
                f"the derivative of {called} is known by numbers only, so no backward pass can be written; "
                "write it with functions such as sum, @ and exp"
            )


def _with_loop(derived: Derivation, looped: Rolled, text: str, error: float) -> Backward:
    """What a loop reads: names of the program, and lists of what a name was in each round."""
    forward, spelling = derived.forward, looped.spelling
    functions = {name for name in forward.helpers.calls if "." not in name}
    read = [n for n in read_in(text) if n not in {"np", "math", "len", "range", "reversed"} | functions]
    texts = {name: forward.texts.get(node, name) for node, name in forward.names.items()}
    said = {name: texts[name] for name in read if texts.get(name, name) != name}
    kept = [one for one in spelling.reads.values() if one.kept and one.base in read]
    lists = {one.base: one.what for one in kept if one.offset == 0}
    t, first = spelling.counter, spelling.loop.number(spelling.loop.positions[0])
    if lists:
        said[", ".join(f"{base}[{t}]" for base in lists)] = f"{', '.join(lists.values())} in round {t}"
    for one in kept:
        if one.offset == -1:
            said[f"{one.base}[{first - 1}]"] = f"{one.what} before the first"
    return Backward(derived, text, error, looped.gradients, tuple(read), said, looped)
