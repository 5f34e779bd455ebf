"""Suppressions are comments, and speak for their own line."""

import pytest

from backproof.source import Program, Suppression, suppressions


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("g = 1  # backproof: ignore[sign-flipped]\n", [(range(1, 2), ("sign-flipped",))]),
        (
            "a = 1\r\ng = 1  #backproof:ignore[ BP101 ,wrong-scale,]\r\n",
            [(range(2, 3), ("BP101", "wrong-scale"))],
        ),
        ("g = 1  # see above; # backproof: ignore[a] and more\n", [(range(1, 2), ("a",))]),
        ("g = 1  # backproof: ignore\n", [(range(1, 2), ())]),
        ("s = '# backproof: ignore[sign-flipped]'\n", []),
        ('s = """\n# backproof: ignore[sign-flipped]\n"""\n', []),
        ("g = 1  # backproof: ignored[x]\n", []),
        ("g = a \\\n    - b \\\n    + c  # backproof: ignore[x]\nh = 1\n", [(range(1, 4), ("x",))]),
        ("g = f(a,\n      b)  # backproof: ignore[x]\n", [(range(2, 3), ("x",))]),
    ],
)
def test_comments_are_read_and_strings_are_not(text, expected):
    """The names in the brackets are given with the rows that the comment speaks for."""
    assert suppressions(Program("n.py", text)) == [Suppression(*each) for each in expected]
