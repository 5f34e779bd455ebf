"""LaTeX and HTML are not only written: what reads them draws them."""

from __future__ import annotations

import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from backproof.derive.account import account
from backproof.derive.as_html import as_html
from backproof.derive.as_markdown import as_latex
from backproof.runner import Runner

from .test_corpus import MEMBERS, derived


@pytest.fixture(scope="module")
def pages() -> list[tuple[str, str, str]]:
    """The name, the LaTeX document and the HTML page of every third member of the corpus."""
    with Runner() as runner:
        accounts = [(name, account(derived(module, name, s, runner))) for module, name, s in MEMBERS[::3]]
        return [(name, as_latex(told), as_html(told)) for name, told in accounts]


def test_latex_is_typeset_without_an_error(pages: list[tuple[str, str, str]], tmp_path: Path) -> None:
    """TeX itself sets the documents, one behind the other, and complains of nothing."""
    tex = shutil.which("pdflatex")
    if tex is None:
        pytest.skip("pdflatex is not installed (Debian: texlive-latex-base)")
    head = pages[0][1].split(r"\begin{document}")[0]
    bodies = [text.split(r"\begin{document}")[1].split(r"\end{document}")[0] for _, text, _ in pages]
    whole = head + r"\begin{document}" + "\n\\clearpage\n".join(bodies) + r"\end{document}"
    (tmp_path / "all.tex").write_text(whole, encoding="utf-8")
    done = subprocess.run(
        [tex, "-interaction=nonstopmode", "all.tex"], cwd=tmp_path, capture_output=True, check=False
    )
    said = done.stdout.decode("latin-1")
    assert not re.findall(r"^! .*", said, re.MULTILINE)
    assert done.returncode == 0
    assert (tmp_path / "all.pdf").stat().st_size > 20_000


class Elements(HTMLParser):
    """What stands in the formulas of a page, and whether every element is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.formulas = 0
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002
        """Remember what is open."""
        self.formulas += tag == "math"
        if tag not in ("meta",):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        """An element without content."""

    def handle_endtag(self, tag: str) -> None:
        """What is closed was the last that was opened."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Keep the text inside formulas."""
        if "math" in self.open:
            self.text.append(data)


def test_html_is_whole_and_its_formulas_are_mathematics(pages: list[tuple[str, str, str]]) -> None:
    """Every element is closed, and no command of LaTeX is left in a formula."""
    for name, _, page in pages:
        read = Elements()
        read.feed(page)
        assert not read.open, name
        assert read.formulas > 2, name
        assert not re.search(r"\\[a-zA-Z]", "".join(read.text)), (name, "".join(read.text))
        assert not re.search(r"<(script|link|img)|https?://(?!www\.w3\.org)", page), name
