"""The curves over the number of samples, what is read off them, and what the page says of it."""

import math
import re
from itertools import pairwise

import pytest

from ssm import exact, noise
from ssm.explorer import figures, problems
from ssm.explorer.experiment import as_plain, run
from ssm.explorer.experiment.curves import MOST_NOISES, sample_numbers
from ssm.explorer.figures import curve_series
from ssm.explorer.figures.series import series
from ssm.explorer.figures.templates import NBSP, chosen, render
from ssm.explorer.figures.theme import LIGHT
from ssm.explorer.pages import BIAS
from ssm.explorer.problems import tables
from ssm.explorer.settings import Settings, problem_of
from tests import enumeration, oracles

TINY = tables.link(tables.parse("a 1.5 1\nb 0.5 2\nc -1 5"))
KS = sample_numbers()
ARTICLE = Settings()


def curves(settings):
    """The curves that torch finds."""
    found = run(settings, needs={"curves"}).curves
    assert found
    return found


def made(settings):
    """View and series of the page."""
    result = run(settings, needs=BIAS.needs)
    view = as_plain(result)
    return view, series(view, result.problem.names.__getitem__, vars(settings))


def words(settings):
    return figures.words(run(settings, needs=BIAS.needs))


# The group


def test_all_numbers_of_samples_are_looked_at_first_and_then_ever_fewer():
    assert KS[:7] == [1, 2, 3, 4, 5, 6, 7]
    assert KS[-1] == 10_000
    assert all(a < b <= max(a + 1, 1.15 * a) for a, b in pairwise(KS))


@pytest.mark.parametrize("hits", ["rejected", "excluded"])
def test_the_curves_are_those_of_enumeration(hits):
    scores, target = [1.5, 0.5, -1.0], 0
    found = curves(Settings(problem="own", table=TINY, hits=hits))
    assert found.noises == ("uniform", "unigram", "softmax", "log-uniform")
    full = oracles.full_gradient(scores, target)
    norm = math.hypot(*full)
    weights = [[1.0] * 3, [count**0.75 for count in (1, 2, 5)], oracles.softmax(scores), oracles.log_uniform(3)]
    for i, q in enumerate(weights):
        for k in (1, 2, 3, 5):
            first, second, loss = enumeration.moments((scores, target, q, k), hits, "sampled_softmax")
            mean = [float(m) for m in first]
            spread = math.fsum(float(s - m * m) for s, m in zip(second, first, strict=True))
            bias = math.hypot(*(m - g for m, g in zip(mean, full, strict=True)))
            at = KS.index(k)
            assert found.bias[i][at] == pytest.approx(bias / norm, rel=1e-9, abs=1e-12)
            assert found.spread[i][at] == pytest.approx(math.sqrt(spread) / norm, rel=1e-9)
            assert found.error[i][at] == pytest.approx(math.sqrt(bias**2 + spread) / norm, rel=1e-9)
            gap = oracles.full_loss(scores, target) - float(loss)
            assert found.gap[i][at] == pytest.approx(gap, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(
    "settings", [ARTICLE, Settings(hits="excluded", noise="log_uniform", target=3)], ids=["article", "excluded"]
)
def test_the_expansion_is_the_formula_and_what_the_curve_tends_to(settings):
    scores, t = problems.article().scores.tolist(), settings.target
    found, p = curves(settings), oracles.softmax(scores)
    q = oracles.log_uniform(10) if settings.noise == "log_uniform" else [0.1] * 10
    r = oracles.without(q, t)
    rho = [p_c / (1 - p[t]) / r_c if r_c else 1.0 for p_c, r_c in zip(p, r, strict=True)]
    chi2 = math.fsum(r_c * (x - 1) ** 2 for r_c, x in zip(r, rho, strict=True))
    off = [p_c * (1 - p[t]) * ((1 - p[t]) * chi2 - (x - 1)) for p_c, x in zip(p, rho, strict=True)]
    off[t] = p[t] * (1 - p[t]) ** 2 * chi2
    kept = 10_000 * (1 if settings.hits == "excluded" else 1 - q[t])
    leading = math.hypot(*off) / math.hypot(*oracles.full_gradient(scores, t)) / kept
    assert found.bias_expansion[0][-1] == pytest.approx(leading, rel=1e-9)
    assert found.gap_expansion[0][-1] == pytest.approx((1 - p[t]) ** 2 * chi2 / 2 / kept, rel=1e-9)
    assert found.bias[0][-1] == pytest.approx(leading, rel=1e-3)
    assert found.bias[0][0] < 0.7 * found.bias_expansion[0][0], "with one sample it does not hold"


def test_other_losses_have_no_expansion():
    assert all(math.isnan(x) for x in curves(Settings(estimator="log_q")).bias_expansion[:, -1])


def test_the_chosen_noise_comes_first_and_of_equal_ones_only_one():
    assert curves(ARTICLE).noises == ("uniform", "softmax", "log-uniform")  # all counts of the article are equal
    assert curves(Settings(noise="unigram")).noises == ("unigram", "softmax", "log-uniform")
    custom = curves(Settings(problem="random", classes=60, noise="custom", weights=((3, 9.0),)))
    assert custom.noises == ("custom", "uniform", "unigram", "softmax")
    assert len(custom.noises) == MOST_NOISES == curve_series.MOST_NOISES
    plain = tables.link(tables.parse("a 1\nb 2\nc 3"))
    assert "unigram" not in curves(Settings(problem="own", table=plain)).noises


def test_only_softmax_noise_is_paid_in_scores():
    assert curves(ARTICLE).drawing.tolist() == [0, 10, 0]


def test_curves_draw_nothing_and_so_are_no_overwork():
    asked = Settings(samples=10_000, draws=10_000)
    with pytest.raises(ValueError, match="samples times draws must be at most"):
        run(asked)
    assert run(asked, needs=BIAS.needs).curves


# What is read off


@pytest.mark.parametrize("tolerance", [0.5, 0.05, 0.013, 0.001])
@pytest.mark.parametrize("hits", ["rejected", "excluded"])
def test_the_samples_needed_are_those_of_the_search(tolerance, hits):
    settings = Settings(problem="random", classes=300, hits=hits, tolerance=tolerance)
    problem = problem_of(settings)
    told = words(settings)
    assert (told["noise_name_0"], told["noise_name_3"]) == ("uniform", "log-uniform")
    for i, q in ((0, noise.uniform(300)), (3, noise.log_uniform(300))):
        needed = exact.samples_needed(problem.scores, problem.target, q, bias=tolerance, noise=1e9, hits=hits)
        found = told[f"needed_{i}"]
        assert (found is None) == (needed > 10_000)
        assert found is None or abs(found - needed) <= max(1, 2e-3 * needed)


def test_samples_that_are_never_enough_are_not_told():
    told = words(Settings(estimator="uncorrected", noise="log_uniform"))
    assert told["needed_0"] is told["cost_0"] is None


def test_a_curve_that_only_passes_through_the_tolerance_is_not_within_it():
    view = {"k": [1, 2, 3, 4], "bias": [[0.4, 0.01, 0.2, 0.3], [0.4, 0.1, 0.04, 0.01], [0.01, 0.01, 0.01, 0.01]]}
    assert curve_series._needed(view, 0.05) == [None, 3, 1]


def test_the_cost_is_the_samples_and_the_target_or_every_score():
    told = words(Settings(problem="white", noise="unigram", tolerance=0.05))
    assert told["cost_0"] == told["needed_0"] + 1 < 17_091
    assert told["cost_2"] == told["drawing_2"] == 17_091
    assert words(ARTICLE)["cost_0"] == 10, "no more than there are classes"


# Series


def test_the_expansion_is_drawn_where_it_holds_and_faded_where_it_does_not():
    view, s = made(ARTICLE)
    pairs = zip(view["curves"]["bias"][0], view["curves"]["bias_expansion"][0], strict=True)
    ratios = [expansion / value for value, expansion in pairs]
    assert [x is not None for x in s["bias_near_0"]] == [1 / 1.1 <= ratio <= 1.1 for ratio in ratios]
    assert [x is not None for x in s["bias_far_0"]] == [1 / 3 <= ratio <= 3 for ratio in ratios]
    assert s["bias_near_0"][0] is None
    assert s["bias_far_0"][0] is not None


def test_the_chosen_samples_stand_on_their_curve():
    view, s = made(Settings(samples=7))
    at = view["curves"]["k"].index(7)
    for name in curve_series.CURVES:
        assert s[f"{name}_now_at"] == [7]
        assert s[f"{name}_now"] == pytest.approx([view["curves"][name][0][at]], rel=1e-9)


def test_the_ideal_noise_is_the_softmax_off_the_target():
    _, s = made(Settings(noise="softmax"))
    assert s["ideal"][7] is None
    assert [x for c, x in enumerate(s["ideal"]) if c != 7] == pytest.approx(
        [x for c, x in enumerate(s["noise"]) if c != 7], rel=1e-12
    )
    _, s = made(ARTICLE)
    assert math.fsum(x for x in s["ideal"] if x is not None) == pytest.approx(0.9)


@pytest.mark.parametrize("name", ["uniform", "log_uniform"])
def test_what_is_drawn_far_too_rarely_is_pushed_too_little(name):
    view, s = made(Settings(noise=name, hits="excluded", samples=1_000))
    classes = view["classes"]
    for noise_c, ideal, off in zip(s["noise"], s["ideal"], s["class_bias"], strict=True):
        if ideal is not None:
            far = 1 - classes["spike"] * classes["chi2"]
            assert (off < 0) == (ideal > far * noise_c)
    assert s["class_bias"][7] > 0, "the target is pulled too little"
    assert math.fsum(s["class_bias"]) == pytest.approx(0, abs=1e-12)


# What is said


CASES = {
    "article": (
        ARTICLE,
        "For a bias of at most 5 % of the full gradient, uniform noise needs k = 23, no fewer than the 10 classes: "
        "score them all. With softmax noise k = 4, and all 10 scores to draw from it. With log-uniform noise k = 26. "
        "Now, at k = 3, it is 30 %, which is more; a typical draw is 76 % off.",
    ),
    "few of many": (
        Settings(problem="random", classes=60, tolerance=0.1),
        "For a bias of at most 10 % of the full gradient, uniform noise needs k = 17: 18 of 60 scores. With unigram "
        "noise k = 39. With softmax noise k = 1, and all 60 scores to draw from it. With log-uniform noise k = 55. "
        "Now, at k = 3, it is 26 %, which is more; a typical draw is 78 % off.",
    ),
    "perfect but for hits": (
        Settings(noise="softmax"),
        "For a bias of at most 5 % of the full gradient, softmax noise needs k = 4, and all 10 scores to draw from it. "
        "With uniform noise k = 23. With log-uniform noise k = 26. Now, at k = 3, it is 8.1 %, all from draws in which "
        "every sample hits the target: exclude hits before drawing, and there is none.",
    ),
    "perfect": (
        Settings(noise="softmax", hits="excluded"),
        "For a bias of at most 5 % of the full gradient, softmax noise needs k = 1, and all 10 scores to draw from it. "
        "With uniform noise k = 20. With log-uniform noise k = 25. Here there is none: off the target, this noise is "
        "the softmax itself.",
    ),
    "another loss": (
        Settings(estimator="log_q"),
        "No number of samples up to 10,000 keeps the bias of uniform noise within 5 %. With softmax noise no number up "
        "to 10,000. With log-uniform noise no number up to 10,000. This loss has another gradient: more samples do not "
        "bring it nearer.",
    ),
}


@pytest.mark.parametrize(("settings", "said"), CASES.values(), ids=CASES)
def test_the_sentence_says_what_its_numbers_are(settings, said):
    assert render(BIAS.sentence, words(settings)).replace(NBSP, " ") == said


VARIED = [
    *(words(settings) for settings, _ in CASES.values()),
    words(Settings(noise="softmax", temperature=2.0)),
    words(Settings(samples=50)),
    words(Settings(noise="custom", problem="random", classes=60)),
    words(Settings(noise="softmax", problem="random", classes=60, tolerance=1e-4)),
    figures.words(run(ARTICLE)),
    figures.words(run(ARTICLE, needs={"curves"})),
]


def test_the_sentence_has_no_alternative_that_is_never_said():
    others = [words(Settings(estimator=name)) for name in ("uncorrected", "nce", "negative_sampling")]
    for part in BIAS.sentence[:1] + BIAS.sentence[-1:]:
        assert {chosen(part, numbers) for numbers in [*VARIED, *others]} == {one["say"] for one in part}
    assert {chosen(BIAS.sentence[2], numbers) for numbers in VARIED} == {one["say"] for one in BIAS.sentence[2]}


def test_slots_name_numbers_and_inks_that_are_there():
    known = words(Settings(problem="random", classes=60))
    parts = [*BIAS.sentence, *([{"say": item["value"]}] for item in BIAS.strip), *(item["help"] for item in BIAS.strip)]
    slots = [slot for part in parts for one in part for slot in re.findall(r"\{(\w+)[%#~]?(?:\|(\w+))?\}", one["say"])]
    assert {name for name, _ in slots} <= set(known)
    assert {role for _, role in slots} - {""} <= set(LIGHT.text)
    assert "…" not in " ".join(render([[{"say": item["value"]}]], known) for item in BIAS.strip)
