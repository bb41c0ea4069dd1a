"""How often the comparison errs: one model against itself, and one that is truly better."""

from __future__ import annotations

import numpy as np
from contest import DAY, NAIVE, rivals, table, weekly


def wins(found):
    return "wins" in found.verdict()


def test_of_200_comparisons_of_one_model_with_itself_on_many_series_at_most_10_name_a_winner():
    df, rng = table(*(weekly(40, i) for i in range(12))), np.random.default_rng(0)
    alike = {name: lambda y, _: y + rng.normal(size=len(y)) for name in "AB"}
    compare = rivals(df, 4)
    found = [compare(alike) for _ in range(200)]
    assert sum(map(wins, found)) <= 10
    assert all("No difference found" in one.verdict() for one in found if not wins(one))


def test_of_200_comparisons_of_one_model_with_itself_on_one_series_at_most_10_name_a_winner():
    df, rng = table(weekly(160)), np.random.default_rng(1)

    def drifting(y, frame):
        # What a model gets wrong today it gets wrong tomorrow too, from every cutoff.
        days = ((frame["ds"] - frame["ds"].min()) / DAY).astype(int)
        error = rng.normal(size=days.max() + 31)
        for t in range(1, len(error)):
            error[t] += 0.6 * error[t - 1]
        return y + error[30:][days]

    compare = rivals(df, 6, n_windows=24, step_size=3)
    found = [compare({"A": drifting, "B": drifting}) for _ in range(200)]
    assert sum(map(wins, found)) <= 10


def relabelled(df, h, unit, draws, rng, **options):
    """How many comparisons of the naive forecasts, with their labels swapped at random unit by unit, name a winner."""
    compare, count = rivals(df, h, **options), 0
    for _ in range(draws):
        swap = rng.random(1000) < 0.5
        swapped = {
            name: lambda _, frame, one=one, two=two: np.where(swap[unit(frame)], frame[one], frame[two])  # noqa: B023
            for name, one, two in (("A", *NAIVE), ("B", *NAIVE[::-1]))
        }
        count += wins(compare(swapped))
    return count


def test_of_200_relabellings_of_real_series_at_most_10_name_a_winner(data):
    rows = (data / "m4/Train/Weekly-train.csv").read_text().splitlines()[1:41]
    series = [np.array([float(cell.strip('"')) for cell in row.split(",")[1:] if cell.strip('"')]) for row in rows]
    df = table(*(one[-60:] for one in series if len(one) >= 60), step=np.timedelta64(7, "D"))

    def by_series(frame):
        return np.unique(frame["unique_id"], return_inverse=True)[1]

    assert relabelled(df, 13, by_series, 200, np.random.default_rng(0)) <= 10


def test_of_200_relabellings_of_the_windows_of_real_single_series_at_most_10_name_a_winner(data):
    lines = (data / "classics/daily-min-temperatures.csv").read_text().splitlines()[1:]
    y, rng = np.array([float(line.split(",")[1]) for line in lines]), np.random.default_rng(0)

    def by_fortnight(frame):
        # Neighbours keep a common label, so that windows resemble each other.
        return np.unique(frame["cutoff"], return_inverse=True)[1] // 2

    years = [table(part[:250]) for part in np.split(y, 10)]
    assert sum(relabelled(year, 7, by_fortnight, 20, rng, n_windows=24) for year in years) <= 10


def test_a_model_that_is_better_wins_and_is_named():
    df, rng = table(*(weekly(40, i) for i in range(20))), np.random.default_rng(0)
    noisy = {
        name: lambda y, _, size=size: y + size * rng.normal(size=len(y)) for name, size in (("ETS+", 0.5), ("B", 1))
    }
    found = rivals(df, 4)(noisy)
    assert list(found.rows) == ["ETS+", "B"]
    assert found.verdict().startswith("ETS+ wins by 5")
    assert found.verdict().endswith(" over B, the next best (p < 0.001): use it.")
