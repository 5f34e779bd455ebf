"""A derivation: one line for each derivative that is worth a name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from backproof.derive.forward import Forward
from backproof.graph import Node
from backproof.graph.compositions import Composition


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One statement: ``name`` becomes ``node``, an expression in leaves that bear names.

    ``of`` is the forward value whose adjoint it is, None for an expression that several lines share and for a
    forward value itself.
    """

    name: str
    node: Node
    of: Node | None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Derivation:
    """The lines that lead from the loss to every parameter, in order of computation.

    ``steps`` are all of them, one for each named value on the way; ``lines`` those of a backward pass, where
    what is used once stands inside the expression that uses it. ``forward_lines`` are the forward values
    as they are computed, ``first`` those of them that the backward pass has to compute itself. ``helped`` are
    the values whose derivative a function of the program gives, with the call, ``still`` those by which the
    derivative is zero though they lead to the loss. ``found`` are the adjoints as
    nodes, by the value they belong to, ``named`` their names. ``given`` is the forward pass with no names but
    those of the program.
    """

    forward: Forward
    steps: tuple[Line, ...]
    lines: tuple[Line, ...]
    gradients: Mapping[Node, str]
    known: Mapping[Node, Composition] = field(default_factory=dict)
    short: Mapping[Node, Node] = field(default_factory=dict)
    forward_lines: tuple[Line, ...] = ()
    first: tuple[Line, ...] = ()
    helped: Mapping[Node, str] = field(default_factory=dict)
    still: frozenset[Node] = frozenset()
    found: Mapping[Node, Node] = field(default_factory=dict)
    named: Mapping[Node, str] = field(default_factory=dict)
    given: Forward | None = None
