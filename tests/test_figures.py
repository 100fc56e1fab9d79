"""The panels: their data, names, units, titles and ranges, for every kind of result."""

import json
import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssm.explorer import figures
from ssm.explorer.experiment import ranks, run
from ssm.explorer.figures import PANELS, log_ticks, nice, panel, panels, ranges, series, spec, title
from ssm.explorer.figures.theme import DARK, LIGHT
from ssm.explorer.problems import tables
from ssm.explorer.settings import Settings
from tests import oracles

EVERY = (*PANELS, "convergence_classes")
SCORES = [-1.45, -2.0, -2.9, 1.4, -2.3, -0.1, -4.5, 1.65, -6.0, 0.3]
NAMES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
BIRD, CAT, DOG, HORSE = 2, 3, 5, 7
DRAWN = {BIRD, CAT, DOG}
HEAVY = ((HORSE, 20.0),)
RESULTS = {
    "article": run(Settings()),
    "one so far": run(Settings(average="so_far")),
    "some hits": run(Settings(noise="custom", weights=HEAVY, samples=6)),
    "hits alone": run(Settings(noise="custom", weights=((HORSE, 1e6),), samples=2)),
    "perfect": run(Settings(noise="softmax", hits="excluded")),
    "many": run(Settings(problem="random", classes=1_000, samples=100)),
    "two": run(Settings(problem="own", own=tables.link(tables.parse("yes 3\nno 1")), samples=1, draws=10)),
    "flat": run(Settings(problem="random", classes=60, spread=0.0)),
}
every_result = pytest.mark.parametrize("result", RESULTS.values(), ids=RESULTS)
every_panel = pytest.mark.parametrize("name", EVERY)


def traces(name, result=RESULTS["article"]):
    """The traces of a panel by their names."""
    return {trace.name: trace for trace in panel(name, result).data}


def only(classes, values=SCORES):
    """Values of some classes, None for the others."""
    return tuple(value if c in classes else None for c, value in enumerate(values))


def near(values):
    """The same numbers but for rounding; None is None."""
    return [None if value is None else pytest.approx(value, abs=1e-12) for value in values]


def levels(values):
    """What a trace of short level lines holds."""
    return [y for value in values for y in (value, value, None)]


# Data and names


def test_the_scores_show_the_target_apart():
    found = traces("scores_full")
    assert list(found) == ["model score", "target's score", "all classes, largest first"]
    assert found["model score"].y == only(set(range(10)) - {HORSE})
    assert found["target's score"].y == only({HORSE})
    assert found["all classes, largest first"].y == ()
    assert panel("scores_full", RESULTS["article"]).layout.xaxis.ticktext == tuple(NAMES)
    assert all(trace.x == tuple(range(10)) for name, trace in found.items() if "score" in name)


def test_the_sampled_scores_show_model_and_correction_end_to_end_and_what_was_not_computed():
    found = traces("scores_sampled")
    assert list(found) == ["not computed", "model score", "target's score", "correction", "corrected score"]
    assert found["not computed"].y == only(set(range(10)) - DRAWN - {HORSE})
    assert found["model score"].y == only(DRAWN)
    assert found["target's score"].y == only({HORSE})
    assert list(found["correction"].y) == near(only(DRAWN, [math.log(3)] * 10))
    assert found["correction"].base == only(DRAWN)
    assert list(found["corrected score"].y) == near(levels(only(DRAWN, [x + math.log(3) for x in SCORES])))
    assert list(found["corrected score"].x[6:9]) == near([BIRD - 0.4, BIRD + 0.4, None])


def test_a_correction_below_zero_starts_at_the_model_score_too():
    result = run(Settings(noise="custom", weights=((BIRD, 1e-6), (CAT, 1e-6)), samples=20))
    drawn = {c for c, n in enumerate(result.columns["count"]) if n} - {HORSE}
    found = traces("scores_sampled", result)
    assert drawn
    assert found["correction"].base == only(drawn)
    assert all(found["correction"].y[c] < 0 for c in drawn)


def test_the_noise_shows_what_was_sampled_and_how_often():
    found = traces("noise")
    assert list(found) == ["noise probability", "sampled in this draw", "all classes, largest first", "times sampled"]
    assert list(found["noise probability"].y) == near(only(set(range(10)) - DRAWN, [0.1] * 10))
    assert list(found["sampled in this draw"].y) == near(only(DRAWN, [0.1] * 10))
    assert list(found["times sampled"].y) == near([0.1] * 10)
    assert found["times sampled"].text == tuple("×1" if c in DRAWN else "" for c in range(10))


def test_the_gradients_are_the_full_one_the_draws_the_averages_and_the_expected():
    result = RESULTS["article"]
    full, sampled = traces("gradient_full"), traces("gradient_sampled")
    assert list(full) == ["full gradient", "all classes, largest first"]
    assert list(full["full gradient"].y) == near(oracles.full_gradient(SCORES, HORSE))
    assert list(sampled) == ["this draw", "average of draws", "exact expectation"]
    draw = oracles.sampled_gradient(SCORES, HORSE, [BIRD, CAT, DOG], [0.1] * 10)
    assert list(sampled["this draw"].y) == near(draw)
    assert list(sampled["average of draws"].y) == near(result.columns["gradient_mean"].tolist())
    assert list(sampled["exact expectation"].y) == near(levels(result.columns["gradient_exact"].tolist()))
    assert (round(draw[HORSE], 4), round(draw[CAT], 4)) == (-0.7429, 0.6007)


def test_the_convergence_has_its_guide_its_floor_and_the_current_average():
    result = RESULTS["one so far"]
    columns, found = result.columns, traces("convergence", result)
    assert list(found) == [
        "chance alone, falling as 1/√R",
        "exact bias",
        "distance of the average",
        "current average",
    ]
    marks = columns["checkpoints"].tolist()
    spread = math.sqrt(math.fsum(columns["gradient_variance"].tolist()))
    assert list(found["chance alone, falling as 1/√R"].y) == near([spread / math.sqrt(m) for m in marks])
    bias = math.dist(columns["gradient_exact"].tolist(), columns["gradient_full"].tolist())
    assert (found["exact bias"].x, list(found["exact bias"].y)) == ((1, 200), near([bias, bias]))
    assert found["distance of the average"].x == tuple(marks)
    assert found["distance of the average"].y == tuple(columns["errors"].tolist())
    first = math.dist(columns["gradient_draw"].tolist(), columns["gradient_full"].tolist())
    assert (found["current average"].x, list(found["current average"].y)) == ((1,), near([first]))


def test_single_classes_are_followed_from_the_first_draw_to_the_last():
    columns, found = RESULTS["article"].columns, traces("convergence_classes")
    assert list(found) == ["full gradient", "exact expectation", "running average", "class"]
    marks, watched = columns["checkpoints"].tolist(), [HORSE, CAT, 9, DOG, 0]
    full = oracles.full_gradient(SCORES, HORSE)
    assert found["full gradient"].x == found["exact expectation"].x == (1, 200, None) * 5
    assert list(found["full gradient"].y) == near(levels([full[c] for c in watched]))
    assert list(found["exact expectation"].y) == near(levels([columns["gradient_exact"][c] for c in watched]))
    assert found["running average"].x == (*marks, None) * 5
    lines = columns["watched_mean"].tolist()
    assert found["running average"].y == tuple(y for line in lines for y in (*line, None))
    assert (found["class"].x, found["class"].text) == ((200,) * 5, ("horse", "cat", "truck", "dog", "airplane"))


@every_result
def test_the_names_of_the_lines_stand_apart_in_the_order_of_their_ends(result):
    lines = result.columns["watched_mean"].tolist()
    room = figures.LABEL_ROOM * (max(map(max, lines)) - min(map(min, lines)))
    names = traces("convergence_classes", result)["class"]
    placed = sorted(zip(names.y, (line[-1] for line in lines), strict=True), reverse=True)
    assert all(y <= end for y, end in placed)
    assert placed[0][0] == placed[0][1]
    for (above, _), (y, end) in pairwise(placed):
        assert y == pytest.approx(min(end, above - room))


def test_hits_are_marked_in_the_noise_and_nowhere_else():
    result = RESULTS["some hits"]
    counts = result.columns["count"].tolist()
    assert 0 < counts[HORSE] < 6
    found = traces("noise", result)
    assert found["sampled in this draw"].y[HORSE] == pytest.approx(20 / 29)
    assert found["noise probability"].y[HORSE] is None
    assert found["times sampled"].text == tuple(f"×{n}" if n else "" for n in counts)
    scores = traces("scores_sampled", result)
    assert scores["model score"].y[HORSE] is scores["correction"].y[HORSE] is scores["not computed"].y[HORSE] is None
    assert scores["target's score"].y[HORSE] == 1.65


def test_of_a_draw_of_hits_alone_the_target_remains():
    result = RESULTS["hits alone"]
    assert result.numbers["kept"] == 0
    scores = traces("scores_sampled", result)
    assert set(scores["model score"].y) == set(scores["correction"].y) == set(scores["corrected score"].y) == {None}
    assert scores["not computed"].y == only(set(range(10)) - {HORSE})
    assert traces("noise", result)["times sampled"].text[HORSE] == "×2"
    assert set(traces("gradient_sampled", result)["this draw"].y) == {0.0}


def test_a_perfect_sampler_has_no_floor():
    found = traces("convergence", RESULTS["perfect"])
    assert set(found["exact bias"].y) == {None}
    assert RESULTS["perfect"].numbers["floor"] < 1e-9
    low, high = panel("convergence", RESULTS["perfect"]).layout.yaxis.range
    assert -4 < low < high < 1


def test_many_classes_are_forty_bars_and_a_curve_of_all():
    result = RESULTS["many"]
    at = ranks(1_000)
    for name, values in (
        ("scores_full", result.problem.scores.tolist()),
        ("noise", [1e-3] * 1_000),
        ("gradient_full", [p for c, p in enumerate(oracles.softmax(result.problem.scores.tolist())) if c]),
    ):
        figure = panel(name, result)
        curve = traces(name, result)["all classes, largest first"]
        falling = [*sorted(values, reverse=True), None]
        assert list(curve.y) == near([falling[rank - 1] for rank in at])
        assert list(curve.x) == near([41.5 + 14 * math.log(rank) / math.log(1_000) for rank in at])
        assert figure.layout.xaxis.range == (-0.5, 56.0)
        assert len(figure.layout.xaxis.ticktext) == len(figure.data[0].y) == 40
    assert panel("scores_full", result).layout.xaxis.ticktext[0] == "class 0"
    assert panel("scores_sampled", result).layout.xaxis.range == (-0.5, 56.0)


def test_only_few_bars_carry_a_count_of_one():
    texts = {name: traces("noise", RESULTS[name])["times sampled"].text for name in ("article", "many")}
    counts = RESULTS["many"].columns["count"].tolist()
    assert "×1" in texts["article"]
    assert 1 in counts
    assert texts["many"] == tuple(f"×{n}" if n > 1 else "" for n in counts)


def test_a_count_of_thousands_is_short():
    result = run(Settings(samples=10_000, draws=10, noise="custom", weights=((CAT, 100.0),)))
    text = traces("noise", result)["times sampled"].text[CAT]
    assert text == f"×{result.columns['count'][CAT] / 1000:.1f}k"
    assert len(text) == 5


# Titles and units


def test_every_panel_says_what_it_shows():
    assert {name: title(name, RESULTS["article"]) for name in EVERY} == {
        "scores_full": "Scores, full softmax: all 10 classes",
        "scores_sampled": "Scores, sampled: 4 of 10 classes",
        "noise": "Noise: samples come from here",
        "gradient_full": "Gradient, full softmax: a spike and a forest",
        "gradient_sampled": "Gradient, sampled: 4 of 10 touched",
        "convergence": "Convergence: 0.225 away",
        "convergence_classes": "Convergence: 0.225 away",
    }
    assert title("noise", RESULTS["hits alone"]) == "Noise: 2 of 2 samples hit the target"
    assert title("gradient_sampled", RESULTS["hits alone"]) == "Gradient, sampled: 0 of 10 touched"
    assert title("scores_full", RESULTS["many"]) == "Scores, full softmax: all 1,000 classes"


@every_panel
@every_result
def test_a_panel_carries_its_title_and_its_units(name, result):
    layout = panel(name, result).layout
    assert layout.title.text == title(name, result)
    units = {
        "scores_full": "score",
        "scores_sampled": "corrected score",
        "noise": "probability",
        "gradient_full": "gradient",
        "gradient_sampled": "gradient",
        "convergence": "distance (L2)",
        "convergence_classes": "gradient",
    }
    assert [note.text for note in layout.annotations] == [units[name]]
    over_draws = name.startswith("convergence")
    assert layout.xaxis.title.text == ("draws averaged (R)" if over_draws else None)
    assert layout.xaxis.type == ("log" if over_draws else None)
    assert layout.yaxis.type == ("log" if name == "convergence" else None)


def test_no_panel_has_another_name():
    for make in (spec, lambda name: panel(name, RESULTS["article"]), lambda name: title(name, RESULTS["article"])):
        with pytest.raises(KeyError):
            make("bias")


# Ranges


# A guide, and an expectation that the page does not know yet when it sets its axes.
BEYOND = {("convergence", "chance alone, falling as 1/√R"), ("gradient_sampled", "exact expectation")}


def span(axis):
    """The ends of an axis in the numbers that it shows."""
    low, high = axis.range
    return (10**low, 10**high) if axis.type == "log" else (low, high)


@every_panel
@every_result
def test_everything_drawn_lies_within_the_axes(name, result):
    figure = panel(name, result)
    left, right = span(figure.layout.xaxis)
    low, high = span(figure.layout.yaxis)
    drawn = 0
    for trace in figure.data:
        if (name, trace.name) in BEYOND:
            continue
        bases = trace.base or [0] * len(trace.y) if trace.type == "bar" else [0] * len(trace.y)
        for x, y, base in zip(trace.x, trace.y, bases, strict=True):
            if y is not None:
                drawn += 1
                assert left <= x <= right
                assert low <= y + (base or 0) <= high
    assert drawn


@every_result
def test_panels_that_are_compared_share_their_scale(result):
    for first, second in (("scores_full", "scores_sampled"), ("gradient_full", "gradient_sampled")):
        one, other = panel(first, result).layout, panel(second, result).layout
        assert one.yaxis.range == other.yaxis.range
        assert one.xaxis.range == other.xaxis.range


def test_the_range_of_the_gradients_leaves_room_for_the_largest_of_all():
    assert panel("gradient_full", RESULTS["article"]).layout.yaxis.range == (-0.8, 0.8)
    assert panel("scores_full", RESULTS["article"]).layout.yaxis.range == (-8.0, 3.0)
    assert panel("noise", RESULTS["article"]).layout.yaxis.range == (0, 0.12)


def test_the_distances_end_at_quarters_of_a_decade():
    for result in RESULTS.values():
        low, high = panel("convergence", result).layout.yaxis.range
        assert (4 * low, 4 * high) == (round(4 * low), round(4 * high))
        left, right = panel("convergence", result).layout.xaxis.range
        last = math.log10(result.numbers["draws"])
        assert (left, right) == pytest.approx((-0.04 * last, 1.04 * last))


def test_an_empty_picture_still_has_axes():
    drawn = series(RESULTS["article"])
    nothing = drawn | {
        "noise": [0.0] * 10,
        "ranked_noise": [],
        "errors": [0.0],
        "averaged_y": [0.0],
        "floor_y": [None] * 2,
    }
    assert ranges("noise", nothing)[1] == [-1.0, 1.0]
    assert ranges("convergence", nothing)[1] == [-1.25, 0.25]


@given(st.floats(1e-12, 1e12))
def test_a_nice_number_leaves_room_and_not_much(value):
    assert 1.06 * value <= nice(value) <= 1.5 * 1.06 * value
    assert f"{nice(value):.1e}".startswith(("1.0", "1.2", "1.5", "2.0", "2.5", "3.0", "4.0", "5.0", "6.0", "8.0"))


def test_what_is_not_positive_needs_no_room():
    assert (nice(0.0), nice(-3.0)) == (0.0, 0.0)


@given(st.floats(-8, 3), st.floats(0.1, 9))
def test_ticks_are_few_round_and_inside(low, width):
    ticks = log_ticks([low, low + width])
    values = [math.log10(value) for value in ticks["tickvals"]]
    assert all(low - 1e-6 <= value <= low + width + 1e-6 for value in values)
    assert len(values) <= 8
    assert len(values) >= (1 if width > 1.31 else 0)
    assert all(f"{value:.0e}"[0] in "125" for value in ticks["tickvals"])
    spelled = [float(text.replace("−", "-")) for text in ticks["ticktext"]]
    assert spelled == pytest.approx(ticks["tickvals"], rel=1e-12)


def test_ticks_are_spelled_briefly():
    assert log_ticks([-4.0, -3.0])["ticktext"] == ["1e−4", "2e−4", "5e−4", "0.001"]
    assert log_ticks([-6.0, 0.0])["ticktext"] == ["1e−6", "1e−5", "1e−4", "0.001", "0.01", "0.1", "1"]
    assert log_ticks([-1.25, -0.25])["ticktext"] == ["0.1", "0.2", "0.5"]


def test_the_convergence_is_ticked_so():
    axis = panel("convergence", RESULTS["article"]).layout.yaxis
    assert (axis.tickvals, axis.ticktext) == ((0.1, 0.2, 0.5), ("0.1", "0.2", "0.5"))


# One definition for the page and for Python


@every_panel
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_a_spec_is_the_panel_without_its_data(name, theme):
    told = spec(name, theme)
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    filled = panel(name, RESULTS["article"], theme)
    drawn = series(RESULTS["article"])
    assert len(told["data"]) == len(filled.data)
    for empty, trace in zip(told["data"], filled.data, strict=True):
        whole = trace.to_plotly_json()
        fill = empty["meta"]["fill"]
        assert not set(fill) & set(empty)
        assert {key: value for key, value in whole.items() if key not in fill} == empty
        assert {key: list(trace[key]) for key in fill} == {key: drawn[source] for key, source in fill.items()}
    layout = filled.layout.to_plotly_json()
    own = {"title", "height", "margin", "xaxis", "yaxis", "template"}
    assert {key: value for key, value in layout.items() if key not in own} == {
        key: value for key, value in told["layout"].items() if key not in own
    }
    for axis in ("xaxis", "yaxis"):
        added = {"range", "tickvals", "ticktext"}
        assert {key: value for key, value in layout[axis].items() if key not in added} == told["layout"][axis]


@every_result
def test_every_series_that_a_trace_names_has_one_value_for_each_place(result):
    drawn = series(result)
    assert json.dumps(drawn, allow_nan=False)
    for name in EVERY:
        for trace in spec(name)["data"]:
            fill = trace["meta"]["fill"]
            assert len({len(drawn[source]) for source in fill.values()}) == 1, trace["name"]


@every_panel
def test_colours_follow_the_theme(name):
    light, dark = (json.dumps(spec(name, theme)) for theme in (LIGHT, DARK))
    assert light != dark
    assert LIGHT.ink in light
    assert LIGHT.ink not in dark


def test_the_default_theme_is_light():
    assert spec("noise") == spec("noise", LIGHT)
    assert panel("noise", RESULTS["article"]) == panel("noise", RESULTS["article"], LIGHT)


def test_the_page_and_the_panels_speak_of_the_same_seven():
    assert set(panels._TRACES) == set(panels._Y_TITLE) == set(EVERY)
