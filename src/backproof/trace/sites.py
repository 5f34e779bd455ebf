"""The places of a program: every expression and statement that the recorder can speak of."""

from __future__ import annotations

from dataclasses import dataclass, field

from backproof.source import Span


@dataclass(slots=True)
class Site:
    """One expression or statement of the source.

    ``kind`` is the name of its class in Python's grammar (``BinOp``, ``Call``, ``AugAssign``, ...),
    ``text`` its source text. ``children`` are the sites of its direct sub-expressions in the order of
    evaluation; ``target`` is the text that an assignment binds this expression to, where it is the whole
    right-hand side. ``function`` is the name of the function that it stands in, or ``""`` at module level.
    ``detail`` is the operator or the method called; ``arguments`` is where a call's arguments begin among
    its children; ``statement`` is the site of the statement around it; ``owner`` the class whose method it
    stands in.
    """

    number: int
    kind: str
    span: Span
    text: str
    file: str
    parent: int | None = None
    children: list[int] = field(default_factory=list)
    target: str | None = None
    function: str = ""
    scope: int = 0
    detail: str = ""
    statement: int | None = None
    arguments: int = 0
    owner: str = ""
