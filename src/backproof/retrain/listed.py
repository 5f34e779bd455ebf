"""Samples that stand in lists: an array for each, which one expression has made one after the other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from backproof.graph import Node
from backproof.retrain.aligned import Entry, RetrainError
from backproof.retrain.recurrence import Recurrence
from backproof.step.update import time_of

Rows = tuple[int, ...]
SEEN = 2  # times that every sample was taken, on average, before they are taken for all of them


class MoreToSeeError(RetrainError):
    """More steps have to be seen to take a training over."""


class Lists(NamedTuple):
    """What the steps read of lists of so many ``samples``: which ones in each step, the ``rows``.

    ``values`` are what an entry is for each sample, ``places`` the place in the batch that it belongs to.
    """

    samples: int
    rows: tuple[Rows, ...]
    values: dict[Entry, list[Any]]
    places: dict[Entry, int]


def beside_arrays(found: Recurrence, rows: Sequence[Rows], count: int) -> Iterator[tuple[Entry, list[Any]]]:
    """What the steps read of lists, beside arrays: the values that one expression has made, one a sample."""
    made = _made(found)
    for entry in found.seen:
        nodes = made[_site(entry.nodes[0])]
        if len(nodes) == count and all(
            nodes[row] is node for (row,), node in zip(rows, entry.nodes, strict=True)
        ):
            yield entry, [node.value for node in nodes]


def one_by_one(found: Recurrence) -> Lists | None:
    """What the steps read of lists, a batch sample by sample; None where that is not all that they read.

    Raises
    ------
    MoreToSeeError
        When there may be samples that were not taken yet.
    """
    families: dict[int, list[Entry]] = {}
    for entry in found.seen:
        families.setdefault(_site(entry.nodes[0]), []).append(entry)
    ranked = {}
    for site, entries in families.items():
        nodes = {node for entry in entries for node in entry.nodes}
        if any(_site(node) != site or site < 0 for node in nodes):
            return None
        ranked[site] = sorted(nodes, key=time_of)
    batch, count = len(found.seen) // max(len(families), 1), len(next(iter(ranked.values()), ()))
    alike = all(len(ranked[site]) == count and len(families[site]) == batch for site in families)
    if batch < 2 or not alike:
        return None
    numbers = {node: k for nodes in ranked.values() for k, node in enumerate(nodes)}
    taken = {entry: tuple(numbers[node] for node in entry.nodes) for entry in found.seen}
    sequences = list(dict.fromkeys(taken.values()))
    if len(sequences) != batch:
        return None
    rows = list(zip(*sequences, strict=True))
    # A list that is walked through from its beginning is seen to be.
    order = sorted(range(batch), key=lambda place: rows[0][place])
    ahead = [tuple(step[place] for place in order) for step in rows]
    if all(list(step) == sorted(step) for step in ahead):
        sequences, rows = [sequences[place] for place in order], ahead
    _require_all(rows, count)
    places = {entry: sequences.index(sequence) for entry, sequence in taken.items()}
    values = {entry: [node.value for node in ranked[_site(entry.nodes[0])]] for entry in taken}
    return Lists(count, tuple(rows), values, places)


def _require_all(rows: Sequence[Rows], count: int) -> None:
    """Refuse where more samples may be there than those taken: all come again before another one comes."""
    taken = [row for step in rows for row in step]
    once = len(set(taken[:count])) == count and len(taken) > count
    if not once and len(taken) < SEEN * count:
        raise MoreToSeeError(
            f"The steps take their samples out of lists, {count} different ones in the first {len(rows)}"
            " steps: there may be more of them."
        )


def _made(found: Recurrence) -> defaultdict[int, list[Node]]:
    """All that the expressions have made which also made what is read, by their sites."""
    made = defaultdict[int, list[Node]](list)
    sites = {_site(entry.nodes[0]) for entry in found.seen} - {-1}
    for node in found.trace.nodes:
        if _site(node) in sites:
            made[_site(node)].append(node)
    return made


def _site(node: Node) -> int:
    return -1 if node.origin is None else node.origin.site
