"""--select, --ignore, configuration and suppressions change what is shown, and never the verdict."""

import json

import pytest

TWO = b"g = y - out  # FAULT\nh = abcdefg  # NOFIX\n"


def shown(call, *arguments):
    """Give the exit code, the verdict and the names of the findings that are shown."""
    code, output, errors = call("check", "--output-format", "json", *arguments, "net.py")
    assert output, errors
    (result,) = json.loads(output)["results"]
    return code, result["verdict"], [each["name"] for each in result["diagnostics"]]


@pytest.fixture
def net(folder):
    """Give a program with two faults."""
    (folder / "net.py").write_bytes(TWO)
    return folder / "net.py"


@pytest.mark.parametrize(
    ("options", "code", "names"),
    [
        ([], 1, ["sign-flipped", "wrong-axis"]),
        (["--select", "sign-flipped"], 1, ["sign-flipped"]),
        (["--select", "BP203"], 1, ["wrong-axis"]),
        (["--select", "bp101,shape"], 1, ["sign-flipped", "wrong-axis"]),
        (["--select", "factor", "--select", "shape"], 1, ["sign-flipped", "wrong-axis"]),
        (["--ignore", "factor"], 1, ["wrong-axis"]),
        (["--select", "factor", "--ignore", "sign-flipped"], 0, []),
        (["--select", "overwritten"], 0, []),
    ],
)
def test_names_codes_and_groups_select(call, net, options, code, names):
    """The exit code answers for what is shown; the verdict stays what it is."""
    assert shown(call, *options) == (code, "faulty", names)


def test_an_unknown_name_is_refused_with_a_near_one(call, net):
    """A misspelt rule is an error before anything is run, not a silent nothing."""
    code, output, errors = call("check", "--ignore", "sign-fliped", "net.py")
    assert (code, output) == (2, "")
    assert errors == "backproof: --ignore: there is no rule 'sign-fliped': did you mean 'sign-flipped'?\n"


def test_a_suppression_speaks_for_its_line(call, net):
    """The named rule is not shown on that line, and is on others."""
    net.write_bytes(b"g = y - out  # FAULT # backproof: ignore[sign-flipped]\ng = y - out  # FAULT\n")
    code, output, _ = call("check", "--output-format", "concise", "net.py")
    assert (code, output) == (1, "net.py:2:5: BP101 sign-flipped The sign.\n")
    net.write_bytes(b"g = y - out  # FAULT # backproof: ignore[BP101]\n")
    assert shown(call) == (0, "faulty", [])
    assert "its faults are not shown" in call("check", "net.py")[1]


def test_a_suppressed_fault_is_not_fixed(call, net):
    """--fix leaves alone what the author has asked to be left alone."""
    data = b"g = y - out  # FAULT # backproof: ignore[sign-flipped]\n"
    net.write_bytes(data)
    assert call("check", "--fix", "net.py")[0] == 0
    assert net.read_bytes() == data


@pytest.mark.parametrize(
    ("comment", "words"),
    [
        ("ignore[sgn-flipped]", "there is no rule 'sgn-flipped': did you mean 'sign-flipped'?"),
        ("ignore", "a suppression has to name a rule"),
    ],
)
def test_a_suppression_that_says_nothing_is_reported(call, net, comment, words):
    """A misspelt or empty suppression suppresses nothing, and is pointed out."""
    net.write_bytes(f"g = y - out  # FAULT # backproof: {comment}\n".encode())
    code, _, errors = call("check", "net.py")
    assert code == 1
    assert errors.startswith("backproof: net.py:1: ")
    assert words in errors


def test_the_nearest_configuration_counts(call, net, folder):
    """A folder's own pyproject.toml with a backproof table hides those above; one without does not."""
    (folder / "pyproject.toml").write_text('[tool.backproof]\nignore = ["shape"]\nsteps = 9\ntimeout = 4\n')
    deep = folder / "deep"
    deep.mkdir()
    (deep / "net.py").write_bytes(TWO)
    assert shown(call)[2] == ["sign-flipped"]
    assert "None 9 4" in call("check", "net.py")[1]
    (deep / "pyproject.toml").write_text("[tool.other]\nx = 'backproof'\n")
    assert "wrong-axis" not in call("check", "deep/net.py")[1]
    (deep / "pyproject.toml").write_text(
        '[tool.backproof]\nselect = ["wrong-axis"]\noutput-format = "concise"\n'
    )
    assert call("check", "deep/net.py")[1] == "deep/net.py:2:5: BP203 wrong-axis The axis.\n"
    assert call("check", "--output-format", "concise", ".")[1].splitlines() == [
        "net.py:1:5: BP101 sign-flipped The sign.",
        "deep/net.py:2:5: BP203 wrong-axis The axis.",
    ]


def test_the_command_line_outweighs_the_configuration(call, net, folder):
    """An option that is given replaces the project's."""
    (folder / "pyproject.toml").write_text(
        '[tool.backproof]\nselect = ["shape"]\nignore = ["factor"]\nsteps = 9\n'
    )
    assert shown(call, "--select", "factor", "--ignore", "shape")[2] == ["sign-flipped"]
    assert "None 3 None" in call("check", "--steps", "3", "net.py")[1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[tool.backproof]\nselct = ["a"]\n', "tool.backproof has no key 'selct': did you mean 'select'?"),
        (
            '[tool.backproof]\nselect = "shape"\n',
            "tool.backproof.select has to be a list of names, not 'shape'.",
        ),
        ("[tool.backproof]\nignore = [1]\n", "tool.backproof.ignore has to be a list of names"),
        ("[tool.backproof]\nsteps = true\n", "tool.backproof.steps has to be a whole number"),
        ("[tool.backproof]\ntimeout = 0\n", "tool.backproof.timeout has to be a number above zero"),
        ('[tool.backproof]\noutput-format = "xml"\n', "has to be one of text, concise, json, sarif, github"),
        (
            '[tool.backproof]\nignore = ["sign-fliped"]\n',
            "pyproject.toml: ignore: there is no rule 'sign-fliped'",
        ),
        ('[tool]\nbackproof = "x"\n', "tool.backproof has to be a table"),
        ("[tool.backproof\n", "is not TOML"),
    ],
)
def test_a_wrong_configuration_is_refused(call, net, folder, text, words):
    """Keys and values that do not exist are errors that name the file."""
    (folder / "pyproject.toml").write_text(text)
    code, output, errors = call("check", "net.py")
    assert (code, output) == (2, "")
    assert words in errors
    assert "pyproject.toml" in errors
