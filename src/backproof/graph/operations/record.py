"""What an operation is, and how to apply one: the record, the table, and `apply`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import numpy as np

from backproof.graph.node import EMPTY, Node
from backproof.graph.quiet import QUIET

Rule = Callable[..., Node | None]
Domain = Callable[[np.random.Generator], tuple[tuple[Any, ...], dict[str, Any]]]
Text = str | Callable[[Node], str]

REQUIRED: Final = object()  # the default of an attribute that has none
NAMED: Final = r"\$operation\left($*\right)"  # LaTeX of functions that LaTeX knows


@dataclass(frozen=True, slots=True)
class Operation:
    """One primitive function: everything that the project knows about it.

    ``rules`` hold the derivative. One rule an operand, ``rule(g, z, *operands)``, gives that operand's
    cotangent as a node, linear in g; where the operation takes any number of operands it is one
    ``rule(k, g, z, *operands)``. A None among the rules, or given by a rule, says that the derivative is zero
    almost everywhere. A rule may return a cotangent that is broadcast; the reverse sweep undoes that.

    ``domain`` draws operands and attributes for the property tests. ``numpy`` and ``latex`` are templates, or
    make one for a node: ``$0``, ``$1`` stand for the operands, ``$*`` for all of them, ``$axis`` for an
    attribute, ``$attributes`` for all attributes that differ from their default, ``$operation`` for the name.
    ``attributes`` gives the name and the default of each attribute.
    """

    name: str
    value: Callable[..., Any]
    rules: tuple[Rule | None, ...] | Rule
    domain: Domain
    numpy: Text = "np.$operation($*$attributes)"
    latex: Text = r"\operatorname{$operation}\left($*\right)"
    attributes: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    exact: bool = True  # False: the derivative is numeric, and a report has to say so

    @property
    def arity(self) -> int | None:
        """The number of operands; None where it may be any."""
        return len(self.rules) if isinstance(self.rules, tuple) else None

    @property
    def differentiable(self) -> bool:
        """Whether any operand has a derivative that is not zero everywhere."""
        return not isinstance(self.rules, tuple) or any(rule is not None for rule in self.rules)

    def vjp(
        self, g: Node, z: Node, *operands: Node, wanted: Collection[int] | None = None
    ) -> tuple[Node | None, ...]:
        """Give the cotangent of each operand (or of those ``wanted``) for the cotangent g of z."""
        rules = self.rules
        return tuple(
            None
            if wanted is not None and k not in wanted
            else (None if (rule := rules[k]) is None else rule(g, z, *operands))
            if isinstance(rules, tuple)
            else rules(k, g, z, *operands)
            for k in range(len(operands))
        )


OPERATIONS: dict[str, Operation] = {}  # filled by the package's __init__, from one list of records a module


def apply(
    operation: str,
    *operands: Any,
    name: str | None = None,
    origin: Hashable = None,
    **attributes: Any,
) -> Node:
    """Make a node of an operation and compute its value from the values of its operands.

    Operands that are no nodes become constants.

    Examples
    --------
    >>> from backproof.graph import apply, leaf
    >>> apply("sum", apply("multiply", leaf(np.array([1.0, 2.0])), 3.0)).value
    np.float64(9.0)
    """
    nodes = tuple([x if type(x) is Node else _constant(x) for x in operands])
    function, given = OPERATIONS[operation].value, [node.value for node in nodes]
    if QUIET.get():
        value = function(*given, **attributes)
    else:
        with np.errstate(all="ignore"):
            value = function(*given, **attributes)
    return Node(operation, nodes, attributes or EMPTY, value, name, origin)


def as_number(node: Node) -> Node:
    """Give the one element of a node without axes; the node itself where it has none.

    Examples
    --------
    >>> from backproof.graph import as_number, leaf
    >>> as_number(leaf(np.array([[3.0]]))).value.shape
    ()
    """
    return node if np.ndim(node.value) == 0 else apply("reshape", node, shape=())


def verb(operation: str) -> Callable[..., Node]:
    """Give the function that applies an operation, for rules to be read as formulas."""
    return partial(apply, operation)


def _constant(value: Any) -> Node:
    return Node("constant", (), EMPTY, np.asarray(value) if isinstance(value, (list, tuple)) else value)


def attribute(node: Node, name: str) -> Any:
    """Read an attribute of a node, or the default of its operation."""
    value = node.attributes.get(name, REQUIRED)
    return OPERATIONS[node.operation].attributes[name] if value is REQUIRED else value
