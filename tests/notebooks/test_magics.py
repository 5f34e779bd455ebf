"""What only a notebook understands, as Python: the rows stay, and so do the columns of the code."""

import ast

import pytest

from backproof.source.magics import as_python


@pytest.mark.parametrize(
    ("source", "python"),
    [
        ("%matplotlib inline", "pass"),
        ("if 1:\n    %matplotlib inline", "if 1:\n    pass"),
        ("!pip install x", "pass"),
        ("!!ls", "pass"),
        ("np.dot?", "pass"),
        ("net.layers[0].W??", "pass"),
        ("?np.dot", "pass"),
        ("files = !ls *.csv", "files = []"),
        ("here = %pwd", "here = None"),
        ("w = %time fit(x)", "w =       fit(x)"),
        ("%time w = fit(x)", "if 1: w = fit(x)"),
        ("%timeit -n 3 -r1 fit(x)", "if 1:            fit(x)"),
        ("%%time\nw = 3", "pass\nw = 3"),
        ("%%capture out\nw = 3", "pass\nw = 3"),
        ("%%bash\nls -l\n\ncat x", "pass\n#\n#\n#"),
        ("%%writefile net.py\nw = (3", "pass\n#"),
        ("!ls \\\n  -l\nw = 3", "pass\n#\nw = 3"),
        ("!echo it's (\nw = 3", "pass\nw = 3"),
        # none of these is a magic
        ("w = (a\n  % b)", "w = (a\n  % b)"),
        ("w = a \\\n  % b", "w = a \\\n  % b"),
        ("s = '''\n%time x\n!ls\n'''\n%time x", "s = '''\n%time x\n!ls\n'''\nif 1: x"),
        ('s = """\\"""\n%a\n"""', 's = """\\"""\n%a\n"""'),
        ("s = '(' # '''\n%ls", "s = '(' # '''\npass"),
        ("w = a != b", "w = a != b"),
        ("s = 'is it?'", "s = 'is it?'"),
        ("w = 7 % 3  # rest?", "w = 7 % 3  # rest?"),
        ("w == 3\r\n%ls\r\n", "w == 3\r\npass\r\n"),
    ],
)  # fmt: skip
def test_a_cell_becomes_python(source, python):
    """Every line stays a line; what runs code stays code, in its columns."""
    assert as_python(source) == python
    ast.parse(python)
