"""The operators of the language, called by name: ``operator.isub(w, g)``, ``w.__isub__(g)``."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from backproof.trace.flow.claims import record
from backproof.trace.flow.operators import BINARY, FUNCTIONS, IN_PLACE_METHODS, METHODS
from backproof.trace.flow.values import NUMBER, TRACKED
from backproof.trace.flow.writes import augmented
from backproof.trace.hooks.expressions import Expressions

ITEMS = ("__getitem__", "__setitem__")
NAMED = frozenset({*METHODS, *IN_PLACE_METHODS, *ITEMS})


class Operators:
    """Does what an operator of that name does."""

    def __init__(self, expressions: Expressions) -> None:
        self.nodes = expressions.nodes
        self.expressions = expressions
        self.functions: dict[Any, Any] = {
            **dict.fromkeys(FUNCTIONS, self._in_place),
            operator.getitem: self._item, operator.setitem: self._set_item,
        }  # fmt: skip

    def method(self, site: int, owner: Any, name: str, arguments: Sequence[Any]) -> tuple[bool, Any]:
        """``owner.__isub__(value)``: whether it is what an operator does, and what it gave."""
        children = self.nodes.sites[site].children
        places = children if len(children) == len(arguments) + 1 else [site] * (len(arguments) + 1)
        if name == "__setitem__" and len(arguments) == 2:
            self._set_item(site, places, None, owner, *arguments)
            return True, None
        if name == "__getitem__" and len(arguments) == 1:
            return True, self._item(site, places, None, owner, *arguments)
        if len(arguments) != 1 or not isinstance(owner, TRACKED) or isinstance(owner, np.matrix):
            return False, None
        value = arguments[0]
        if name in IN_PLACE_METHODS and isinstance(owner, np.ndarray) and isinstance(value, NUMBER):
            return True, augmented(self.nodes, site, IN_PLACE_METHODS[name], owner, value, places)
        if name in METHODS and isinstance(value, NUMBER):
            result = getattr(owner, name)(value)
            if isinstance(result, TRACKED):
                operation = BINARY[METHODS[name]][2]
                record(self.nodes, site, operation, (owner, value), (places[0], places[1]), result)
            return True, result
        return False, None

    def _in_place(self, site: int, places: Sequence[int], function: Any, old: Any, value: Any) -> Any:
        given = places if len(places) == 2 else (site, site)
        if not isinstance(old, NUMBER):
            return function(old, value)
        return augmented(self.nodes, site, FUNCTIONS[function], old, value, given)

    def _item(self, site: int, _places: Sequence[int], _function: Any, container: Any, key: Any) -> Any:
        return self.expressions.item(site, container, key)

    def _set_item(
        self, site: int, places: Sequence[int], _function: Any, container: Any, key: Any, value: Any
    ) -> None:
        at = places[-1] if places else site
        self.expressions.places.set_item(at, value, container, key, False)
