from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from gatework.data.frame import read
from gatework.errors import OptionError
from gatework.tasks.plot import plot

DAY = np.timedelta64(1, "D")
START = np.datetime64("2024-01-01", "ns")


def history(n=1, length=60, gaps=(), start=START, step=DAY):
    """`n` series of `length` values 0, 1, 2, ... as a Panel; `gaps` are missing."""
    values = np.arange(float(length))
    values[list(gaps)] = np.nan
    data = {"ds": np.tile(start + step * np.arange(length), n), "load": np.tile(values, n)}
    if n > 1:
        data["unique_id"] = np.repeat([f"plant {i}" for i in range(n)], length)
    return read(data, target_col="load")


def forecast(panel, h=5, levels=(90,)):
    times = np.concatenate([panel.freq.times(last + np.arange(1, h + 1)) for last in panel.last()])
    median = np.concatenate([1000.0 * i + np.arange(100, 100 + h) for i in range(len(panel))])
    table = {"ds": times, "LSTM": median}
    for level in levels:
        table |= {f"LSTM-lo-{level}": median - level, f"LSTM-hi-{level}": median + level}
    if panel.columns.id is not None:
        table["unique_id"] = np.repeat(np.array(panel.ids, dtype=object), h)
    return table


def line(ax, label):
    return next(one for one in ax.lines if one.get_label() == label)


def test_the_forecast_follows_the_end_of_the_history():
    panel = history()
    (ax,) = plot(panel, forecast(panel), "LSTM")
    past, ahead = line(ax, "history"), line(ax, "LSTM, median")
    assert past.get_ydata().tolist() == list(range(40, 60))  # the last part only: 4 h
    # It starts at the last known value, so that the eye can follow.
    assert ahead.get_ydata().tolist() == [59, 100, 101, 102, 103, 104]
    assert ahead.get_xdata()[0] == past.get_xdata()[-1]
    assert ahead.get_xdata()[-1] == START + DAY * 64


def test_bands_hold_their_intervals_the_widest_behind():
    panel = history()
    (ax,) = plot(panel, forecast(panel, levels=(50, 95.5)), "LSTM")
    wide, narrow = ax.collections
    assert (wide.get_label(), narrow.get_label()) == ("95.5 % interval", "50 % interval")
    assert wide.get_paths()[0].get_extents().y1 == 104 + 95.5
    assert narrow.get_paths()[0].get_extents().y1 == 104 + 50
    assert wide.get_facecolor().mean() > narrow.get_facecolor().mean()  # the narrow one is darker


def test_missing_values_leave_gaps_and_a_value_between_two_shows_as_a_dot():
    panel = history(gaps=(50, 52))
    (ax,) = plot(panel, forecast(panel), "LSTM")
    drawn = line(ax, "history").get_ydata()
    assert np.flatnonzero(np.isnan(drawn)).tolist() == [10, 12]
    (dot,) = [one for one in ax.lines if one.get_marker() == "."]
    assert dot.get_ydata().tolist() == [51]


def test_labels_name_the_column_the_series_and_what_is_drawn():
    panel = history(n=3)
    axes = plot(panel, forecast(panel), "LSTM")
    figure = axes[0].figure
    assert [ax.get_title(loc="left") for ax in axes] == ["plant 0", "plant 1", "plant 2"]
    assert figure.get_supylabel() == "load"
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["history", "90 % interval", "LSTM, median"]
    assert figure.get_suptitle() == ""


def test_of_many_series_the_first_nine_are_drawn_and_it_is_said():
    panel = history(n=12)
    axes = plot(panel, forecast(panel), "LSTM")
    assert len(axes) == 9
    assert axes[0].figure.get_suptitle() == "the first 9 of 12 series"


def test_ids_choose_the_series():
    panel = history(n=12)
    axes = plot(panel, forecast(panel), "LSTM", ids=["plant 7", "plant 2"])
    assert [ax.get_title(loc="left") for ax in axes] == ["plant 7", "plant 2"]
    for ax, name in zip(axes, ("plant 7", "plant 2"), strict=True):
        assert line(ax, "LSTM, median").get_ydata()[-1] == 1000 * panel.ids.index(name) + 104
    assert axes[0].figure.get_suptitle() == ""
    with pytest.raises(OptionError) as error:
        plot(panel, forecast(panel), "LSTM", ids=["plant 2", "plan 7"])
    assert str(error.value) == (
        "ids must be series of the data; got 'plan 7'. The first ones are ['plant 0', 'plant 1', 'plant 10']."
    )


def test_a_figure_of_ones_own_is_drawn_into():
    figure, panel = Figure(), history()
    (ax,) = plot(panel, forecast(panel), "LSTM", figure=figure)
    assert ax.figure is figure


@pytest.mark.parametrize(
    ("panel", "h"),
    [
        pytest.param(history(length=3), 1, id="three values"),
        pytest.param(history(start=0, step=1), 5, id="whole numbers as times"),
        pytest.param(history(start=np.datetime64("1700-01-01", "s"), step=365 * DAY.astype("m8[s]")), 3, id="1700"),
        pytest.param(history(step=np.timedelta64(10, "s")), 48, id="seconds"),
    ],
)
def test_every_kind_of_history_becomes_a_png(panel, h, tmp_path):
    axes = plot(panel, forecast(panel, h), "LSTM")
    axes[0].figure.savefig(tmp_path / "forecast.png")
    assert (tmp_path / "forecast.png").read_bytes().startswith(b"\x89PNG")


def test_pyplot_and_its_global_state_are_left_alone():
    code = (
        f"FOLDER = {str(Path(__file__).parent)!r}"
        + """
import sys
sys.path.insert(0, FOLDER)
from test_plot import history, forecast, plot
panel = history()
plot(panel, forecast(panel), "LSTM")[0].figure.canvas.draw()
print("matplotlib.pyplot" in sys.modules)
"""
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_without_matplotlib_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr("gatework.tasks.plot.find_spec", lambda name: None)
    with pytest.raises(OptionError) as error:
        plot(history(), {}, "LSTM")
    assert str(error.value) == ("plot must have matplotlib; it is not installed. Run: pip install 'gatework[plot]'")
