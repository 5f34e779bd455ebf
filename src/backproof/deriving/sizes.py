"""Shapes in letters: what holds for all sizes gives the same text for different ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from backproof.derive import Derivation
from backproof.derive.backward import backward
from backproof.deriving.request import Request, Shape
from backproof.errors import DerivationError

SIZES = (7, 5, 3, 11, 13, 17, 19, 23)  # for shapes in letters: distinct and odd, so that no two are mixed up


def for_all_sizes(derive: Callable[[Request], Derivation], request: Request) -> Derivation:
    """Derive with shapes in letters: once, and again with other sizes, which must give the same text.

    Raises
    ------
    DerivationError
        When the text hangs on the sizes.
    """
    shapes = request.shapes or {}
    letters = sorted({n for shape in shapes.values() for n in shape if isinstance(n, str)})
    if not letters:
        return derive(request)
    if len(letters) > len(SIZES):
        raise DerivationError(f"--shapes: at most {len(SIZES)} different letters can be told apart.")
    numbers = {n for shape in shapes.values() for n in shape if isinstance(n, int)}
    free = [n for n in SIZES if n not in numbers]
    found = []
    for sizes in (free, free[::-1]):
        chosen = dict(zip(letters, sizes, strict=False))
        numeric: dict[str, Shape] = {
            name: tuple(chosen[n] if isinstance(n, str) else n for n in shape)
            for name, shape in shapes.items()
        }
        derived = derive(replace(request, shapes=numeric))
        found.append((derived, backward(derived).text, chosen))
    (first, text, chosen), (_, other_text, _) = found
    one, other = text.splitlines(), other_text.splitlines()
    if one != other:
        differing = next((a for a, b in zip(one, other, strict=False) if a != b), one[-1])
        raise DerivationError(f"--shapes: the result hangs on the sizes ({differing}); give them in numbers.")
    symbols = {size: letter for letter, size in chosen.items()}
    return replace(first, forward=replace(first.forward, symbols=symbols))
