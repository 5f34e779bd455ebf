"""What a run leaves behind: nodes with their origins, stores, loops and calls, in the order of time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from backproof.graph import Node
from backproof.source import Edit, Span
from backproof.trace.sites import Site
from backproof.trace.timed import Timing


@dataclass(frozen=True, slots=True, eq=False)
class Origin:
    """Where a node comes from: its site, the sites of its operands, the frame and the time of its making."""

    site: int
    operand_sites: tuple[int | None, ...]
    frame: int
    time: int


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Store:
    """A value was stored in a place that may have held another.

    A place is a name, an attribute, an item, or an array itself.

    ``place`` identifies where: ``("name", frame, name)``, ``("attribute", object, name)``,
    ``("item", container, key)``, or ``("object", array)`` for a change in place, objects standing for
    themselves by their identity. ``key`` is what was written inside an array, as text.
    """

    time: int
    place: tuple[Any, ...]
    before: Node | None
    after: Node
    site: int
    frame: int
    key: str = ""


@dataclass(slots=True, eq=False)
class Activity:
    """One round of a loop, or one call of a function.

    Nodes and stores with ``start <= time < end`` fall in it.
    """

    kind: Literal["round", "call"]
    site: int
    start: int
    end: int
    depth: int
    complete: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One call of a function of the program: ``site`` is its definition, ``call`` the site that called it.

    ``within`` is the frame that the function was defined in, where that is another function's.
    """

    number: int
    site: int | None
    call: int | None
    parent: int | None
    time: int
    within: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Binding:
    """A name of a frame was bound to a value."""

    time: int
    frame: int
    name: str
    node: Node


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """A name of a comprehension, and what it was bound to in one of its rounds."""

    start: int
    end: int
    frame: int
    name: str
    node: Node


@dataclass(frozen=True, slots=True, eq=False)
class Holding:
    """A place came to hold an object or a container, or a container came to hold an item.

    ``content`` is the identity of what is held, or its node where it is a number or an array. The place
    ``("length", list)`` or ``("size", dictionary)`` holds how many items there are.
    """

    time: int
    place: tuple[Any, ...]
    content: int | Node


@dataclass(frozen=True, slots=True)
class Attempt:
    """A way to write what crashed that does not raise in the frame that crashed.

    ``found`` is the text at ``span``, ``expected`` what it would be instead, and ``shape`` the shape that it
    would have; ``rule`` names the mistake that it would mend.
    """

    rule: str
    edits: tuple[Edit, ...]
    cost: float
    span: Span
    found: str
    expected: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Guard:
    """The program decided by a value: what was recorded holds only where ``node`` has the value it had."""

    time: int
    node: Node
    site: int


@dataclass(frozen=True, slots=True, eq=False)
class Objective:
    """A minimiser of a library was given a loss and its gradient: the value of the loss at one point.

    ``time`` lies in the round in which both were computed.
    """

    time: int
    loss: Node


@dataclass(frozen=True, slots=True, eq=False)
class Crash:
    """The program raised: where in its source, and what it said.

    ``span`` is the expression that raised, ``shapes`` those of its operands, and ``attempts`` what could be
    written instead, the likeliest first.
    """

    kind: str
    message: str
    file: str
    row: int
    span: Span | None = None
    shapes: tuple[tuple[str, tuple[int, ...]], ...] = ()
    attempts: tuple[Attempt, ...] = ()


@dataclass(slots=True, repr=False)
class Trace:
    """Everything recorded of one run.

    ``labels`` name places as a reader of the program would (``net.layers[0].W``); ``shown`` are nodes that
    the program printed, formatted or collected; ``counters`` are the whole numbers that loops bind to
    names, ``items`` what else comprehensions do; ``objectives`` are the losses that it handed to a
    minimiser, beside their gradients; ``supplied`` says what was given to it so that it could run;
    ``ended`` is how the run came to its end; ``timing`` what a run that was only timed has shown.
    """

    sites: list[Site] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    stores: list[Store] = field(default_factory=list)
    activities: list[Activity] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    bindings: list[Binding] = field(default_factory=list)
    counters: list[Binding] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    holdings: list[Holding] = field(default_factory=list)
    labels: dict[tuple[Any, ...], str] = field(default_factory=dict)
    shown: list[Node] = field(default_factory=list)
    returned: list[Node] = field(default_factory=list)
    random: set[Node] = field(default_factory=set)
    guards: list[Guard] = field(default_factory=list)
    objectives: list[Objective] = field(default_factory=list)
    supplied: list[tuple[str, int]] = field(default_factory=list)
    ended: Literal["stopped", "finished", "crashed", "exited", "timeout", "memory", "interrupted"] = (
        "finished"
    )
    crash: Crash | None = None
    files: dict[str, str] = field(default_factory=dict)
    timing: Timing | None = None
