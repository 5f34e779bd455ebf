"""Programs in several files: a finding stands, and is mended, in the file where the mistake is."""

import json
import os
from importlib.machinery import PathFinder

import pytest

from backproof.cli import main
from backproof.pipeline import check_program
from backproof.source import read_program
from backproof.trace.child import modules
from backproof.trace.child.modules import RecordingFinder

LAYERS = """\
import numpy as np

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def slope(a):
    return a * (1 - a)

class Dense:
    def __init__(self, n, m, rng):
        self.W = rng.normal(0, 0.5, (n, m))
        self.b = rng.normal(0, 0.1, m)

    def forward(self, x):
        self.x = x
        self.a = sigmoid(x @ self.W + self.b)
        return self.a

    def backward(self, g, lr):
        dz = g * slope(self.a)  # höhe
        back = dz @ self.W.T
        self.W -= lr * self.x.T @ dz
        self.b -= lr * dz.sum(axis=0)
        return back
"""
MAIN = """\
import numpy as np
from layers import *

rng = np.random.default_rng(1)
X = rng.normal(size=(21, 3))
Y = rng.uniform(size=(21, 2))
net = [Dense(3, 5, rng), Dense(5, 2, rng)]
for epoch in range(500):
    out = X
    for layer in net:
        out = layer.forward(out)
    loss = 0.5 * np.sum((out - Y) ** 2)
    g = out - Y
    for layer in reversed(net):
        g = layer.backward(g, 0.1)
"""
PACKAGE = {
    "nets/__init__.py": "from .net import Net\n",
    "nets/base.py": """\
class Layer:
    def __init__(self, n, m, rng):
        self.W = rng.normal(0, 0.5, (n, m))

    def forward(self, x):
        self.x = x
        self.z = x @ self.W
        return self.f(self.z)

    def backward(self, g, lr):
        dz = g * self.df(self.z)
        back = dz @ self.W.T
        self.W -= lr * self.x.T @ dz
        return back
""",
    "nets/kinds.py": """\
import numpy as np
from .base import Layer

class Tanh(Layer):
    def f(self, z):
        return np.tanh(z)

    def df(self, z):
        return 1 - np.tanh(z)**2

class Linear(Layer):
    def f(self, z):
        return z

    def df(self, z):
        return 1.0
""",
    "nets/net.py": """\
from . import kinds

class Net:
    def __init__(self, rng):
        self.layers = [kinds.Tanh(3, 6, rng), kinds.Linear(6, 2, rng)]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, g, lr):
        for layer in self.layers[::-1]:
            g = layer.backward(g, lr)
""",
    "train.py": """\
import importlib
import numpy as np

nets = importlib.import_module("nets")
rng = np.random.default_rng(1)
X = rng.normal(size=(21, 3))
Y = np.sin(X[:, :2])
net = nets.Net(rng)
for epoch in range(500):
    out = net.forward(X)
    loss = np.mean((out - Y) ** 2)
    net.backward(2 * (out - Y) / out.size, 0.1)
""",
}
TWO = {"layers.py": LAYERS, "main.py": MAIN}


def put(folder, files, *mistakes):
    """Write the files with mistakes in them: (file, right, wrong)."""
    for name, text in files.items():
        for file, right, wrong in mistakes:
            if file == name:
                assert text.count(right) == 1
                text = text.replace(right, wrong)
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(text.encode())


def check(capsys, *arguments):
    """The exit code of ``check`` and the results of its JSON report."""
    code = main(["check", *arguments, "--output-format", "json"])
    return code, json.loads(capsys.readouterr().out)["results"]


@pytest.mark.parametrize(("files", "program"), [(TWO, "main.py"), (PACKAGE, "train.py")])
def test_correct_programs_are_certified(tmp_path, files, program):
    """Star imports, packages, relative imports and importlib are followed."""
    put(tmp_path, files)
    report = check_program(read_program(tmp_path / program))
    assert report.verdict == "correct", report.reason
    assert len(report.parameters) == (4 if files is TWO else 2)


AT_ACTIVATED = ("layers.py", "slope(self.a)", "slope(sigmoid(self.a))")
MISTAKES = [
    (TWO, "main.py", AT_ACTIVATED, ("derivative-at-wrong-point",), 20),
    (TWO, "main.py", ("layers.py", "a * (1 - a)", "a * (1 + a)"), ("sign-flipped",), 7),
    (PACKAGE, "train.py", ("nets/base.py", "g * self.df(", "-g * self.df("), ("sign-flipped",), 11),
    (
        PACKAGE,
        "train.py",
        ("nets/kinds.py", "1 - np.tanh(z)**2", "1 - z**2"),
        ("derivative-at-wrong-point", "wrong-activation-derivative"),
        9,
    ),
]


@pytest.mark.parametrize(("files", "program", "mistake", "names", "row"), MISTAKES)
def test_a_mistake_in_another_file(tmp_path, monkeypatch, capsys, files, program, mistake, names, row):
    """It is reported there, shown there by --diff, and mended there byte for byte by --fix."""
    put(tmp_path, files, mistake)
    monkeypatch.chdir(tmp_path)
    file = mistake[0]
    code, (result,) = check(capsys, program)
    assert code == 1
    (diagnostic,) = result["diagnostics"]
    assert result["filename"] == program
    assert diagnostic["name"] in names
    assert (diagnostic["filename"], diagnostic["location"]["row"]) == (file, row)

    assert main(["check", program]) == 1
    shown = capsys.readouterr().out
    assert shown.startswith(f"{file}:{row}:")
    assert (tmp_path / file).read_text().splitlines()[row - 1] in shown

    assert main(["check", "--diff", program]) == 1
    assert f"--- {file}\n+++ {file}\n" in capsys.readouterr().out
    assert main(["check", "--fix", program]) == 0
    capsys.readouterr()
    assert check(capsys, program)[0] == 0
    untouched = {name: text for name, text in files.items() if name != file}
    assert {name: (tmp_path / name).read_text() for name in untouched} == untouched


def test_mistakes_in_two_files(tmp_path, capsys):
    """Each is reported in its own, and both are mended."""
    put(tmp_path, TWO, AT_ACTIVATED, ("main.py", "g = out - Y", "g = Y - out"))
    code, (result,) = check(capsys, str(tmp_path / "main.py"))
    assert code == 1
    assert {d.get("filename") for d in result["diagnostics"]} == {str(tmp_path / "layers.py"), None}
    assert main(["check", "--fix", str(tmp_path / "main.py")]) == 0
    assert {name: (tmp_path / name).read_bytes() for name in TWO} == {k: v.encode() for k, v in TWO.items()}


def test_a_comment_in_the_module_suppresses(tmp_path, capsys):
    """The suppression stands where the finding does."""
    put(tmp_path, TWO, AT_ACTIVATED)
    path = tmp_path / "layers.py"
    path.write_text(path.read_text().replace("höhe", "backproof: ignore[derivative-at-wrong-point]"))
    assert check(capsys, str(tmp_path / "main.py"))[0] == 0


def test_a_folder_is_its_training_programs(tmp_path, monkeypatch, capsys):
    """Helper modules and packages are not complained about, and stand in no report."""
    put(tmp_path, TWO | PACKAGE)
    (tmp_path / "plot.py").write_text("print('nothing to train')\n")
    monkeypatch.chdir(tmp_path)
    code, results = check(capsys, ".")
    assert code == 0
    assert [(r["filename"], r["verdict"]) for r in results] == [
        ("main.py", "correct"),
        ("train.py", "correct"),
    ]
    assert main(["check", "plot.py"]) == 2


def test_two_programs_share_a_faulty_module(tmp_path, monkeypatch, capsys):
    """Its diff is printed once, and fixing both writes it once."""
    put(tmp_path, TWO | {"again.py": MAIN.replace("0.1)", "0.2)")}, AT_ACTIVATED)
    monkeypatch.chdir(tmp_path)
    assert main(["check", "--diff", "."]) == 1
    assert capsys.readouterr().out.count("+++ layers.py") == 1
    assert main(["check", "--fix", "."]) == 0
    assert (tmp_path / "layers.py").read_text() == LAYERS


ABOVE = "import os\nimport sys\n\nsys.path.append(os.pardir)\n"


def test_modules_above_the_program_are_followed_where_it_says_so(tmp_path, monkeypatch):
    """A program that puts the folder above on the path has its modules there."""
    files = {"shared/layers.py": LAYERS, "first/train.py": ABOVE + MAIN.replace("layers", "shared.layers")}
    put(tmp_path, files)
    monkeypatch.chdir(tmp_path / "first")
    report = check_program(read_program("train.py"))
    assert report.verdict == "correct", report.reason
    put(tmp_path, files | {"shared/layers.py": LAYERS.replace("slope(self.a)", "slope(sigmoid(self.a))")})
    report = check_program(read_program("train.py"))
    (error,) = [f for f in report.findings if f.severity == "error"]
    assert (error.name, error.span.file) == (
        "derivative-at-wrong-point",
        os.path.join("..", "shared", "layers.py"),
    )


def test_modules_of_libraries_are_not_looked_for(tmp_path, monkeypatch):
    """A library has thousands of modules: none is looked for beside the program, none resolves a path."""
    monkeypatch.syspath_prepend(tmp_path)
    finder = RecordingFinder(tmp_path / "first", "first", None, {}, {}, above=True)
    put(tmp_path, {"shared/layers.py": LAYERS, "first/train.py": MAIN})
    found = finder.find_spec("shared.layers", [str(tmp_path / "shared")])
    assert found is not None
    assert found.loader is finder
    asked = []
    monkeypatch.setattr(PathFinder, "find_spec", lambda *question: asked.append(question))
    resolved = []
    monkeypatch.setattr(modules.Path, "resolve", lambda path: resolved.append(path) or path)
    for _ in range(50):
        assert finder.find_spec("json.decoder", json.__path__) is None
    assert not asked
    assert len(resolved) <= 2


def test_a_module_that_is_no_python_is_named(tmp_path, monkeypatch):
    """What cannot be read is shown in its own file, and not where it is imported."""
    row = LAYERS.splitlines().index("    return a * (1 - a)") + 1
    put(tmp_path, {"train.py": MAIN, "layers.py": LAYERS.replace("return a *", "return a * *")})
    monkeypatch.chdir(tmp_path)
    assert f"layers.py:{row}:" in check_program(read_program("train.py")).reason


def test_modules_in_a_folder_beside_the_program_are_followed_where_it_says_so(tmp_path, monkeypatch):
    """A program that puts a folder of its own on the path has modules there, which find each other."""
    beside = "import os\nimport sys\n\nsys.path.append(os.path.join(os.path.dirname(__file__), 'parts'))\n"
    slopes, rest = LAYERS.split("class Dense")
    files = {
        "train.py": beside + MAIN,
        "parts/slopes.py": slopes,
        "parts/layers.py": "import numpy as np\nfrom slopes import sigmoid, slope\n\nclass Dense" + rest,
    }
    put(tmp_path, files)
    monkeypatch.chdir(tmp_path)
    report = check_program(read_program("train.py"))
    assert report.verdict == "correct", report.reason
