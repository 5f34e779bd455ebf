"""A derivation as one HTML page that needs nothing else: the mathematics is MathML, which browsers draw."""

from __future__ import annotations

import re
from importlib import resources

from backproof.derive.account import Account
from backproof.derive.as_markdown import (
    TOGETHER,
    explained,
    formulas_of,
    results,
    sentence,
    step_formula,
)


def as_html(account: Account) -> str:
    """The chains, the steps with their reasons, and the backward pass, as a page."""
    from jinja2 import Environment

    template = resources.files("backproof.derive").joinpath("page.html.jinja").read_text("utf-8")
    sections = [
        {
            "title": section.title,
            "formulas": [
                {"heading": heading, "each": [_mathml(formula) for formula in formulas]}
                for heading, formulas in formulas_of(account, section)
            ],
            "also": None if section.also is None else _marked(section.also),
            "steps": [
                {
                    "formula": _mathml(step_formula(account, section, told)),
                    "reason": _marked(sentence(told, section)),
                }
                for told in section.told
            ],
            "together": [_mathml(formula) for formula in results(account, section)],
        }
        for section in account.sections
    ]
    return (
        Environment(autoescape=True, keep_trailing_newline=True)
        .from_string(template)
        .render(
            loss=account.loss,
            together=TOGETHER,
            sections=sections,
            lines=account.backward.text.splitlines(),
            said=[_marked(said) for said in explained(account)],
        )
    )


def _mathml(latex: str) -> object:
    """A formula as MathML, marked as safe to stand in a page."""
    from latex2mathml.converter import convert
    from markupsafe import Markup

    upright = latex.replace(r"\operatorname", r"\mathrm")  # which the converter sets as a product of letters
    drawn = re.sub(r"<mo>(\w+)</mo>", r"<mi>\1</mi>", convert(upright, display="block"))  # max, as ln is
    return Markup(re.sub(r'(<mo stretchy="true" fence="true")', r'\1 lspace="0" rspace="0"', drawn))


def _marked(text: str) -> object:
    """A sentence, what stands between backticks set as code."""
    from markupsafe import Markup, escape

    parts = [escape(part) for part in text.split("`")]
    return Markup("").join(Markup("<code>{}</code>").format(p) if k % 2 else p for k, p in enumerate(parts))
