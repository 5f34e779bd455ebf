"""A derivation as Markdown, as LaTeX, and the formulas that both and the HTML page are made of."""

from __future__ import annotations

from backproof.derive.account import Account, Told
from backproof.derive.statements import statements
from backproof.notation import to_latex
from backproof.notation.latex import latex_name


def as_markdown(account: Account) -> str:
    """The chains, the steps with their reasons, and the backward pass, with formulas between dollars."""
    found = [
        f"# The gradient of `{account.loss}`",
        "",
        f"$${loss_formula(account)}$$",
        "",
        "## The chains",
        "",
    ]
    for chain in account.chains:
        more = " and other paths" if chain.branches else ""
        found.append(f"- `{chain.parameter}`: ${factors(chain.values)}${more}")
    found += ["", "## Step by step", ""]
    for told in account.told:
        found += [f"$${step_formula(account, told)}$$", "", sentence(told), ""]
    found += ["## The backward pass", "", "```python"]
    found += statements(account.derived).splitlines()
    return "\n".join([*found, "```", ""])


def as_latex(account: Account) -> str:
    """A document for any LaTeX with amsmath: the same in its order."""
    found = [
        r"\documentclass{article}",
        r"\usepackage{amsmath,amssymb}",
        r"\begin{document}",
        rf"\section*{{The gradient of ${latex_name(account.loss)}$}}",
        rf"\[{loss_formula(account)}\]",
        r"\subsection*{The chains}",
        r"\begin{itemize}",
    ]
    for chain in account.chains:
        more = " and other paths" if chain.branches else ""
        found.append(rf"\item $\displaystyle {factors(chain.values)}${more}")
    found += [r"\end{itemize}", r"\subsection*{Step by step}"]
    for told in account.told:
        found += [rf"\[{step_formula(account, told)}\]", escaped(sentence(told))]
    found += [r"\subsection*{The backward pass}", r"\begin{align*}"]
    symbols = {line.name: latex_name(line.name) for line in account.derived.lines}
    rows = [rf"{symbols[line.name]} &= {to_latex(line.node)}" for line in account.derived.lines]
    found.append(" \\\\\n".join(rows))
    return "\n".join([*found, r"\end{align*}", r"\end{document}", ""])


def escaped(text: str) -> str:
    """Prose for LaTeX: what is special there made plain, and the few signs that it lacks spelled."""
    signs = {
        "σ′": r"$\sigma'$",
        "σ": r"$\sigma$",
        "′": "'",
        "²": r"$^2$",
        "−": "$-$",
        "ˣ": r"$^x$",
        "≈": r"$\approx$",
    }
    special = {"\\": r"\textbackslash{}", "^": r"\^{}", "~": r"\~{}"}
    found = []
    for character in text:
        if character in "_&%$#{}":
            found.append("\\" + character)
        else:
            found.append(special.get(character, character))
    result = "".join(found)
    for sign, latex in signs.items():
        result = result.replace(sign, latex)
    return result.replace(">", "$>$").replace("<", "$<$")


def sentence(told: Told) -> str:
    """The shape and the reason."""
    return f"{told.shape[:1].upper()}{told.shape[1:]}: {told.reason}."


def loss_formula(account: Account) -> str:
    """The loss as an equation in the values before it."""
    names = {n: name for n, name in account.derived.forward.names.items() if n is not account.formula}
    return f"{latex_name(account.loss)} = {to_latex(account.formula, names)}"


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
