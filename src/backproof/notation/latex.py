"""A graph as LaTeX."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from backproof.graph import OPERATIONS, Node, ancestors
from backproof.graph.literal import Written, index_literal
from backproof.notation.latex_text import expression
from backproof.notation.template import Levels, Part, expand, fill, render

RELATION, SUM, SERIES, PRODUCT, POWER, ATOM = 1, 2, 3, 4, 5, 6
SHORT = 4  # values of an exponent that is still set above the line
SIMPLE = frozenset({"leaf", "constant", "negative", "add", "subtract", "multiply", "divide", "square"})
FORMS: tuple[tuple[str, int | None, dict[int, int]], ...] = (
    (r"\$0$", None, {}),
    (r"\$0 \+ \$1$", SUM, {0: SUM, 1: SUM}),
    (r"\$0 - \$1$", SUM, {0: SUM, 1: PRODUCT}),
    (r"-\$0$", SUM, {0: SERIES}),
    (r"\$0 (\\cdot|\\odot|\\otimes|\\,|\\bmod) \$1$", PRODUCT, {0: PRODUCT, 1: PRODUCT}),
    (r"\$0 (=|<|>|\\[a-z]+) \$1$", RELATION, {0: SUM, 1: SUM}),
    (r"\$0\^\{-1\} \$1$", PRODUCT, {0: ATOM, 1: PRODUCT}),
    (r"\$0\^", POWER, {0: ATOM}),
    (r"\\mathrm\{e\}\^", POWER, {}),
    (r"\{\$0\}_", ATOM, {0: ATOM}),
    (r"\\(sum|prod)", SERIES, {0: PRODUCT}),
    (r"\\neg", ATOM, {0: ATOM}),
    (r"\\frac", PRODUCT, {}),
    (r"\\begin", 0, {}),
    ("", ATOM, {}),
)  # the first that a template begins with
GREEK = frozenset(
    re.findall(
        r"\w+",
        "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon "
        "phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega",
    )
)


def to_latex(
    node: Node, names: Mapping[Node, str] | None = None, symbols: Mapping[str, str] | None = None
) -> str:
    r"""Write a node as a LaTeX formula; names as in `to_numpy`, set as mathematics.

    ``symbols`` gives the LaTeX of some names.

    Examples
    --------
    >>> from backproof.graph import apply, leaf
    >>> x, W1 = leaf(np.ones((2, 3)), "x"), leaf(np.ones((3, 5)), "W1")
    >>> print(to_latex(apply("sigmoid", apply("matmul", x, W1))))
    \sigma\left(x \, W_{1}\right)
    """
    names, symbols = names or {}, symbols or {}

    def named(node: Node) -> Part | None:
        name = names.get(node) or (node.name if node.operation == "leaf" else None)
        if name:
            return symbols.get(name) or latex_name(name), ATOM
        return latex_value(node.value) if node.operation in ("leaf", "constant") else None

    def template(node: Node) -> str:
        given = OPERATIONS[node.operation].latex
        text = given if isinstance(given, str) else given(node)
        if node.operation == "exp" and not _short(node.operands[0]):
            text = r"\exp\left($0\right)"
        return expand(text.replace("e^{$", r"\mathrm{e}^{$"), node, _attribute, _index)

    def combine(node: Node, text: str, parts: list[Part]) -> Part:
        added = node.operation in ("add", "subtract")
        if added and parts[0][1] == SERIES:  # what follows it would seem to be summed too
            parts = [(rf"\left({parts[0][0]}\right)", ATOM), *parts[1:]]
        whole, level = fill(text, parts, _levels(text), r"\left({}\right)".format)
        return whole, SERIES if added and parts[1][1] == SERIES else level

    return render(node, named, template, combine)


def _short(exponent: Node) -> bool:
    """Can an exponent be read where it is set small?"""
    order = ancestors([exponent])
    return len(order) <= SHORT and all(n.operation in SIMPLE for n in order)


@lru_cache(maxsize=4096)
def _levels(template: str) -> Levels:
    return next((own, needed) for form, own, needed in FORMS if re.match(form, template))


def latex_name(name: str) -> str:
    r"""Set a name as mathematics: Greek letters, hats, digits at its end as an index.

    Examples
    --------
    >>> [latex_name(name) for name in ("W1", "layer_2", "y_hat", "sigma", "d_out")]
    ['W_{1}', '\\mathrm{layer}_{2}', '\\hat{y}', '\\sigma', '\\mathrm{d\\_out}']
    """
    if not name.isidentifier():
        found = expression(name, latex_name)
        if found is not None:
            return found
    if name.endswith("_hat"):
        return rf"\hat{{{latex_name(name[:-4])}}}"
    stem, digits = re.fullmatch(r"(.+?)_?(\d*)", name, re.DOTALL).groups()  # type: ignore[union-attr]
    if stem in GREEK:
        text = "\\" + stem
    elif len(stem) == 1:
        text = stem
    else:
        text = r"\mathrm{" + re.sub(r"([_%&#$])", r"\\\1", stem) + "}"
    return f"{text}_{{{digits}}}" if digits else text


def latex_value(value: Any) -> Part:
    """Set a constant: a number, a small matrix, a bold 0 or 1, or only the shape of an array."""
    array = np.asarray(value)
    if array.size == 1 and array.dtype.kind in "iufb":
        return _number(array.item())
    if (
        array.size
        and array.dtype.kind in "iuf"
        and np.all(array == array.flat[0])
        and array.flat[0] in (0, 1)
    ):
        return rf"\mathbf{{{int(array.flat[0])}}}", ATOM
    if array.ndim in (1, 2) and 0 < array.size <= 9 and array.dtype.kind in "iuf":
        rows = [r" & ".join(_number(x.item())[0] for x in row) for row in np.atleast_2d(array)]
        return r"\begin{bmatrix} " + r" \\ ".join(rows) + r" \end{bmatrix}", ATOM
    return rf"\text{{array of shape {array.shape}}}", ATOM


def _number(number: float) -> Part:
    if isinstance(number, bool):
        return rf"\text{{{number}}}", ATOM
    if number != number:
        return r"\text{nan}", ATOM
    if abs(number) == 0.5:
        return (r"\frac{1}{2}", PRODUCT) if number > 0 else (r"-\frac{1}{2}", SUM)
    text = f"{number:.6g}".replace("inf", r"\infty")
    mantissa, e, exponent = text.partition("e")
    if e:
        return (
            rf"{mantissa} \cdot " * (mantissa != "1")
        ) + rf"10^{{{int(exponent)}}}", PRODUCT if number > 0 else SUM
    return text, SUM if number < 0 else ATOM


def _index(index: Any) -> str:
    r"""Set an index: ``p[np.arange(len(y)), y]`` picks, for each sample i, the element y_i."""
    parts = index if isinstance(index, tuple) else (index,)
    texts = [part.text if isinstance(part, Written) else None for part in parts]
    counted = [text is not None and text.startswith("np.arange(") for text in texts]
    found = []
    for part, text, counts in zip(parts, texts, counted, strict=True):
        if counts:
            found.append("i")
        elif text is not None:
            found.append(f"{{{latex_name(text)}}}_{{i}}" if any(counted) else latex_name(text))
        elif part is None:
            found.append(r"\ast")
        else:
            found.append(
                re.sub(r"\bnp\.array", "", index_literal((part,)).rstrip(",")).replace("...", r"\ldots")
            )
    return ", ".join(found)


def _attribute(value: Any) -> str:
    if value is None:
        return r"\cdot"
    if isinstance(value, (float, np.ndarray, np.generic)):
        return latex_value(value)[0]
    if isinstance(value, str):
        return value.replace("->", r"$\to$")
    text = str(value).replace("_", r"\_")
    return text.removeprefix("<class '").removesuffix("'>")
