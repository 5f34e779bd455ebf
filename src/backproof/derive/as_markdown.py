"""A derivation as Markdown, as LaTeX, and the formulas that both and the HTML page are made of."""

from __future__ import annotations

from collections.abc import Sequence

from backproof.derive.account import Account, Chain, Told
from backproof.derive.elements import WRITES
from backproof.derive.statements import statements
from backproof.notation import to_latex
from backproof.notation.latex import latex_name

SPECIAL = {
    **{character: "\\" + character for character in "_&%$#{}"},
    "\\": r"\textbackslash{}", "^": r"\^{}", "~": r"\~{}",
    "σ": r"$\sigma$", "′": "$'$", "²": r"$^2$", "−": "$-$", "ˣ": r"$^x$", "∂": r"$\partial$", "·": r"$\cdot$",
    ">": "$>$", "<": "$<$",
}  # fmt: skip


def as_markdown(account: Account) -> str:
    """The chains, the steps with their reasons, and the backward pass, with formulas between dollars."""
    found = [f"# The gradient of `{account.loss}`", "", "## The forward pass", ""]
    for formula in forward_formulas(account):
        found += [f"$${formula}$$", ""]
    found += ["## The chains", ""]
    for chain in account.chains:
        found += [f"$${chain_formula(account, chain)}$$", ""]
    found += ["## Step by step", ""]
    for told in account.told:
        found += [f"$${step_formula(account, told)}$$", "", sentence(told), ""]
    found += ["## The backward pass", "", "```python"]
    found += statements(account.derived).splitlines()
    return "\n".join([*found, "```", ""])


def as_latex(account: Account) -> str:
    """A document for any LaTeX with amsmath: the same in its order."""
    found = [
        r"\documentclass{article}",
        r"\usepackage[utf8]{inputenc}",
        r"\usepackage{amsmath,amssymb}",
        r"\usepackage[margin=2.5cm]{geometry}",
        r"\allowdisplaybreaks",
        r"\begin{document}",
        r"\sloppy\small",
        rf"\section*{{The gradient of ${latex_name(account.loss)}$}}",
        r"\subsection*{The forward pass}",
        _aligned(forward_formulas(account)),
        r"\subsection*{The chains}",
        _aligned([chain_formula(account, chain) for chain in account.chains]),
        r"\subsection*{Step by step}",
    ]
    for told in account.told:
        found += [rf"\[{step_formula(account, told)}\]", escaped(sentence(told))]
    found += ["", r"\subsection*{The backward pass}", r"\footnotesize", r"\begin{verbatim}"]
    found += statements(account.derived).splitlines()
    return "\n".join([*found, r"\end{verbatim}", r"\end{document}", ""])


def _aligned(formulas: Sequence[str]) -> str:
    """Equations, one below the other."""
    rows = [formula.replace(" = ", " &= ", 1) for formula in formulas]
    return "\\begin{align*}\n" + " \\\\\n".join(rows) + "\n\\end{align*}"


def escaped(text: str) -> str:
    """Prose for LaTeX: what is special there made plain, and the few signs that it lacks spelled."""
    found = []
    for k, part in enumerate(text.split("`")):
        plain = "".join(SPECIAL.get(character, character) for character in part)
        found.append(rf"\texttt{{{plain}}}" if k % 2 else plain)
    return "".join(found)


def sentence(told: Told) -> str:
    """The shape and the reason."""
    return f"{told.shape[:1].upper()}{told.shape[1:]}: {told.reason}."


def forward_formulas(account: Account) -> list[str]:
    """The forward values as equations, each in those before it."""
    return [
        f"{latex_name(line.name)} = {to_latex(line.node)}"
        for line in account.derived.forward_lines
        if line.node.operation not in WRITES
    ]


def chain_formula(account: Account, chain: Chain) -> str:
    """The chain of factors of a parameter as an equation."""
    more = r" + \cdots" if chain.branches else ""
    return f"{fraction(account, chain.values[0])} = {factors(chain.values)}{more}"


def fraction(account: Account, name: str) -> str:
    r"""∂loss/∂value."""
    return rf"\frac{{\partial {latex_name(account.loss)}}}{{\partial {latex_name(name)}}}"


def factors(values: tuple[str, ...]) -> str:
    """The chain of factors from the loss to a parameter."""
    pairs = list(zip(values[1:], values, strict=False))[::-1]
    return r" \cdot ".join(
        rf"\frac{{\partial {latex_name(upper)}}}{{\partial {latex_name(lower)}}}" for upper, lower in pairs
    )


def step_formula(account: Account, told: Told) -> str:
    """One step as an equation: the derivative, and what it equals."""
    names = account.derived.forward.names
    symbols = {
        line.name: latex_name(line.name)
        if line.of is None
        else fraction(account, names.get(line.of, line.name))
        for line in account.derived.steps
    }
    return f"{symbols[told.line.name]} = {to_latex(told.line.node, symbols=symbols)}"
