"""The samples that the steps learn from: tables with a row for each, and which rows each step takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backproof.graph import OPERATIONS
from backproof.retrain.aligned import Entry, RetrainError, order_of
from backproof.retrain.listed import SEEN, beside_arrays, one_by_one
from backproof.retrain.picks import table_of
from backproof.retrain.recurrence import Recurrence
from backproof.retrain.tables import Table

Rows = tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Samples:
    """The data of a training: ``count`` samples, ``batch`` at a time, in the order ``rows`` that was seen."""

    count: int
    batch: int
    rows: tuple[Rows, ...]
    tables: tuple[Table, ...]
    complete: bool = True  # False: only the samples that were seen are known

    def places(self, entries: Iterable[Entry]) -> tuple[int, ...]:
        """The places of the samples of a batch that some values are made of; none where it is one array."""
        made = set(order_of(entries))
        found = {table.place for table in self.tables if table.entry in made}
        return tuple(sorted(place for place in found if place is not None))


NONE = Samples(1, 1, (), ())


def samples_of(found: Recurrence, also: Sequence[Entry] = (), rates: Sequence[Entry] = ()) -> Samples:
    """Find what the steps read of the data, as tables; ``also`` is read beside by their loss.

    What is multiplied by one of the ``rates`` is computed in the step, since they may be others.

    Raises
    ------
    RetrainError
        When it does not follow from which samples a step takes.
    """
    order = order_of([*found.results, *also])
    moving = {each.before for each in found.carried} | set(found.laws) | set(found.draws) | set(rates)
    for entry in order:
        if any(operand in moving for operand in entry.operands):
            moving.add(entry)
    varying: set[Entry] = set()
    for entry in order:
        if entry not in moving and (
            entry in found.choices or entry in found.seen or any(o in varying for o in entry.operands)
        ):
            varying.add(entry)
    if not varying and not found.picks:
        return NONE
    reader = _Reader(found, varying)
    while True:
        read = [e for e in order if e in moving for e in e.operands if e in varying]
        read += [e for e in (*found.results, *also) if e in varying]
        tables = []
        for entry in dict.fromkeys(read):
            table = reader.table(entry)
            if table is not None:
                tables.append(table)
            elif entry.operands and entry not in found.choices:
                moving.add(entry)  # of the batch as a whole: computed in the step
                varying.discard(entry)
                break
            else:
                raise RetrainError(
                    f"What a step reads of {entry.name or 'its data'} does not follow from the samples that"
                    " it takes."
                )
        else:
            masks = (table_of(p, found.trace, reader.rows, reader.count) for p in found.picks.values())
            return Samples(reader.count, reader.batch, reader.rows, (*tables, *masks), reader.complete)


class _Reader:
    """Computes what a step reads of its data for other samples than those recorded."""

    def __init__(self, found: Recurrence, varying: Iterable[Entry]) -> None:
        self.found = found
        self.varying = set(varying)
        choices = [c for e, c in found.choices.items() if not _is_shuffled(e, found)]
        self.complete = bool(choices) and not found.seen
        self.listed: dict[Entry, list[Any]] = {}
        self.places: dict[Entry, int] = {}
        if choices:
            first = choices[0]
            if any(c.count != first.count or c.rows != first.rows for c in choices):
                raise RetrainError(
                    "A step takes several different selections of its data, which cannot be taken over."
                )
            self.count, self.batch = first.count, len(first.rows[-1])
            self.rows = _through_shuffles(first.entry, first.rows, found)
            if self.batch == 1:
                self.listed = dict(beside_arrays(found, self.rows, self.count))
            self.complete = len(self.listed) == len(found.seen)
        elif (lists := one_by_one(found)) is not None:
            self.count, self.rows, self.listed, self.places = lists
            self.batch, self.complete = len(self.rows[0]), True
        else:
            self.rows = _told_apart(found)
            self.count, self.batch = len(set(self.rows)), 1

    def table(self, entry: Entry) -> Table | None:
        """The value for every sample; None where it is not made of the samples one by one."""
        shape = np.shape(entry.value)
        if np.asarray(entry.value).dtype.kind not in "biuf":
            return None
        if not self.complete:
            return self._observed(entry, shape)
        places = {self.places[each] for each in order_of([entry]) if each in self.places}
        if len(places) > 1:
            return None
        if self.batch == 1 or places:
            values = [self._at(entry, np.array([k])) for k in range(self.count)]
            rows = np.array([np.asarray(v, dtype=np.float64).reshape(-1) for v in values])
            tables = [Table(entry, rows, shape, None, places.pop() if self.batch > 1 else None)]
        else:
            tables = list(self._batched(entry, shape))
        return next((table for table in tables if self._holds(table)), None)

    def _batched(self, entry: Entry, shape: tuple[int, ...]) -> Iterable[Table]:
        for axis, length in enumerate(shape):
            if length != self.batch:
                continue
            try:
                value = np.asarray(self._at(entry, np.arange(self.count)), dtype=np.float64)
            except (ValueError, IndexError, TypeError):
                continue
            if value.ndim == len(shape) and value.shape[axis] == self.count:
                yield Table(entry, np.moveaxis(value, axis, 0).reshape(self.count, -1), shape, axis)

    def _holds(self, table: Table) -> bool:
        """Is it what was recorded in every step?"""
        return all(
            np.array_equal(table.of(rows), np.asarray(node.value, dtype=np.float64))
            for rows, node in zip(self.rows, table.entry.nodes, strict=True)
        )

    def _observed(self, entry: Entry, shape: tuple[int, ...]) -> Table | None:
        """The table of what was recorded, where that shows every sample."""
        if self.batch != 1:
            return None
        known: dict[int, Any] = {}
        for (row,), node in zip(self.rows, entry.nodes, strict=True):
            value = np.asarray(node.value, dtype=np.float64)
            if not np.array_equal(known.setdefault(row, value), value):
                return None
        if len(known) < self.count:
            return None
        rows = np.array([known[k].reshape(-1) for k in range(self.count)])
        return Table(entry, rows, shape, None)

    def _at(self, entry: Entry, rows: np.ndarray[Any, Any]) -> Any:
        """The value for other samples."""
        values: dict[Entry, Any] = {}
        for each in order_of([entry]):
            if each not in self.varying:
                values[each] = each.value
            elif each in self.listed:
                values[each] = self.listed[each][int(rows[0])]
            elif each in self.found.choices:
                whole = values[each.operands[0]]
                shuffled = _is_shuffled(each, self.found)
                values[each] = whole if shuffled else self.found.choices[each].of(whole, rows)
            else:
                given = [values[operand] for operand in each.operands]
                values[each] = OPERATIONS[each.operation].value(*given, **each.attributes())
        return values[entry]


def _is_shuffled(entry: Entry, found: Recurrence) -> bool:
    """Is this all of an array in another order, as it is put into one anew for an epoch?"""
    choice = found.choices[entry]
    return len(choice.rows[0]) == choice.count > 1 and all(
        len(set(rows)) == choice.count for rows in choice.rows
    )


def _through_shuffles(entry: Entry, rows: Sequence[Rows], found: Recurrence) -> tuple[Rows, ...]:
    """Rows of an array that was shuffled as those of the array before."""
    inner = entry.operands[0]
    while inner in found.choices and _is_shuffled(inner, found):
        shuffled = found.choices[inner].rows
        rows = [tuple(whole[k] for k in some) for some, whole in zip(rows, shuffled, strict=True)]
        inner = inner.operands[0]
    return tuple(rows)


def _told_apart(found: Recurrence) -> tuple[Rows, ...]:
    """Which sample each step takes, told by the values that it reads and the labels that it picks by."""
    numbers: dict[Any, int] = {}
    told = []
    for k in range(len(found.windows)):
        read = [np.asarray(entry.nodes[k].value) for entry in found.seen]
        key = (*((r.shape, r.tobytes()) for r in read), *(pick.labels[k] for pick in found.picks.values()))
        told.append((numbers.setdefault(key, len(numbers)),))
    if len(numbers) * SEEN > len(told):
        raise RetrainError(
            "The steps read data that differ from step to step and come from no array: it cannot be told"
            " what comes next."
        )
    return tuple(told)
