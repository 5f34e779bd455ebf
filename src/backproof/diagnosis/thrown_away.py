"""The finding of statements that compute a new value, and bind it to nothing or to another name.

``w - lr * g`` and ``w == w - lr * g`` are statements of Python that change nothing: an ``=`` is missing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from itertools import product

from backproof.check.dropped import Dropped
from backproof.check.judgement import Judgement
from backproof.diagnosis.faulty import Verify, fix_of
from backproof.diagnosis.unapplied import unapplied
from backproof.diagnosis.wrong_target import wrong_targets
from backproof.faults import RULES
from backproof.findings import Finding
from backproof.source import Edit
from backproof.trace import Site, Trace

TARGETS = (ast.Name, ast.Attribute, ast.Subscript)
MOST = 6  # statements; more are shown at the end of a notebook's cells
TRIES = 8  # runs of the mended program


def unbound(judgement: Judgement, dropped: Sequence[Dropped], verify: Verify) -> tuple[Finding, ...]:
    """Make findings of the right gradients that do not arrive.

    Of the new values that are bound to nothing or to another name, or else of the ``dropped`` gradients.
    """
    if not dropped and not any(wrong_targets(judgement)):
        return ()
    return thrown_away(judgement, verify, dropped) or unapplied(judgement, dropped, verify)


def thrown_away(judgement: Judgement, verify: Verify, dropped: Sequence[Dropped] = ()) -> tuple[Finding, ...]:
    """Make findings of the statements that make every gradient right, when their values are kept.

    Of those that are wrong without; or, where none is, of those that are ``dropped``, or are bound elsewhere.
    """
    trace, verdict = judgement.step.trace, judgement.verdict
    wrong = [c.name for c, ok in zip(verdict.comparisons, verdict.right, strict=True) if not ok]
    elsewhere = list(wrong_targets(judgement))
    owners = wrong or [each.name for each in dropped] or [edit.content for _, edit in elsewhere]
    options = {site.number: found for site in _discarded(trace) if (found := list(_kept(site)))}
    options.update((site.number, [edit]) for site, edit in elsewhere)
    if not options or len(options) > MOST:
        return ()
    numbers = list(options)
    together = list(product(*options.values()))[:TRIES]
    apart = [(edit,) for found in options.values() for edit in found] if len(options) > 1 else []
    for edits in (*together, *apart[:TRIES]):
        verified = verify(edits, None)
        if verified is not None:
            made = [n for n in numbers if any(edit in options[n] for edit in edits)]
            pairs = zip(made, edits, strict=True)
            return tuple(_finding(trace.sites[n], edit, owners, verified) for n, edit in pairs)
    return ()


def _discarded(trace: Trace) -> Iterator[Site]:
    """The statements that are an expression, of which nothing but its value could be wanted, and that ran."""
    ran = {node.origin.site for node in trace.nodes if node.origin is not None and node.operands}
    for site in trace.sites:
        if site.kind in ("BinOp", "Compare") and site.parent is None and site.statement is not None:
            statement = trace.sites[site.statement]
            if statement.kind == "Expr" and statement.text == site.text and site.number in ran:
                yield statement


def _kept(statement: Site) -> Iterator[Edit]:
    """The statement with its value kept: what stands first is what it belongs to."""
    try:
        whole = ast.parse(statement.text, mode="eval").body
    except SyntaxError:
        return
    first = whole
    while isinstance(first, ast.BinOp) and not isinstance(first.left, TARGETS):
        first = first.left
    target: ast.expr
    match whole, first:
        case ast.Compare(left=target, ops=[ast.Eq()], comparators=[value]), _ if isinstance(target, TARGETS):
            operators = ["="]
        case _, ast.BinOp(left=target, op=ast.Add() | ast.Sub(), right=value):
            operators = ["+=" if isinstance(first.op, ast.Add) else "-="]
        case _:
            return
    name = ast.unparse(target)
    read = {ast.unparse(n) for n in ast.walk(whole) if isinstance(n, TARGETS) and n is not target}
    if name in read and "=" not in operators:
        operators.insert(0, "=")
    text = statement.text
    begin, end = ast.get_source_segment(text, target), text.encode()[value.col_offset :].decode()
    if begin is None or "\n" in text:
        return
    for operator in operators:
        yield Edit(statement.span, f"{begin} {operator} {end}")


def _finding(site: Site, edit: Edit, owners: Sequence[str], verified: tuple[int, float]) -> Finding:
    rule, expected = RULES["never-updated"], edit.content
    if edit.span == site.span:
        message = f"`{site.text}` computes a value that is bound to nothing: an `=` is missing."
    else:
        width = edit.span.end_column - edit.span.column
        expected += site.text[width:]
        message = (
            f"The new value of `{edit.content}` is bound to `{site.text[:width]}`, which nothing reads "
            f"any more: `{edit.content}` stays as it is."
        )
    fix = fix_of((edit,), expected, verified)
    own = (edit.content,) if edit.content in owners else tuple(owners)
    return Finding(rule.code, rule.name, "error", message, site.span, own, site.text, expected, fix)
