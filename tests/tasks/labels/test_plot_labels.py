"""Pictures hold what they should: the counts, the losses, the kept step, and the diagonal."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from matplotlib.figure import Figure

from gatework.errors import OptionError
from gatework.tasks.labels.plot import plot_confusion, plot_learning, plot_predicted
from gatework.tasks.labels.scores import LabelScores, score_classes, score_numbers
from gatework.train.history import History

NAN = float("nan")


def scores(truth, said, classes, target="label"):
    p = np.eye(len(classes))[[classes.index(one) for one in said]]
    return score_classes(truth, {"LSTM": p}, classes, target)


def written(ax):
    """Row and column of each count that is written."""
    return {(round(t.get_position()[1]), round(t.get_position()[0])): t.get_text() for t in ax.texts}


def test_each_cell_has_its_count_and_the_colour_of_its_share():
    found = scores(["a"] * 1200 + ["b", "b", "b"], ["a"] * 1200 + ["a", "b", "b"], ["a", "b", "c"])
    ax = plot_confusion(found)
    assert written(ax) == {(0, 0): "1,200", (1, 0): "1", (1, 1): "2"}
    (image,) = ax.images
    assert np.allclose(image.get_array(), [[1, 0, 0], [1 / 3, 2 / 3, 0], [0, 0, 0]])
    assert image.get_clim() == (0, 1)
    assert (
        [t.get_text() for t in ax.get_yticklabels()] == [t.get_text() for t in ax.get_xticklabels()] == ["a", "b", "c"]
    )
    assert (ax.get_ylabel(), ax.get_xlabel()) == ("true class", "taken for")
    # Dark cells have light counts.
    assert [t.get_color() for t in ax.texts] == ["white", "#333333", "white"]
    assert ax.get_title(loc="left") == "label: 83.3 % balanced accuracy of 1,203"


def test_counts_lie_inside_their_cells_from_two_classes_to_thirty():
    for k, times in ((2, 40_000), (12, 300), (30, 20)):
        classes = [f"class {i}" for i in range(k)]
        ax = plot_confusion(scores(classes * times, classes * times, classes))
        ax.figure.canvas.draw()
        width = ax.bbox.width / k
        assert len(ax.texts) == k
        assert all(t.get_window_extent().width < width for t in ax.texts)
        assert all(t.get_fontsize() >= 4.5 for t in ax.texts)


def test_long_names_keep_their_ends_and_many_classes_are_still_drawn():
    classes = ["a label that is very long indeed 1", "a label that is very long indeed 2"]
    ax = plot_confusion(scores(classes, classes, classes))
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a label that …indeed 1", "a label that …indeed 2"]
    classes = list(range(100))
    ax = plot_confusion(scores(classes * 20, classes * 20, classes))
    assert [t.get_text() for t in ax.get_yticklabels()][:3] == ["0", "3", "6"]


def test_it_draws_where_it_is_told_and_the_target_it_is_told():
    ab = ["a", "b"]
    both = LabelScores.join([scores(ab, ab, ab, "x"), scores(ab, ab[::-1], ab, "y")])
    ax = Figure().subplots()
    assert plot_confusion(both, ax, "y") is ax
    assert set(written(ax)) == {(0, 1), (1, 0)}
    assert set(written(plot_confusion(both))) == {(0, 0), (1, 1)}


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("z", "target must be one of ['x']; got 'z'. Name one of these."),
        (None, "target must have classes; got 'x', a number. Call plot_predicted instead."),
    ],
)
def test_what_cannot_be_drawn_is_said(target, text):
    with pytest.raises(OptionError) as error:
        plot_confusion(score_numbers([1.0], {"LSTM": [1.0]}, ["x"]), target=target)
    assert str(error.value) == text


def history(n=80, best=40):
    return History(list(np.arange(n, 0.0, -1)), [(20, 3.0), (best, 2.0), (n, 2.5)], best, 2.0, "early", 1.0)


def test_the_loss_is_smoothed_and_the_kept_step_is_marked():
    ax = plot_learning([history()])
    lines = {line.get_label(): line for line in ax.lines}
    # Each point is the mean of a fortieth of the training: 80 and 79 first.
    assert lines["training"].get_xdata()[[0, -1]].tolist() == [2, 80]
    assert lines["training"].get_ydata()[[0, -1]].tolist() == [79.5, 1.5]
    drawn = [line for line in ax.lines if len(line.get_xdata()) == 3]
    assert [line.get_xdata().tolist() for line in drawn] == [[20, 40, 80]]
    assert (lines["kept"].get_xdata()[0], lines["kept"].get_ydata()[0]) == (40, 2.0)
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["training", "validation", "kept"]


def test_each_network_has_a_line_of_its_own_colour():
    ax = plot_learning([history(best=30), history(best=50)])
    lines = [next(line for line in ax.lines if line.get_label() == f"network {i}") for i in (1, 2)]
    assert lines[0].get_color() != lines[1].get_color()
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["network 1", "network 2", "validation", "kept"]
    rings = [line.get_xdata()[0] for line in ax.lines if line.get_markersize() == 9]
    assert rings == [30, 50]


def test_a_training_without_validation_or_a_step_is_drawn():
    ax = plot_learning([History([3.0, 2.0], [], 2), History()])
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["network 1", "network 2"]


def test_predictions_lie_beside_the_diagonal():
    ax = plot_predicted([0.0, 10.0, NAN, 4.0], [1.0, 20.0, 3.0, NAN], name="wear")
    diagonal, points = ax.lines
    assert np.array_equal(diagonal.get_xdata(), diagonal.get_ydata())
    assert (points.get_xdata().tolist(), points.get_ydata().tolist()) == ([0, 10], [1, 20])
    assert ax.get_xlim() == ax.get_ylim() == pytest.approx((-0.8, 20.8))
    assert (ax.get_title(loc="left"), ax.get_xlabel(), ax.get_ylabel()) == ("wear", "true", "predicted")
    assert len(plot_predicted([NAN], [1.0]).lines) == 1


def test_pictures_can_be_written_and_pyplot_is_left_alone(tmp_path):
    plot_predicted([1.0], [1.0]).figure.savefig(tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    code = (
        "import sys; from gatework.tasks.labels.plot import plot_predicted; "
        "plot_predicted([1.0], [1.0]).figure.canvas.draw(); print({'matplotlib.pyplot', 'torch'} & set(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


def test_without_matplotlib_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr("gatework.tasks.plot.find_spec", lambda name: None)
    for draw in (lambda: plot_confusion(None), lambda: plot_learning([]), lambda: plot_predicted([], [])):
        with pytest.raises(OptionError) as error:
            draw()
        assert str(error.value) == "plot must have matplotlib; it is not installed. Run: pip install 'gatework[plot]'"
