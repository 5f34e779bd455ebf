"""A derivation for the terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from backproof.derive.account import Account, Chain, Section
from backproof.derive.loop_statements import in_prose, renamed
from backproof.derive.said import said_of
from backproof.derive.statements import written

WIDTH = 100


def as_text(account: Account, width: int = WIDTH) -> str:
    """The chains, the derivatives one by one with their reasons, and the backward pass that results."""
    found: list[str] = []
    for section in account.sections:
        found += _section(account.loss, section, width)
    found += ["The backward pass:"]
    found += [f"  {line}" for line in account.backward.text.splitlines()]
    found += _said(account, width)
    return "\n".join(found) + "\n"


def _section(loss: str, section: Section, width: int) -> Iterator[str]:
    reads = section.reads
    if section.title is not None:
        yield section.title
        yield "─" * len(section.title)
    for line in section.forward:
        sign = " += " if line.name in section.summed else " = "
        yield from renamed([text.replace(" = ", sign, 1) for text in written(line)], reads)
    yield ""
    for chain in section.chains:
        yield from renamed([_chain(loss, chain)], reads)
    if section.chains:
        yield ""
    if section.also is not None:
        yield textwrap.fill(section.also.replace("`", ""), width)
        yield ""
    names = [renamed([told.line.name], reads)[0] for told in section.told]
    longest = max(map(len, names), default=0)
    indent = " " * (longest + 3)
    for name, told in zip(names, section.told, strict=True):
        margin = " " * (longest - len(name))
        for text in renamed(list(written(told.line)), reads):
            sign = " += " if told.line.name in section.summed else " = "
            yield margin + (text.replace(" = ", sign, 1) if text.startswith(f"{name} = ") else text)
        note = f"`∂{loss}/∂{told.of}`, {told.shape}: {told.reason}" if told.of else told.reason
        note = in_prose(note, reads).replace("`", "")
        yield textwrap.fill(note, width, initial_indent=indent, subsequent_indent=indent)
    yield ""


def _chain(loss: str, chain: Chain) -> str:
    """∂L/∂W = ∂L/∂out · ∂out/∂h · ∂h/∂W, the loss first."""
    pairs = list(zip(chain.values[1:], chain.values, strict=False))[::-1]
    factors = " · ".join(f"∂{upper}/∂{lower}" for upper, lower in pairs)
    summed = f"Σ over {chain.summed}: " if chain.summed else ""
    return f"∂{loss}/∂{chain.parameter} = {summed}{factors}" + ("  + ..." * chain.branches)


def _said(account: Account, width: int) -> Iterator[str]:
    """What the names of a loop are that the program has not."""
    said = account.backward.said
    if account.backward.loop is not None and said:
        yield ""
        yield textwrap.fill(f"Here {said_of(said)}.", width)
