"""Pictures in files: every format, one panel an output, and the curve of the loss."""

from __future__ import annotations

import os
import re
from xml.etree import ElementTree

import numpy as np
import pytest

import backproof
from backproof.errors import BackproofError
from backproof.training import panels, pictures
from backproof.training.fits import fits_of
from backproof.training.pictures import check_picture_path, write_curve, write_picture

X = np.linspace(-2.0, 3.0, 41)
TWO = np.stack([np.cos(X) * X, X], axis=1)


@pytest.fixture(scope="module")
def trained() -> backproof.training.api.Trained:
    """Three networks with two outputs."""
    return backproof.train(X, TWO, steps=3000, networks=3)


def text_of(svg: str) -> str:
    """What is written in a drawing."""
    return " ".join(ElementTree.fromstring(svg).itertext())


@pytest.mark.parametrize(
    ("suffix", "start"),
    [(".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF"), (".html", b"<!DOCTYPE")],
)
def test_formats(trained, tmp_path, suffix, start):
    """The ending decides the format, and nothing else is left in the folder."""
    path = tmp_path / f"fit{suffix}"
    write_picture(trained._result, path)
    assert path.read_bytes().startswith(start)
    assert os.listdir(tmp_path) == [path.name]


def test_what_is_drawn(trained, tmp_path):
    """Each output has a panel with its data and the network; the losses of all networks are drawn."""
    figure = pictures._figure(trained._result)
    first, second, losses = figure.axes
    for column, axes in enumerate((first, second)):
        dots, line = axes.get_lines()
        np.testing.assert_array_equal(dots.get_xydata(), np.stack([X, TWO[:, column]], axis=1))
        x, y = line.get_data()
        np.testing.assert_allclose(trained.predict(x)[:, column], y)
    assert len(losses.get_lines()) == 3
    assert [tuple(point) for point in losses.get_lines()[-1].get_xydata()] == list(trained.history)
    assert losses.get_yscale() == "log"


def test_a_page_needs_nothing_else(trained, tmp_path):
    """The page has the drawing with its text, the table and the sentences, and loads nothing."""
    path = tmp_path / "fit.html"
    trained.plot(path)
    page = path.read_text(encoding="utf-8")
    assert not re.search(r"(src|href)\s*=\s*[\"'](?!#)", page.replace("xlink:href", "xlink"))
    assert "1-10-2 sigmoid network" in page
    assert f"{trained.final_loss:.3e}" in page
    drawing = text_of(re.search(r"<svg.*</svg>", page, re.DOTALL).group())
    for words in ("the data", "the network", "y1", "y2", "steps", "mean loss over all samples"):
        assert words in drawing


def test_several_inputs_are_compared():
    """Of several inputs, predicted values are drawn over wanted ones, with the line where they are equal."""
    trained = backproof.train(TWO, X**2, steps=500)
    (fit,) = fits_of(trained._result)
    np.testing.assert_array_equal(fit.x, X**2)
    np.testing.assert_allclose(fit.y, trained.predict(TWO))
    np.testing.assert_array_equal(fit.line_x, fit.line_y)
    assert "predicted over wanted" in trained.report()


def test_text_of_data_is_text(tmp_path):
    """Names that look like marks of a page are written as they are."""
    path = tmp_path / "d.csv"
    path.write_text("<b>,y&\n" + "".join(f"{x},{x * x}\n" for x in X), encoding="utf-8")
    backproof.train(data=path, steps=50, plot=tmp_path / "fit.html")
    page = (tmp_path / "fit.html").read_text(encoding="utf-8")
    assert "<b>" not in page
    assert "y&amp;" in page


def test_many_outputs_and_samples(tmp_path):
    """Of many outputs the first are drawn, and of many samples some; the terminal shows no plot then."""
    x = np.linspace(0.0, 1.0, 7001)
    trained = backproof.train(x, np.stack([x * n for n in range(9)], axis=1), steps=20)
    figure = pictures._figure(trained._result)
    assert len(figure.axes) == panels.MOST_PANELS + 1
    assert len(figure.axes[0].get_lines()[0].get_xdata()) <= panels.DOTS
    assert not re.search("[⠁-⣿]", trained.report())


def test_refused_before_the_training(tmp_path):
    """An ending that is no format, and a folder that is not there."""
    with pytest.raises(BackproofError, match=r"fit\.gif: the ending decides the format; there are \.png, "):
        check_picture_path(tmp_path / "fit.gif")
    with pytest.raises(BackproofError, match="there is no folder"):
        check_picture_path(tmp_path / "none" / "fit.png")


@pytest.mark.parametrize("suffix", [".svg", ".html"])
def test_a_curve_alone(tmp_path, suffix):
    """The loss alone is drawn too, where there is no function to show; a page has the words with it."""
    path = tmp_path / f"loss{suffix}"
    write_curve([(0, 2.0), (1500, 0.0), (3000, 0.25)], path, ["What it is", "a table", "A sentence."])
    text = path.read_text(encoding="utf-8")
    assert "mean loss over all samples" in text
    assert "1.6k" in text
    assert ("A sentence." in text) == (suffix == ".html")


def test_classes(tmp_path):
    """Of two inputs the map of the classes is drawn, and of any number how many are taken for which."""
    random = np.random.default_rng(4)
    x = random.normal(size=(90, 2))
    labels = np.where(x[:, 0] > 0.3, "right", np.where(x[:, 1] > 0, "above", "below"))
    trained = backproof.train(x, labels, steps=20_000, validation=0.2)
    result = trained._result
    plane, matrix, losses = pictures._figure(result).axes
    (line,) = [line for line in plane.get_lines() if line.get_label() == "right"]
    own = result.data.x[result.data.y[:, trained.classes.index("right")] == 1]
    np.testing.assert_array_equal(line.get_xydata(), own)
    counts = np.array([int(text.get_text()) for text in matrix.texts]).reshape(3, 3)
    assert counts.sum() == len(result.data.held.x) == 18
    assert np.trace(counts) / 18 == trained.validation_accuracy
    assert [label.get_text() for label in matrix.get_yticklabels()] == list(trained.classes)
    held = losses.get_lines()[-1]
    assert [tuple(point) for point in held.get_xydata()] == list(trained.validation)
    three = backproof.train(random.normal(size=(40, 3)), labels[:40], steps=100)
    assert len(pictures._figure(three._result).axes) == 2
    two = backproof.train(x, np.where(x[:, 0] > 0, "yes", "no"), loss="binary-cross-entropy", steps=9000)
    _, matrix, _ = pictures._figure(two._result).axes
    counts = np.array([int(text.get_text()) for text in matrix.texts]).reshape(2, 2)
    assert np.trace(counts) / 90 == two.accuracy > 0.9
