"""A comparison as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from backproof.compare.pair import Row
from backproof.report.console import console, text_on

VERSION = 1
TOLD = 3  # differences that are told with both values in the sentence; the table has them all
Verdict = Literal["same", "different", "inconclusive"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two programs and what was found; with a ``reason`` where one could not be analysed."""

    filenames: tuple[str, str]
    rows: tuple[Row, ...] = ()
    reason: str | None = None

    @property
    def verdict(self) -> Verdict:
        """Are they the same experiment?"""
        if any(row.same is False for row in self.rows):
            return "different"
        if self.reason is not None or any(row.same is None and row.needed for row in self.rows):
            return "inconclusive"
        return "same"

    @property
    def sentence(self) -> str:
        """The outcome in one sentence."""
        a, b = labels(self.filenames)
        if self.reason is not None:
            return self.reason
        if self.verdict == "same":
            return f"These are the same experiment: {a} and {b} differ in nothing that was compared."
        if self.verdict == "inconclusive":
            unknown = [row.what for row in self.rows if row.same is None and row.needed]
            return f"No difference was found, but not all could be compared: {', '.join(unknown)}."
        found = [row for row in self.rows if row.same is False]
        if len(found) > TOLD:
            names = [row.what for row in found]
            return (
                f"These are not the same experiment: they differ in {', '.join(names[:-1])} and {names[-1]}."
            )
        told = [f"{row.what} ({row.first} in {a}, {row.second} in {b})" for row in found]
        return f"These are not the same experiment: {'; '.join(told)}."


def labels(filenames: Sequence[str]) -> tuple[str, str]:
    """Short names for two files that tell them apart."""
    a, b = (name.replace("\\\\", "/").split("/") for name in filenames)
    for count in range(1, max(len(a), len(b)) + 1):
        if a[-count:] != b[-count:]:
            return "/".join(a[-count:]), "/".join(b[-count:])
    return filenames[0], filenames[1]


def as_json(comparison: Comparison) -> str:
    """Write a comparison as one JSON object, version 1."""
    document = {
        "version": VERSION,
        "programs": list(comparison.filenames),
        "verdict": comparison.verdict,
        "reason": comparison.reason,
        "sentence": comparison.sentence,
        "rows": [
            {"name": row.what, "values": [row.first, row.second], "same": row.same} for row in comparison.rows
        ],
    }
    return json.dumps(document, indent=1, ensure_ascii=False)


def as_text(comparison: Comparison, width: int | None, colour: bool) -> str:
    """Write a comparison as a table, the differences first, and a sentence."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    paper = console(max(width or 120, 60), colour)
    marks = {False: ("≠", "bold red"), None: ("?", "yellow"), True: ("=", "green")}
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold" if colour else "")
    for name in ("", "what", *labels(comparison.filenames)):
        table.add_column(name, overflow="fold")
    for row in comparison.rows:
        mark, style = marks[row.same]
        table.add_row(Text(mark, style), row.what, row.first, row.second)
    paper.print(table)
    paper.print(comparison.sentence, soft_wrap=width is None)
    return text_on(paper).strip("\n")
