"""Pictures of a Classifier's trace: tokens on the axis, sound as a spectrogram, time in seconds, truth in the title."""

from __future__ import annotations

import numpy as np
import pytest
from labelled import fitted_series, fitted_sound, fitted_steps, fitted_text

from gatework.look import gradients, plot_gradients, plot_trace, trace

pytest.importorskip("matplotlib", reason="there is no matplotlib")


def written(ax):
    ax.figure.canvas.draw()
    return [one.get_text() for one in ax.get_xticklabels()]


def title(ax):
    return ax.get_title(loc="left").splitlines()


def test_tokens_stand_at_their_steps():
    model, (X, y) = fitted_text()
    found = trace(model, (X, y))
    axes = plot_trace(found, row=0)
    assert written(axes[-1]) == ["a", "fine", "film", ",", "a", "joy"]
    assert axes[-1].get_xticks().tolist() == [0, 1, 2, 3, 4, 5]
    assert title(axes[0]) == [f"row 0: {found.sequences.said[0]}", "input gate i"]
    assert axes[-1].get_xlabel() == "members.0.layer.l0"
    long = plot_trace(trace(model, ["$joy of a film$ " * 20]), row=0)
    assert len(long[-1].get_xticks()) <= 32
    assert long[-1].get_xlabel().startswith("one token in 4")
    assert written(long[-1])


def test_sound_is_a_spectrogram_in_hertz_and_seconds():
    model, (X, y) = fitted_sound()
    found = trace(model, (X, y))
    axes = plot_trace(found, row=3)
    assert title(axes[0])[-1] == "inputs"
    assert found.sequences.said[3] in " ".join(title(axes[0]))
    image = axes[0].images[0]
    length = int(found.lengths[3])
    np.testing.assert_array_equal(image.get_array(), found.x[:length, 3].T)
    # The lowest band is at the bottom.
    assert axes[0].get_ylim()[0] < axes[0].get_ylim()[1]
    ticks = dict(zip([one.get_text() for one in axes[0].get_yticklabels()], axes[0].get_yticks(), strict=True))
    assert abs(found.sequences.hertz[int(ticks["2,000"])] - 2000) < 100
    assert axes[-1].xaxis.get_major_formatter()(7, 0) == f"{7 * found.sequences.seconds:.3g}"
    assert axes[-1].get_xlabel() == "seconds, layer.l0"


def test_a_step_of_the_layers_is_as_wide_as_those_that_it_stands_for():
    model, (X, _) = fitted_series((140, 151), members=1)
    found = trace(model, X)
    axes = plot_trace(found, row=2)
    assert len(axes[0].lines[0].get_xdata()) == len(X[2])
    steps = -(-len(X[2]) // 4)
    assert axes[1].images[0].get_extent()[:2] == [-0.5, 4 * steps - 0.5]
    assert axes[1].images[0].get_array().shape[1] == steps
    flows = gradients(model, X)
    lines = {one.get_label().split(",")[0]: one for one in plot_gradients(flows).lines}
    assert lines["layer.l0 c"].get_xdata()[:3].tolist() == [0, 4, 8]
    assert lines["inputs"].get_xdata()[:3].tolist() == [0, 1, 2]
    rate = flows.flows["layer.l0"].rate ** 0.25
    assert lines["layer.l0 c"].get_label() == f"layer.l0 c, ×{rate:.3g} a step"


def test_answers_for_each_step_are_drawn():
    model, (X, y) = fitted_steps()
    axes = plot_trace(trace(model, (X, y)), row=1)
    assert title(axes[-1]) == ["outputs"]
    assert len(axes[-1].lines) == 2
    assert len(axes[-1].lines[0].get_xdata()) == len(X[1])
