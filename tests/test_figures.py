"""The panels: their records, data, ranges and ticks, for every kind of result."""

import json
import math
from itertools import pairwise

import plotly.graph_objects as go
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ssm.estimators import ESTIMATORS
from ssm.explorer import figures
from ssm.explorer.experiment import ALL, as_plain, run
from ssm.explorer.figures import PANELS, panel, spec, title
from ssm.explorer.figures.axes import axes, linear_ticks, log_ticks, nice
from ssm.explorer.figures.readings import reading
from ssm.explorer.figures.series import numbers, series
from ssm.explorer.figures.theme import DARK, LIGHT
from ssm.explorer.pages.record import JOBS
from ssm.explorer.problems import tables
from ssm.explorer.settings import Settings
from tests import oracles

SCORES = [-1.45, -2.0, -2.9, 1.4, -2.3, -0.1, -4.5, 1.65, -6.0, 0.3]
BIRD, CAT, DOG, HORSE = 2, 3, 5, 7
DRAWN = {BIRD, CAT, DOG}
HEAVY = ((HORSE, 20.0),)
TABLE = tables.link(tables.parse("yes 3\nno 1"))
RESULTS = {
    "article": run(Settings()),
    "one so far": run(Settings(average="so_far")),
    "some hits": run(Settings(noise="custom", weights=HEAVY, samples=6)),
    "hits alone": run(Settings(noise="custom", weights=((HORSE, 1e6),), samples=2)),
    "perfect": run(Settings(noise="softmax", hits="excluded")),
    "repeats": run(Settings(samples=40)),
    "many": run(Settings(problem="random", classes=1_000, samples=100)),
    "flat": run(Settings(problem="random", classes=60, spread=0.0)),
    "two": run(Settings(problem="own", table=TABLE, samples=1, draws=10)),
    "wanting": run(Settings(), needs=()),
}
every_result = pytest.mark.parametrize("result", RESULTS.values(), ids=RESULTS)
every_panel = pytest.mark.parametrize("name", PANELS)


def made(result):
    """View, names and series of a result."""
    view = as_plain(result)
    return view, result.problem.names.__getitem__, series(view, result.problem.names.__getitem__)


def only(classes, values=SCORES):
    """Values of some classes, None for the others."""
    return [value if c in classes else None for c, value in enumerate(values)]


def near(values):
    """The same numbers but for rounding; None is None."""
    return [None if value is None else pytest.approx(value, abs=1e-12) for value in values]


# Records


def test_a_panel_stands_in_for_another_while_a_setting_says_so():
    variants = {(p.variant.of, p.variant.setting, p.variant.value): p.name for p in PANELS.values() if p.variant}
    assert variants == {
        ("scores_full", "scale", "weights"): "weights_full",
        ("scores_sampled", "scale", "weights"): "weights_sampled",
        ("convergence", "view", "classes"): "convergence_classes",
        **{("learned", "estimator", name): f"learned_{name}" for name in list(ESTIMATORS)[1:]},
    }


@every_panel
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_a_spec_is_json_that_plotly_accepts_and_names_series_that_are_there(name, theme):
    told = spec(name, theme)
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    go.Figure(told["traces"], told["layout"])
    _, _, s = made(RESULTS["many"])
    for trace in told["traces"]:
        assert len({len(s[source]) for source in trace["meta"]["fill"].values()}) == 1, trace["name"]
    assert all(where == "" or where in s for _, where in told["lettering"])
    assert {end["series"] for end in told["ends"]} <= set(s)
    view, _, _ = made(RESULTS["many"])
    spans = axes(view, s)
    assert told["scale"] in spans["values"]
    assert told["along"] in spans["along"]


@every_panel
def test_a_record_needs_the_groups_that_it_draws(name):
    needs = set(PANELS[name].needs) - JOBS
    settings = Settings(problem="random", classes=60) if "ranked" in needs else Settings()
    whole, least = (made(run(settings, needs=groups)) for groups in (ALL, needs))
    for trace in spec(name)["traces"]:
        for source in trace["meta"]["fill"].values():
            assert whole[2][source] == least[2][source], source


def test_the_page_shows_notes_where_the_picture_is_read_first():
    said = {one["say"] for p in PANELS.values() for n in p.notes for part in n.text for one in part}
    assert said == {
        "drawn by chance",
        "counts {factor~} times",
        "stands for {factor~} classes",
        "not touched in this draw",
        "this gap is the bias",
        "this gap is another loss's",
    }


@every_panel
def test_names_are_no_markup_to_plotly(name):
    words = ["<b>a</b>", "&amp;", "$x$", "<a href=x>"]
    table = tables.link(tables.parse("\n".join(f'"{word}",{i}' for i, word in enumerate(words))))
    told = panel(name, run(Settings(problem="own", table=table, draws=20, samples=4))).to_json()
    assert not set("<$") & set(told)
    assert ("&lt;b&gt;a" in told) == (PANELS[name].along.name == "classes" or name == "convergence_classes")


def test_colours_follow_the_theme():
    assert spec("noise") == spec("noise", LIGHT)
    same = {name for name in PANELS if spec(name, LIGHT)["traces"] == spec(name, DARK)["traces"]}
    assert same == {"gradient_full", "class_bias"}  # vermilion stands out from both grounds


# Series


def test_the_noise_is_filled_where_it_was_drawn_and_open_where_it_hit():
    _, _, s = made(RESULTS["article"])
    assert s["noise_sampled"] == near(only(DRAWN, [0.1] * 10))
    assert s["noise_rest"] == near(only(set(range(10)) - DRAWN, [0.1] * 10))
    assert s["count_text"] == ["×1" if c in DRAWN else "" for c in range(10)]
    _, _, s = made(RESULTS["some hits"])
    assert s["noise_hit"] == near(only({HORSE}, [20 / 29] * 10))
    assert s["noise_sampled"][HORSE] is s["noise_rest"][HORSE] is None
    assert s["count_text"][HORSE] == f"hit ×{s['count'][HORSE]}"
    assert made(RESULTS["hits alone"])[2]["count_text"][HORSE] == "hit ×2"


def test_a_class_drawn_twice_says_so_however_many_bars_there_are():
    for name in ("repeats", "many"):
        _, _, s = made(RESULTS[name])
        pairs = list(zip(s["count"], s["count_text"], s["target"], strict=True))
        assert all((f"×{n}" in text) == (n > 1) for n, text, is_target in pairs if n != 1 and not is_target)


def test_thousands_are_short():
    result = run(Settings(samples=10_000, draws=10, noise="custom", weights=((CAT, 100.0),)))
    _, _, s = made(result)
    assert s["count_text"][CAT] == f"×{s['count'][CAT] / 1000:.1f}k"
    assert s["block_at"].count(CAT) == 1


def test_the_scores_are_the_targets_those_computed_and_those_not():
    _, _, s = made(RESULTS["article"])
    assert s["score_target"] == only({HORSE})
    assert s["score_others"] == only(set(range(10)) - {HORSE})
    assert s["score_sampled"] == only(DRAWN)
    assert s["score_unsampled"] == only(set(range(10)) - DRAWN - {HORSE})
    assert s["corrected_scores"] == near(only(DRAWN, [x + math.log(3) for x in SCORES]))
    assert s["corrected"][3 * CAT : 3 * CAT + 3] == [*near([1.4 + math.log(3)] * 2), None]


def test_a_factor_stands_beyond_bar_and_arrow():
    _, _, s = made(RESULTS["article"])
    assert s["factor_at"] == near(only(DRAWN, [max(0, x, x + math.log(3)) for x in SCORES]))
    result = run(Settings(noise="custom", weights=((BIRD, 1e4),), samples=3))
    _, _, s = made(result)
    assert s["correction"][BIRD] < 0
    assert s["factor_at"][BIRD] == s["corrected_scores"][BIRD] < SCORES[BIRD]


def test_weights_are_relative_to_the_target_and_repeats_stack():
    _, _, s = made(RESULTS["repeats"])
    assert s["weight"] == near([math.exp(x - SCORES[HORSE]) for x in SCORES])
    assert s["weight_target"] == only({HORSE}, [1.0] * 10)
    tops: dict[int, float] = {}
    for at, base, size in zip(s["block_at"], s["block_base"], s["block"], strict=True):
        assert base == pytest.approx(tops.get(at, 0.0))
        assert size == pytest.approx(math.exp(s["corrected_scores"][at] - SCORES[HORSE]))
        tops[at] = base + size
    assert [s["block_at"].count(c) for c in range(10) if c != HORSE] == [
        n for c, n in enumerate(s["count"]) if c != HORSE
    ]


def test_the_gradients_are_the_full_one_the_draws_the_averages_and_the_expected():
    result = RESULTS["article"]
    _, _, s = made(result)
    assert result.convergence
    assert result.moments
    assert s["gradient_full"] == near(oracles.full_gradient(SCORES, HORSE))
    assert s["gradient_draw"] == near(oracles.sampled_gradient(SCORES, HORSE, [BIRD, CAT, DOG], [0.1] * 10))
    assert s["gradient_mean"] == near(result.convergence.mean.tolist())
    assert s["expected"][::3] == near(result.moments.mean.tolist())
    assert set(made(RESULTS["hits alone"])[2]["gradient_draw"]) == {0.0}


def test_the_typical_distance_is_bias_and_spread_together():
    result = RESULTS["article"]
    _, _, s = made(result)
    assert result.moments
    bias, spread = result.moments.bias, math.fsum(result.moments.variance.tolist())
    assert s["typical"] == near([math.sqrt(bias**2 + spread / m) for m in s["checkpoints"]])
    assert (s["ends"], s["bias"]) == ([1, 200], [bias, bias])
    assert len(s["others"]) == 20 * (len(s["checkpoints"]) + 1)
    assert s["others"] != s["errors"]
    assert made(RESULTS["perfect"])[2]["bias"] == [None, None]
    first = made(RESULTS["one so far"])[2]
    assert (first["averaged_at"], first["averaged"]) == ([1], near([first["errors"][0]]))


def test_single_classes_are_followed_each_by_a_line_of_its_own():
    result = RESULTS["article"]
    view, names, s = made(result)
    assert result.convergence
    assert s["watched_names"] == ["horse", "cat", "truck", "dog", "airplane"]
    for i in range(5):
        assert s[f"watched_{i}"] == result.convergence.watched_mean[i].tolist()
    looks = [
        (t["line"]["width"], t["line"]["dash"]) for t in spec("convergence_classes")["traces"] if "class" in t["name"]
    ]
    assert len(set(looks)) == 5
    words = numbers(view, {}, names)
    assert [words[f"watched_name_{i}"] for i in range(5)] == s["watched_names"]
    assert made(RESULTS["two"])[2]["watched_3"] == [None] * len(made(RESULTS["two"])[2]["checkpoints"])


def test_the_balance_is_a_pull_and_pushes_that_sum_to_it():
    view, _, s = made(RESULTS["many"])
    pull, *masses = s["share"]
    assert math.fsum(masses) == pytest.approx(pull)
    assert s["share_base"] == near([0, 0, *[math.fsum(masses[:i]) for i in range(1, 4)]])
    assert math.fsum(s["drawn"]) + math.fsum(s["rest"]) == pytest.approx(-view["draw"]["gradient"][0])
    assert s["drawn"] == sorted(s["drawn"], reverse=True)
    assert made(RESULTS["article"])[2]["share"] == []


@every_result
def test_at_any_number_of_classes_spike_and_forest_weigh_the_same(result):
    view, names, s = made(result)
    assert s["pull_mass"] == [-view["classes"]["spike"]]
    assert math.fsum([*s["push_mass"], *s["pushed_rest"]]) == pytest.approx(s["pull_mass"][0], abs=1e-12)
    assert len(s["pushed_rest"]) == (view["classes"]["hidden"] > 0)
    assert s["push_base"] == near([math.fsum(s["push_mass"][:i]) for i in range(len(s["push_mass"]))])
    assert s["push_mass"] == near(sorted(s["push_mass"], reverse=True))
    assert names(view["classes"]["target"]) not in s["push_names"]
    assert len(s["push_names"]) == len(s["push_mass"]) == len(view["classes"]["index"]) - 1


def test_texts_can_name_the_rivals_the_target_and_the_first_sample():
    result = RESULTS["article"]
    view, names, _ = made(result)
    words = numbers(view, {}, names)
    full = oracles.softmax(SCORES)
    assert (words["most_pushed"], words["least_pushed"]) == ("cat", "ship")
    assert (words["most_push"], words["least_push"]) == (pytest.approx(full[CAT]), pytest.approx(full[8]))
    assert words["target_gradient"] == pytest.approx(-0.7429, abs=1e-4)
    assert result.moments
    assert words["target_mean"] == view["convergence"]["mean"][HORSE]
    assert words["target_expected"] == view["moments"]["mean"][HORSE]
    assert (words["first_name"], words["first_score"]) == ("bird", SCORES[BIRD])
    assert [words["first_factor"], words["first_corrected"]] == near([3.0, SCORES[BIRD] + math.log(3)])
    assert words["reached"] == 10
    assert numbers(made(RESULTS["one so far"])[0], {}, names)["reached"] == 1 + len(DRAWN)


def test_where_every_sample_hit_no_sample_is_the_first():
    view, names, _ = made(RESULTS["hits alone"])
    assert view["draw"]["kept"] == 0
    assert numbers(view, {}, names)["first_factor"] is None
    assert numbers(made(RESULTS["wanting"])[0], {}, names)["target_gradient"] is None


def test_a_reading_knows_its_class():
    view, names, _ = made(RESULTS["article"])
    told = reading(view, CAT, names)
    assert (told["name"], told["is_target"], told["count"]) == ("cat", 0, 1)
    assert told["factor"] == pytest.approx(3)
    assert reading(view, HORSE, names)["is_target"] == 1
    assert reading(made(RESULTS["wanting"])[0], CAT, names)["gradient"] is None


# Axes


@every_result
def test_everything_drawn_lies_within_the_axes(result):
    view, _, s = made(result)
    spans = axes(view, s)
    for name, record in PANELS.items():
        low, high = spans["values"][record.scale]
        left, right = spans["along"][record.along.name]
        for trace in spec(name)["traces"]:
            fill = trace["meta"]["fill"]
            bases = s[fill["base"]] if "base" in fill else [0] * len(s[fill["value"]])
            for x, y, base in zip(s[fill["along"]], s[fill["value"]], bases, strict=True):
                # Two classes leave nothing to chance: a distance of 0 has no place on an axis of powers.
                if x is not None and y is not None and (record.value_axis != "log" or y != 0):
                    where = math.log10(x) if record.along.axis == "log" else x
                    value = math.log10(y) if record.value_axis == "log" else y + base
                    assert left <= where <= right
                    assert name == "ranks" or low <= value <= high, (name, trace["name"])


def test_panels_that_are_compared_share_their_scale():
    scales = {name: record.scale for name, record in PANELS.items()}
    assert scales["scores_full"] == scales["scores_sampled"]
    assert scales["weights_full"] == scales["weights_sampled"]
    assert scales["gradient_full"] == scales["gradient_sampled"]


def test_stepping_moves_no_axis():
    for settings in (Settings(draws=30), Settings(problem="random", draws=30, samples=20)):
        spans = []
        for draw in (1, 2, 17, 30):
            view, _, s = made(run(Settings(**(vars(settings) | {"draw": draw}))))
            spans.append(axes(view, s))
        assert all(span == spans[0] for span in spans)


def test_a_gap_stands_for_the_classes_without_a_bar():
    assert axes(*made(RESULTS["many"])[::2])["along"]["classes"] == [-0.5, 12.5 + 1.6]
    assert axes(*made(RESULTS["article"])[::2])["along"]["classes"] == [-0.5, 9.5]


def test_an_empty_picture_still_has_axes():
    spans = axes(*made(RESULTS["wanting"])[::2])["values"]
    assert spans["distance"] == [-1.25, 0.25]
    assert spans["watched"] == [-1.0, 1.0]


@given(st.floats(1e-12, 1e12))
def test_a_nice_number_leaves_room_and_not_much(value):
    assert 1.06 * value <= nice(value) <= 1.5 * 1.06 * value
    assert f"{nice(value):.1e}".startswith(("1.0", "1.2", "1.5", "2.0", "2.5", "3.0", "4.0", "5.0", "6.0", "8.0"))


def test_what_is_not_positive_or_endless_needs_no_room():
    assert (nice(0.0), nice(-3.0), nice(math.inf)) == (0.0, 0.0, 0.0)


@given(st.floats(-8, 3), st.floats(0.1, 9), st.floats(60, 600))
def test_logarithmic_ticks_are_few_round_and_inside(low, width, pixels):
    ticks = log_ticks([low, low + width], pixels, 22)
    values = [math.log10(value) for value, _ in ticks]
    assert all(low - 1e-6 <= value <= low + width + 1e-6 for value in values)
    assert len(values) <= max(2, pixels // 22) + 1
    assert all(f"{value:.0e}"[0] in "125" for value, _ in ticks)
    spelled = [float(text.replace("−", "-").replace(",", "")) for _, text in ticks]
    assert spelled == pytest.approx([value for value, _ in ticks], rel=1e-12)


@given(st.floats(-1e3, 0), st.floats(1e-3, 1e3), st.floats(60, 600))
@example(-400.0, 200.0, 60.0)
def test_linear_ticks_are_apart_round_and_inside(low, high, pixels):
    ticks = linear_ticks([low, high], pixels, 26)
    values = [value for value, _ in ticks]
    assert all(low - 1e-6 * (high - low) <= value <= high + 1e-6 * (high - low) for value in values)
    assert len(values) >= 2
    least = 26 * (high - low) / pixels
    step = min(whole * 10**power for whole in (1, 2, 5) for power in range(-8, 5) if whole * 10**power >= least)
    if (
        sum(low <= i * step <= high for i in range(-40, 41)) < 2
    ):  # where one tick alone would have room, two stand nearer
        least /= 8
    assert all(b - a >= least * (1 - 1e-6) for a, b in pairwise(values))
    spelled = [float(text.replace("−", "-")) for _, text in ticks]
    assert spelled == pytest.approx(values, rel=0.05, abs=1e-12)


def test_ticks_are_spelled_briefly():
    assert [text for _, text in log_ticks([-4.0, -3.0], 200, 22)] == ["1e−4", "2e−4", "5e−4", "0.001"]
    assert [text for _, text in log_ticks([0, 4], 100, 30)] == ["1", "100", "10,000"]
    assert [text for _, text in linear_ticks([-0.8, 0.8], 100, 26)] == ["−0.5", "0", "0.5"]
    assert [text for _, text in linear_ticks([0, 8e-5], 200, 50)] == ["0", "2e−5", "4e−5", "6e−5", "8e−5"]


# A figure of its own


@every_panel
@every_result
def test_a_figure_says_itself(name, result):
    figure = panel(name, result)
    assert figure.layout.title.text == title(name, result)
    turned = PANELS[name].along.turned == "always"
    value, along = (figure.layout.xaxis, figure.layout.yaxis) if turned else (figure.layout.yaxis, figure.layout.xaxis)
    assert value.title.text == PANELS[name].unit
    assert value.ticktext
    assert len(along.ticktext or ()) == len(along.tickvals or ())


def test_a_figure_names_its_bars_and_its_marks():
    figure = panel("scores_sampled", RESULTS["article"])
    assert list(figure.layout.xaxis.ticktext) == list(RESULTS["article"].problem.names)
    texts = [note.text for note in figure.layout.annotations]
    assert texts.count("×3") == 3
    assert sum(note.showarrow for note in figure.layout.annotations) == 3
    ends = [note.text for note in panel("convergence", RESULTS["article"]).layout.annotations]
    assert ends == ["this run", "typical", "bias"]
    counts = [note.text for note in panel("noise", RESULTS["article"]).layout.annotations]
    assert counts == ["×1"] * 3


def test_no_panel_has_another_name():
    for make in (spec, lambda name: panel(name, RESULTS["article"]), lambda name: title(name, RESULTS["article"])):
        with pytest.raises(KeyError):
            make("bias")


def test_words_are_flat():
    assert all(isinstance(value, int | float | str | None) for value in figures.words(RESULTS["many"]).values())
