"""JSON, SARIF, GitHub's commands and the concise lines hold the findings and nothing else."""

import dataclasses
import json

import pytest

from backproof.report import render_concise, render_github, render_json, render_sarif
from backproof.rules import RULES

from .samples import FAULTY, RIGHT, SIGN, UNKNOWN

ALL = [FAULTY, RIGHT, UNKNOWN]


def test_json_is_what_the_contract_says():
    """Every key of the contract is there, with its value."""
    document = json.loads(render_json([FAULTY]))
    assert document["version"] == 1
    (result,) = document["results"]
    assert result["filename"] == "net.py"
    assert (result["verdict"], result["reason"]) == ("faulty", None)
    assert result["loss"] == {"name": "loss", "line": 5, "inferred": False, "formula": "0.5 * (out - y) ** 2"}
    assert result["parameters"][0] == {
        "name": "W2",
        "shape": [10],
        "verdict": "faulty",
        "relative_error": 2.0,
        "cosine": -1.0,
        "scale": -1.0,
    }
    assert result["diagnostics"][0] == {
        "code": "BP101",
        "name": "sign-flipped",
        "severity": "error",
        "message": "The error has the opposite sign: the update climbs the loss.",
        "parameters": ["W2"],
        "location": {"row": 6, "column": 12},
        "end_location": {"row": 6, "column": 19},
        "expected": "out - y",
        "found": "y - out",
        "fix": {
            "applicability": "safe",
            "message": "Swap the operands of the difference.",
            "edits": [
                {
                    "location": {"row": 6, "column": 12},
                    "end_location": {"row": 6, "column": 19},
                    "content": "out - y",
                }
            ],
            "verified": {"points": 8, "max_relative_error": 3e-16},
        },
    }


def test_json_has_null_where_a_number_does_not_exist():
    """Infinities and nan, which are no JSON, become null; so does a verification that was not made."""
    text = render_json(ALL)
    assert "NaN" not in text
    assert "Infinity" not in text
    result = json.loads(text)["results"][0]
    assert result["parameters"][1]["relative_error"] is None
    assert result["parameters"][1]["cosine"] is None
    assert result["diagnostics"][1]["fix"]["verified"] == {"points": 8, "max_relative_error": None}
    assert result["diagnostics"][2]["fix"]["verified"] is None
    assert result["diagnostics"][3]["fix"] is None


def test_json_puts_a_finding_without_a_place_at_the_start():
    """A reader may rely on row and column being numbers."""
    supplied = json.loads(render_json([FAULTY]))["results"][0]["diagnostics"][3]
    assert supplied["location"] == supplied["end_location"] == {"row": 1, "column": 1}


def test_json_keeps_the_order_and_survives_any_terminal():
    """Results and diagnostics keep their order, and the text is ASCII."""
    text = render_json(ALL)
    assert text.isascii()
    results = json.loads(text)["results"]
    assert [result["verdict"] for result in results] == ["faulty", "correct", "inconclusive"]
    assert [each["code"] for each in results[0]["diagnostics"]] == ["BP101", "BP102", "BP204", "BP001"]
    assert results[1]["loss"]["formula"] == "½·Σ(out − t)²"
    assert results[1]["certified"] == list(RIGHT.certified)
    assert results[2]["reason"] == "It never updates anything."
    assert json.loads(render_json([])) == {"version": 1, "results": []}


def test_concise_is_one_line_a_finding():
    """Each line is file:row:column: CODE name message, a message of several lines on one."""
    assert render_concise(ALL).splitlines() == [
        "net.py:6:12: BP101 sign-flipped The error has the opposite sign: the update climbs the loss.",
        "net.py:7:28: BP102 derivative-at-wrong-point "
        "The slope is taken at sigmoid(z): it activates by itself.",
        "net.py:8:5: BP204 wrong-index Right for this data only: 100%, by luck; x::y",
        "net.py:1:1: BP001 supplied Supplied: np, math.",
    ]


def unescape(text):
    """Read a workflow command's text as GitHub's runner does."""
    for code, char in (("%2C", ","), ("%3A", ":"), ("%0A", "\n"), ("%0D", "\r"), ("%25", "%")):
        text = text.replace(code, char)
    return text


def parse_command(line):
    """Split a workflow command as GitHub's runner does: at the second double colon."""
    assert line.startswith("::")
    head, _, message = line[2:].partition("::")
    command, _, properties = head.partition(" ")
    pairs = (each.partition("=") for each in properties.split(","))
    return command, {key: unescape(value) for key, _, value in pairs}, unescape(message)


def test_github_commands_can_be_parsed_back():
    """Names with commas, colons and percent signs survive the escaping, and so do messages."""
    report = dataclasses.replace(FAULTY, filename="a,b:100%\n.py")
    commands = [parse_command(line) for line in render_github([report]).split("\n")]
    assert [command for command, _, _ in commands] == ["error", "error", "warning", "notice"]
    assert commands[0][1] == {
        "title": "backproof (BP101)",
        "file": "a,b:100%\n.py",
        "line": "6",
        "col": "12",
        "endLine": "6",
        "endColumn": "19",
    }
    assert commands[2][2].endswith("8:5: BP204 wrong-index Right for this data only: 100%, by luck; x::y")


def require(value, kind, *keys):
    """Assert a type, and that an object has no other keys than these."""
    assert isinstance(value, kind), value
    if kind is dict:
        assert set(value) <= set(keys), set(value) - set(keys)


def require_region(region):
    """Assert the parts of the schema's region that are used: positions count from 1."""
    require(region, dict, "startLine", "startColumn", "endLine", "endColumn")
    assert all(isinstance(number, int) and number >= 1 for number in region.values())


def require_location(location):
    """Assert the parts of the schema's location that are used."""
    require(location, dict, "physicalLocation")
    physical = location["physicalLocation"]
    require(physical, dict, "artifactLocation", "region")
    assert " " not in physical["artifactLocation"]["uri"]
    if "region" in physical:
        require_region(physical["region"])


def test_sarif_keeps_to_its_schema():
    """What the 2.1.0 schema requires is there, with its types, enumerations and references."""
    log = json.loads(render_sarif(ALL, RULES.values()))
    require(log, dict, "$schema", "version", "runs")
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    require(run, dict, "tool", "columnKind", "invocations", "results")
    assert run["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints")
    driver = run["tool"]["driver"]
    assert driver["name"] == "backproof"
    rules = driver["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for rule in rules:
        require(rule, dict, "id", "name", "shortDescription", "help", "properties")
        assert rule["shortDescription"]["text"]
        require(rule["properties"]["tags"], list)
    assert len(run["results"]) == 4
    for result in run["results"]:
        require(result, dict, "ruleId", "ruleIndex", "level", "message", "locations", "fixes")
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("none", "note", "warning", "error")
        assert result["message"]["text"]
        for location in result["locations"]:
            require_location(location)
        for fix in result.get("fixes", ()):
            require(fix, dict, "description", "artifactChanges")
            for change in fix["artifactChanges"]:
                assert change["artifactLocation"]["uri"]
                assert change["replacements"]
                for replacement in change["replacements"]:
                    require_region(replacement["deletedRegion"])
                    require(replacement["insertedContent"]["text"], str)
    for invocation in run["invocations"]:
        require(invocation["executionSuccessful"], bool)
        for note in invocation["toolExecutionNotifications"]:
            assert note["message"]["text"]
            for location in note["locations"]:
                require_location(location)


def test_sarif_offers_only_verified_fixes():
    """An unsafe fix is not in the log; a file that was not analysed makes the invocation unsuccessful."""
    (run,) = json.loads(render_sarif(ALL))["runs"]
    assert [("fixes" in result) for result in run["results"]] == [True, True, False, False]
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    (note,) = invocation["toolExecutionNotifications"]
    assert note["message"]["text"] == "It never updates anything."
    assert note["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "odd%20name.py"


@pytest.mark.parametrize(
    ("filename", "uri"),
    [("a/net.py", "a/net.py"), ("/a b/ü.py", "file:///a%20b/%C3%BC.py"), ("#1?.py", "%231%3F.py")],
)
def test_sarif_names_files_by_uri(filename, uri):
    """Paths are URIs: relative ones stay so, absolute ones get their scheme."""
    report = dataclasses.replace(FAULTY, filename=filename, findings=(SIGN,))
    (run,) = json.loads(render_sarif([report]))["runs"]
    assert run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri
