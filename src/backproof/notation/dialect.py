"""How a framework writes the operations of the table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from backproof.errors import DerivationError
from backproof.graph import OPERATIONS, Node
from backproof.notation.numpy_text import python_text
from backproof.notation.template import expand

Template = str | Callable[[Node], str]

SHARED = frozenset(
    {
        *("negative", "add", "subtract", "multiply", "divide", "power", "matmul", "square", "reciprocal"),
        *("greater", "greater_equal", "less", "less_equal", "equal", "not_equal", "identity"),
        *("remainder", "floor_divide"),
    }
)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a framework, called ``module`` by people, writes the operations of the table."""

    name: str
    module: str
    templates: Mapping[str, Template]

    def text(self, node: Node, names: Mapping[Node, str] | None = None) -> str:
        """Write a node as one expression; a node in ``names`` and a leaf with a name as that name.

        Raises
        ------
        DerivationError
            When the framework has no template for one of the operations.
        """
        return python_text(node, names or {}, self.template)

    def template(self, node: Node) -> str:
        """The template of a node."""
        given = self.templates.get(node.operation)
        if given is None and node.operation in SHARED:
            given = OPERATIONS[node.operation].numpy
        if given is None:
            raise DerivationError(
                f"--emit {self.name}: there is no way yet to write '{node.operation}' for {self.module}; "
                "--emit numpy can."
            )
        return expand(given if isinstance(given, str) else given(node), node)
