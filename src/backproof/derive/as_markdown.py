"""A derivation as Markdown, as LaTeX, and the formulas that both and the HTML page are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from backproof.derive.account import Account, Chain, Section, Told
from backproof.derive.elements import WRITES
from backproof.derive.loop_statements import in_prose
from backproof.derive.plan import Line
from backproof.derive.said import said_of
from backproof.notation import to_latex
from backproof.notation.latex import latex_name

SPECIAL = {
    **{character: "\\" + character for character in "_&%$#{}"},
    "\\": r"\textbackslash{}", "^": r"\^{}", "~": r"\~{}",
    "σ": r"$\sigma$", "′": "$'$", "²": r"$^2$", "−": "$-$", "ˣ": r"$^x$", "∂": r"$\partial$", "·": r"$\cdot$",
    ">": "$>$", "<": "$<$",
}  # fmt: skip
TOGETHER = "Put together"


def as_markdown(account: Account) -> str:
    """The chains, the steps with their reasons, and the backward pass, with formulas between dollars."""
    found = [f"# The gradient of `{account.loss}`", ""]
    for section in account.sections:
        below = "##" if section.title is None else "###"
        if section.title is not None:
            found += [f"## {section.title}", ""]
        for heading, formulas in formulas_of(account, section):
            found += [f"{below} {heading}", ""]
            for formula in formulas:
                found += [f"$${formula}$$", ""]
        found += [f"{below} Step by step", ""]
        if section.also is not None:
            found += [section.also, ""]
        for told in section.told:
            found += [f"$${step_formula(account, section, told)}$$", "", sentence(told, section), ""]
        found += [f"{below} {TOGETHER}", ""]
        for formula in results(account, section):
            found += [f"$${formula}$$", ""]
    found += ["## The backward pass", "", "```python"]
    found += account.backward.text.splitlines()
    return "\n".join([*found, "```", *(f"\n{said}" for said in explained(account)), ""])


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
    ]
    for section in account.sections:
        below = r"\subsection*" if section.title is None else r"\subsubsection*"
        if section.title is not None:
            found.append(rf"\subsection*{{{escaped(section.title)}}}")
        for heading, formulas in formulas_of(account, section):
            found += [rf"{below}{{{heading}}}", _aligned(formulas)]
        found.append(rf"{below}{{Step by step}}")
        if section.also is not None:
            found.append(escaped(section.also))
        for told in section.told:
            found += [rf"\[{step_formula(account, section, told)}\]", escaped(sentence(told, section))]
        found += [rf"{below}{{{TOGETHER}}}", _aligned(results(account, section))]
    found += ["", r"\subsection*{The backward pass}", r"\footnotesize", r"\begin{verbatim}"]
    found += account.backward.text.splitlines()
    found += [r"\end{verbatim}", *(escaped(said) for said in explained(account))]
    return "\n".join([*found, r"\end{document}", ""])


def formulas_of(account: Account, section: Section) -> list[tuple[str, list[str]]]:
    """The forward pass and the chains of a section as equations, with their headings, where there are any."""
    chains = [chain_formula(account, section, chain) for chain in section.chains]
    both = [("The forward pass", forward_formulas(section)), ("The chains", chains)]
    return [(heading, formulas) for heading, formulas in both if formulas]


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


def sentence(told: Told, section: Section) -> str:
    """The shape and the reason."""
    return in_prose(f"{told.shape[:1].upper()}{told.shape[1:]}: {told.reason}.", section.reads)


def explained(account: Account) -> list[str]:
    """What the names of a loop are that the program has not, as a sentence."""
    said = account.backward.said
    if account.backward.loop is None or not said:
        return []
    return [f"Here {said_of(said, '`')}."]


def forward_formulas(section: Section) -> list[str]:
    """The forward values as equations, each in those before it."""
    symbols = _symbols(section)
    return [
        f"{symbols.get(line.name) or latex_name(line.name)} = {_over_rounds(section, line, symbols)}"
        for line in section.forward
        if line.node.operation not in WRITES
    ]


def _over_rounds(section: Section, line: Line, symbols: Mapping[str, str]) -> str:
    """What a line computes, summed over the rounds where every round adds to it."""
    formula = to_latex(line.node, symbols=symbols)
    if line.name not in section.summed or section.counter is None:
        return formula
    wide = line.node.operation in ("add", "subtract")
    return rf"\sum_{{{latex_name(section.counter)}}} " + (rf"\left({formula}\right)" if wide else formula)


def chain_formula(account: Account, section: Section, chain: Chain) -> str:
    """The chain of factors of a parameter as an equation."""
    more = r" + \cdots" if chain.branches else ""
    over = rf"\sum_{{{latex_name(chain.summed)}}} " if chain.summed else ""
    symbols = _symbols(section)
    return f"{fraction(account, chain.values[0], symbols)} = {over}{factors(chain.values, symbols)}{more}"


def fraction(account: Account, name: str, symbols: Mapping[str, str]) -> str:
    r"""∂loss/∂value."""
    below = symbols.get(name) or latex_name(name)
    return rf"\frac{{\partial {latex_name(account.loss)}}}{{\partial {below}}}"


def factors(values: tuple[str, ...], symbols: Mapping[str, str]) -> str:
    """The chain of factors from the loss to a parameter."""
    names = [symbols.get(name) or latex_name(name) for name in values]
    pairs = list(zip(names[1:], names, strict=False))[::-1]
    return r" \cdot ".join(rf"\frac{{\partial {upper}}}{{\partial {lower}}}" for upper, lower in pairs)


def step_formula(account: Account, section: Section, told: Told) -> str:
    """One step as an equation: the derivative, and what it equals."""
    return _equation(account, section, told.line)


def results(account: Account, section: Section) -> list[str]:
    """The lines of the backward pass as equations: what is used once stands where it is used."""
    lines = [line for line in section.derived.lines if line.node.operation not in WRITES]
    kept = {told.line.name for told in section.told}
    return [_equation(account, section, line) for line in lines if line.of is None or line.name in kept]


def _equation(account: Account, section: Section, made: Line) -> str:
    names = section.derived.forward.names
    reads = _symbols(section)
    symbols = dict(reads)
    for line in section.derived.steps:
        known = latex_name(line.name) if line.of is None else None
        symbols[line.name] = known or fraction(account, names.get(line.of, line.name), reads)  # type: ignore[arg-type]
    for line in section.derived.lines:
        if line.of is None:
            symbols.setdefault(line.name, latex_name(line.name))
    return f"{symbols[made.name]} = {_over_rounds(section, made, symbols)}"


def _symbols(section: Section) -> dict[str, str]:
    """What names in the lines of a section are set as, where that is no name."""
    return {name: latex_name(text) for name, text in section.reads.items()}
