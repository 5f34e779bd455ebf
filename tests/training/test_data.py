"""Samples from formulas and files."""

from __future__ import annotations

import numpy as np
import pytest

from backproof.training.columns import read_columns
from backproof.training.data import DataError, read_data, sample_formula


def test_samples_of_a_formula():
    """X lies in the range, y is the formula there, and the same seed draws the same samples."""
    data = sample_formula("x**2", (-2.0, 5.0), 311, 7, standardize=False)
    assert data.x.shape == data.y.shape == (311, 1)
    assert -2 <= data.x.min() < -1.8
    assert 4.8 < data.x.max() < 5
    np.testing.assert_array_equal(data.y, data.x**2)
    np.testing.assert_array_equal(data.seen, data.x)
    again, other = (sample_formula("x**2", (-2.0, 5.0), 311, seed, standardize=False) for seed in (7, 8))
    assert np.array_equal(data.x, again.x)
    assert not np.array_equal(data.x, other.x)


def test_standardised():
    """Standardised, an input is seen with mean 0 and spread 1; x stays; one that never varies is centred."""
    data = sample_formula("sin(x)", (0.0, 15.0), 100, 0, standardize=True)
    assert abs(data.seen.mean()) < 1e-14
    assert data.seen.std() == pytest.approx(1.0)
    assert data.x.max() > 10
    one = sample_formula("sin(x)", (0.0, 15.0), 1, 0, standardize=True)
    assert one.seen.tolist() == [[0.0]]


def test_both_ways_to_read_a_file_agree(tmp_path):
    """A file of numbers alone is read otherwise than one with a gap or a text in it: to the same bits."""
    random = np.random.default_rng(6)
    rows = [",".join(map(repr, row)) for row in (random.normal(size=(23, 3)) * 1e3).tolist()]
    plain, gap = tmp_path / "plain.csv", tmp_path / "gap.csv"
    plain.write_text("\n".join(["a, b,c", *rows]), encoding="utf-8")
    gap.write_bytes("\r\n".join(["a,b,c,note", *(f"{row}, it's" for row in rows), "", ""]).encode())
    one, other = (read_data(path, ["a", "b"], ["c"], standardize=False) for path in (plain, gap))
    assert one.x.tobytes() == other.x.tobytes()
    assert one.y.tobytes() == other.y.tobytes()
    for path in (plain, gap):
        with pytest.raises(DataError, match=r"row 2, column 'c': .* is no label"):
            read_data(path, ["a"], ["c"], standardize=False, loss="cross-entropy")


def test_samples_held_back():
    """A part of the samples is drawn by the seed; the scaling is that of the others, and is theirs too."""
    whole = sample_formula("x**2", (0.0, 5.0), 37, 4, standardize=True)
    data = sample_formula("x**2", (0.0, 5.0), 37, 4, standardize=True, validation=0.3)
    assert (len(data.x), len(data.held.x)) == (26, 11)
    assert sorted([*data.x[:, 0], *data.held.x[:, 0]]) == sorted(whole.x[:, 0])
    assert abs(data.seen.mean()) < 1e-14
    assert data.seen.std() == pytest.approx(1.0)
    np.testing.assert_array_equal(data.held.seen, (data.held.x - data.centre) / data.spread)
    np.testing.assert_array_equal(data.held.y, data.held.x**2)
    assert whole.held is None


def test_the_seed_draws_the_split(tmp_path):
    """Of the same file another seed holds back other samples, and the same seed the same."""
    path = tmp_path / "d.csv"
    path.write_text("x,y\n" + "".join(f"{k},{k}\n" for k in range(40)), encoding="utf-8")
    parts = [
        read_data(path, None, None, standardize=False, validation=0.5, seed=seed).x[:, 0].tolist()
        for seed in (1, 1, 2)
    ]
    assert parts[0] == parts[1] == sorted(parts[0])
    assert parts[0] != parts[2]


@pytest.mark.parametrize("part", [0.01, 0.99])
def test_both_parts_have_samples(part):
    """A part that leaves none to learn from, or none to validate by, is refused."""
    with pytest.raises(DataError, match="both parts need one"):
        sample_formula("x", (0.0, 1.0), 10, 0, standardize=False, validation=part)


def test_rows_are_lines_of_the_file(tmp_path):
    """A row is told by its line, also behind empty ones; columns that are not used may hold anything."""
    path = tmp_path / "d.csv"
    path.write_text("name,x,y\n\nann,1,2\n\n\nbob,3,four\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"row 6, column 'y': 'four' is no finite number"):
        read_data(path, ["x"], ["y"], standardize=False)
    path.write_text("name,x,y\nann,1,2\nbob,3,4\n", encoding="utf-8")
    assert read_data(path, ["x"], ["y"], standardize=False).y.tolist() == [[2.0], [4.0]]
    with pytest.raises(DataError, match="Did you mean 'name'"):
        read_data(path, ["nam"], ["y"], standardize=False)


@pytest.mark.parametrize("bounds", [(1.0, 1.0), (2.0, 1.0), (0.0, float("inf")), (float("nan"), 1.0)])
def test_bad_range(bounds):
    """A range that is none is refused."""
    with pytest.raises(DataError, match="--range"):
        sample_formula("x", bounds, 5, 0, standardize=False)


def test_csv(tmp_path):
    """Columns are found by name; without names the last one is the output and the others are inputs."""
    path = tmp_path / "d.csv"
    path.write_text("a, b,c\n1,2,3\n\n4,5e1,-6\n", encoding="utf-8")
    data = read_data(path, None, None, standardize=False)
    assert (data.inputs, data.outputs) == (("a", "b"), ("c",))
    assert data.x.tolist() == [[1.0, 2.0], [4.0, 50.0]]
    assert data.y.tolist() == [[3.0], [-6.0]]
    data = read_data(path, ["c"], ["a", "b"], standardize=False)
    assert data.x.tolist() == [[3.0], [-6.0]]
    assert data.y.tolist() == [[1.0, 2.0], [4.0, 50.0]]
    assert read_data(path, ["c"], None, standardize=False).outputs == ("b",)


@pytest.mark.parametrize("separator", [";", "\t", ","])
def test_separators(tmp_path, separator):
    """Semicolons and tabs are as good as commas, and a quoted name may hold one."""
    path = tmp_path / "d.csv"
    for cells in ("1.5|2|0.5\n-1|3|4\n", "1.5|a|0.5\n-1|b|4\n"):
        path.write_text(('a|"n,m;o"|y\n' + cells).replace("|", separator))
        columns = read_columns(path)
        assert list(columns) == ["a", "n,m;o", "y"]
        assert columns["y"].values.tolist() == [[0.5], [4.0]]


def test_npz(tmp_path):
    """Arrays of an archive are columns, those with two axes several at once."""
    path = tmp_path / "d.npz"
    np.savez(path, x=np.arange(6.0).reshape(3, 2), y=np.array([1, 2, 3]))
    data = read_data(path, None, None, standardize=False)
    assert data.x.tolist() == [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]
    assert data.y.tolist() == [[1.0], [2.0], [3.0]]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no samples"),
        (b"x,y\n", "no samples"),
        (b"1,2\n3,4\n", "name the columns"),
        (b"x,x\n1,2\n", "same name"),
        (b"x,y\n1\n", "row 2 has 1 values"),
        (b"x,y\n1,2\n3,none\n", "row 3, column 'y'"),
        (b"x,y\n1,nan\n", "'nan' is no finite number"),
        (b"x,y\n1,2\n3,\n", "row 3, column 'y': is empty"),
        (b"x\n1\n", "at least one input"),
        (b"x,y\n1,\xff\n", "UTF-8"),
    ],
)
def test_bad_csv(tmp_path, content, words):
    """Each defect of a file has its sentence, with the row where there is one."""
    path = tmp_path / "d.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=words):
        read_data(path, None, None, standardize=False)


def test_bad_files(tmp_path):
    """A missing file, a missing column, an archive that is none, or one that would run code, are refused."""
    with pytest.raises(DataError, match="no such file"):
        read_data(tmp_path / "none.csv", None, None, standardize=False)
    (tmp_path / "d.csv").write_text("x,y\n1,2\n", encoding="utf-8")
    with pytest.raises(DataError, match="no column 'z'"):
        read_data(tmp_path / "d.csv", ["z"], None, standardize=False)
    (tmp_path / "d.npz").write_bytes(b"PK not really")
    with pytest.raises(DataError, match="npz"):
        read_data(tmp_path / "d.npz", None, None, standardize=False)
    np.savez(tmp_path / "o.npz", x=np.array([{}], dtype=object), y=np.ones(1))
    with pytest.raises(DataError, match="npz"):
        read_data(tmp_path / "o.npz", None, None, standardize=False)
    np.savez(tmp_path / "l.npz", x=np.ones(3), y=np.ones(2))
    with pytest.raises(DataError, match="different lengths"):
        read_data(tmp_path / "l.npz", None, None, standardize=False)
