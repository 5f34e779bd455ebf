"""The table of operations. To add an operation, add one record to one of these modules."""

from __future__ import annotations

from backproof.graph.operations import arrangement, elementwise, linear_algebra, opaque, reductions
from backproof.graph.operations.opaque import Operand
from backproof.graph.operations.record import OPERATIONS, Operation, apply, as_number, attribute

__all__ = ["OPERATIONS", "Operand", "Operation", "apply", "as_number", "attribute"]

for _module in (elementwise, reductions, linear_algebra, arrangement, opaque):
    for _record in _module.RECORDS:
        if _record.name in OPERATIONS:
            raise ValueError(f"two records of the table of operations are called {_record.name!r}")
        OPERATIONS[_record.name] = _record
