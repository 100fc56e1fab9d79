"""What the pictures say: each alternative once, and every way to write a number."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssm.estimators import ESTIMATORS
from ssm.explorer import figures
from ssm.explorer.experiment import ALL, run
from ssm.explorer.figures import PANELS, texts
from ssm.explorer.figures.cost_series import cost_numbers
from ssm.explorer.figures.templates import NBSP, Part, brief, chosen, number, percent, render
from ssm.explorer.figures.theme import LIGHT
from ssm.explorer.figures.training_series import training_numbers
from ssm.explorer.pages import EXPLORER
from ssm.explorer.settings import Settings
from tests.measured import MEASURED
from tests.trained import TRAINING

BARE = figures.words(run(Settings()))
ARTICLE = (
    figures.words(run(Settings(), needs=ALL))
    | training_numbers({"training": TRAINING})
    | cost_numbers({"cost": MEASURED})
)
UNKNOWN = {name: value for name, value in ARTICLE.items() if name not in {"bias", "relative_bias", "biased"}}
HITS = ARTICLE | {"chi2": 0.0, "noise_scores": 10}
ROUNDING = ARTICLE | {"bias": 3e-16, "biased": 0}
WORDS = {name: figures.words(run(Settings(estimator=name))) for name in ESTIMATORS}
NEAR = ARTICLE | {"error_mean": 0.1, "relative_mean": 0.148}
LOST = ARTICLE | {"kept": 0, "draw": 1_234, "averaged": 1, "computed": 1, "error_draw": 0.67427}
LEGEND = "Draw 1 scored 4 of 10 classes: its gradient is off by 0.342, 51 % of the full gradient."
AVERAGE = "The average of 200 draws is off by 0.225, 33 %."
BIAS = (
    "Endless draws leave 0.205, 30 % of the full gradient: the bias of a noise unlike the softmax. More samples shrink "
    "it, or a noise nearer to the softmax."
)
SENTENCES = [
    (ARTICLE, f"{LEGEND} {AVERAGE} {BIAS}"),
    (
        ROUNDING,
        f"{LEGEND} {AVERAGE} Endless draws would bring it to 0: off the target, this noise is the softmax itself.",
    ),
    (
        HITS,
        f"{LEGEND} {AVERAGE} Endless draws leave 0.205, 30 % of the full gradient: the bias of draws in which every "
        "sample hits the target. Exclude hits and it is gone. To draw from this noise, all 10 scores were computed.",
    ),
    (UNKNOWN, f"{LEGEND} {AVERAGE} How far off endless draws leave it, torch is working out."),
    (
        NEAR,
        f"{LEGEND} The average of 200 draws is off by 0.100, 15 %: nearer than its limit, by luck. {BIAS}",
    ),
    (
        LOST,
        "In draw 1,234 every sample hit the target, so it teaches nothing: its gradient is 0, off by 0.674. One draw "
        f"is no average yet: draw again. {BIAS}",
    ),
]
VARIED = [
    *(numbers for numbers, _ in SENTENCES),
    *WORDS.values(),
    WORDS["naive_importance"] | {"target_drawn": 1},
    WORDS["log_q"] | {"biased": 0},
    ARTICLE | {"hit_count": 1},
    ARTICLE | {"hit_count": 2},
    ARTICLE | {"hit_count": 1, "samples": 1},
    ARTICLE | {"noise": "custom"},
    ARTICLE | {"n": 100_000, "hidden": 99_987},
    BARE,
    ARTICLE | {"price_0": 0.3},
    ARTICLE | {"price_0": None},
    ARTICLE | {"saving_sparse": 0.55},
    ARTICLE | {"nats_naive_importance": 0.1},
    ARTICLE | {"nats_naive_importance": 0.1, "left_out": 0.5},
]
WIDEST = ARTICLE | {
    "n": 100_000, "samples": 50, "computed": 51, "touched": 51, "averaged": 10_000, "others": 99_999,
    "touched_others": 50, "hit_count": 12, "relative_mean": 0.0123, "needed_0": 10_000, "tolerance": 0.00012,
}  # fmt: skip


@pytest.mark.parametrize(("numbers", "said"), SENTENCES)
def test_the_sentence_says_what_its_numbers_are(numbers, said):
    assert render(texts.SENTENCE, numbers).replace(NBSP, " ") == said


LIMITS = {
    "sampled_softmax": "More samples shrink it",
    "naive_importance": "Naive importance sampling tends to the full gradient as samples grow",
    "log_q": "What it learns is the true distribution all the same",
    "uncorrected": "It learns p / q: only uniform noise leaves p",
    "nce": "It makes scores log-probabilities",
    "negative_sampling": "It makes scores log(p / (k q))",
}


@pytest.mark.parametrize("name", ESTIMATORS)
def test_the_sentence_says_what_the_average_of_its_estimator_tends_to(name):
    said = render(texts.SENTENCE, WORDS[name])
    assert [other for other, limit in LIMITS.items() if limit in said] == [name]
    another = name in {"log_q", "uncorrected", "nce", "negative_sampling"}
    assert ("another loss" in said and "more samples do not close that" in said) is another
    assert ("bias" in said) is (name == "sampled_softmax")
    assert [render([end.text], WORDS[name]) for end in PANELS["convergence"].ends][2] == (
        "limit" if another else "bias"
    )


def test_a_bias_that_is_large_beside_a_tiny_gradient_is_one():
    tiny = figures.words(run(Settings(edits=((7, 22.0),), samples=1)))
    assert tiny["bias"] < 1e-9
    assert tiny["relative_bias"] == pytest.approx(0.1, abs=0.05)
    assert "the softmax itself" not in render(texts.SENTENCE, tiny)
    assert "No bias" not in render(PANELS["convergence"].caption, tiny)


def texts_of_panels():
    """Title, caption and label of each panel, with the numbers' templates in them."""
    for name, panel in PANELS.items():
        yield from ((f"{kind} of {name}", getattr(panel, kind)) for kind in ("title", "caption", "label"))


def test_the_cases_say_each_alternative_of_each_part():
    for name, parts in [("sentence", texts.SENTENCE), *texts_of_panels()]:
        for part in parts:
            assert {chosen(part, numbers) for numbers in VARIED} == {one["say"] for one in part}, name


def test_the_titles_of_the_article():
    assert {name: render(panel.title, ARTICLE).replace(NBSP, " ") for name, panel in PANELS.items()} == {
        "noise": "Noise: 3 drawn from here",
        "scores_full": "Scores, full: all 10 classes",
        "weights_full": "Weights, full: all 10 classes",
        "scores_sampled": "Scores, sampled: 4 of 10 computed",
        "weights_sampled": "Weights, sampled: 4 of 10",
        "gradient_full": "Gradient, full: spike and forest",
        "gradient_sampled": "Gradient, sampled: 4 of 10 touched",
        "convergence": "Convergence: 0.225 off, 33 %",
        "convergence_classes": "Convergence of single classes",
        "balance": "Balance: one pull, 9 pushes",
        "ranks": "Pushes by rank: 3 of 9 sampled",
        "masses": "Balance: one pull, 9 pushes",
        "bias_curve": "Bias: k = 23 for 5 %",
        "noise_ideal": "Noise and ideal: χ² is 2.68",
        "class_bias": "Bias of each class at k = 3",
        "spread_curve": "Spread of one draw: 69 %",
        "error_curve": "Error of one draw: 76 %",
        "gap_curve": "Loss gap: 0.146 nats",
        "estimator_sampled_softmax": "Sampled softmax: mean 30 % off",
        "estimator_naive_importance": "Naive importance: mean 41 % off",
        "estimator_log_q": "Log-q: mean 60 % off",
        "estimator_uncorrected": "Uncorrected: mean 60 % off",
        "estimator_nce": "NCE: mean 125 % off",
        "estimator_negative_sampling": "Negative sampling: mean 100 % off",
        "learned": "Sampled softmax learns: 0.0782 nats off",
        "learned_naive_importance": "Naive importance learns nothing",
        "learned_log_q": "Log-q learns: 4.89e−4 nats off",
        "learned_uncorrected": "Uncorrected learns: 4.89e−4 nats off",
        "learned_nce": "NCE learns: 0 nats off",
        "learned_negative_sampling": "Negative sampling learns: 0 nats off",
        "divergence": "What each learns: how far from the truth",
        "perplexity_seconds": "Perplexity on held-out text, over seconds",
        "trained_loss": "Loss trained on, and the full loss",
        "perplexity_steps": "Perplexity on held-out text, over steps",
        "trained_bias": "Bias of the gradient as it learns",
        "step_time": "A step among 1,000,000 classes: 646× less",
        "step_memory": "Memory: full 1,536 MB, sampled 0.200 MB",
        "bias_price": "5 % of bias costs 2.4 full steps",
        "error_price": "Error of one draw, and what it costs",
    }


WIDE = {name for name in PANELS if name not in EXPLORER.panels and not PANELS[name].variant} | {
    panel.name for panel in PANELS.values() if panel.variant and panel.variant.of == "learned"
}  # three in a row, not four


def test_titles_and_captions_fit_their_panel():
    for panel in PANELS.values():
        most_title, most = (46, 90) if panel.name in WIDE else (38, 50)
        assert len(render(panel.title, WIDEST)) <= most_title, panel.name
        for part in panel.caption:
            assert all(len(one["say"]) <= most and re.fullmatch("[A-Zae].*[.]", one["say"]) for one in part), panel.name


def test_labels_state_the_finding_with_its_numbers():
    said = render(PANELS["gradient_sampled"].label, ARTICLE).replace(NBSP, " ")
    assert said == (
        "Bar chart of the sampled gradient: draw 1 is off by 0.342, 51 % of the full gradient, the average of 200 "
        "draws by 0.225, 33 %."
    )
    for name, panel in PANELS.items():
        known = ARTICLE | {f"mass_{i}": 0.1 for i in range(4)} | {"nats_naive_importance": 0.1}
        assert re.search(r"\d", render(panel.label, known)), name
        assert "…" not in render(panel.label, known), name


@pytest.mark.parametrize("part", [part for _, parts in texts_of_panels() for part in parts] + texts.SENTENCE)
def test_every_part_ends_with_what_holds_always(part):
    assert ["if" in one for one in part] == [True] * (len(part) - 1) + [False]


def test_slots_and_conditions_name_numbers_and_inks_that_are_there():
    parts = [*texts.SENTENCE, *(part for _, of_panel in texts_of_panels() for part in of_panel)]
    templates = [one["say"] for part in parts for one in part] + [item["value"] for item in texts.STRIP]
    slots = [slot for template in templates for slot in re.findall(r"\{(\w+)[%#~]?(?:\|(\w+))?\}", template)]
    known = set(ARTICLE) | {f"mass_{i}" for i in range(4)} | {"nats_naive_importance"}
    assert {name for name, _ in slots} <= known
    assert {role for _, role in slots} - {""} <= set(LIGHT.text)
    assert sum(template.count("{") for template in templates) == len(slots)
    conditions = [one["if"] for part in parts for one in part if "if" in one]
    assert {name for name, _, _ in conditions} <= known
    assert {bound for _, relation, bound in conditions if isinstance(bound, str) and relation != "=="} <= known


def test_the_readouts_define_themselves():
    helps = [render([item["help"]], words) for item in texts.STRIP for words in WORDS.values()]
    told = {item["name"]: render([[{"say": item["value"]}]], ARTICLE | {"kept": 2}) for item in texts.STRIP}
    assert told == {
        "Loss, full": "0.840",
        "Loss, this draw": "1.36",
        "Loss, expected": "0.694",
        "Samples kept": "2 of 3",
        "Effective samples": "1.46",
        "χ² of the noise": "2.68",
        "Scores computed": "4 of 10",
        "Scores for the noise": "0",
    }
    assert all(re.fullmatch(r"[A-Z0].*[.²]\.?", said) and len(said) <= 80 for said in helps)
    assert "do not compare" in next(
        render([item["help"]], ARTICLE) for item in texts.STRIP if item["name"] == "Loss, this draw"
    )


def test_the_first_line_says_what_this_is():
    assert texts.WHAT.startswith("A softmax scores every class.")
    assert texts.WHAT.endswith("what does that do to the gradient?")


def test_what_is_not_known_yet_is_an_ellipsis():
    assert render([[{"say": "{bias|exact} of {kept#}, {share%}"}]], {}) == "… of …, …"
    assert render([[{"if": ["bias", "<", 1], "say": "small"}]], {}) == ""


def test_a_word_among_the_settings_is_said_and_compared():
    part: Part = [{"if": ["noise", "==", "custom"], "say": "drag {noise}"}, {"say": "no"}]
    assert render([part], {"noise": "custom"}) == "drag custom"
    assert render([part], {"noise": "uniform"}) == "no"


def test_a_bound_may_be_another_number():
    part: Part = [{"if": ["a", "<", "b"], "say": "less"}, {"say": "not less"}]
    assert [render([part], {"a": a, "b": 2}) for a in (1, 2)] == ["less", "not less"]
    assert render([part], {"a": 1}) == "not less"


@pytest.mark.parametrize(
    ("relation", "holds"), [("<", [True, False, False]), ("==", [False, True, False]), (">=", [False, True, True])]
)
def test_a_condition_compares(relation, holds):
    part: Part = [{"if": ["k", relation, 2], "say": "yes"}, {"say": "no"}]
    assert [render([part], {"k": k}) == "yes" for k in (1, 2, 3)] == holds


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0994, "9.9 %"),
        (0.0995, "10 %"),
        (0.004, "0.4 %"),
        (1.0, "100 %"),
        (None, "…"),
        (9.99, "999 %"),
        (1e-5, "under 0.01 %"),
    ],
)
def test_a_share_is_a_percentage(share, text):
    assert percent(share).replace(NBSP, " ") == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(3.0, "3"), (2.25, "2.25"), (0.844, "0.844"), (120.0, "120"), (341.8, "342"), (1e6, "1e6"), (-0.5, "−0.5")],
)
def test_a_brief_number_has_no_zeros_at_its_end(value, text):
    assert brief(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "…"),
        (math.nan, "…"),
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1.00"),
        (-1.0, "−1.00"),
        (0.2045197, "0.205"),
        (0.001, "0.00100"),
        (0.00099999, "1.00e−3"),
        (-2e-7, "−2.00e−7"),
        (5e-324, "4.94e−324"),
        (9.996, "10.0"),
        (99.96, "100"),
        (123.4, "123"),
        (999.4, "999"),
        (999.5, "1,000"),
        (-1450.4, "−1,450"),
        (17091, "17,091"),
        (999_999.4, "999,999"),
        (1e6, "1.00e6"),
        (-1e6, "−1.00e6"),
        (1.5e100, "1.50e100"),
        (1e10, "1.00e10"),
        (math.inf, "inf"),
        (-math.inf, "−inf"),
    ],
)
def test_a_number_has_three_significant_digits(value, text):
    assert number(value) == text


@given(st.floats(-1e300, 1e300))
def test_a_number_reads_back_within_half_of_its_last_digit(value):
    text = number(value)
    assert re.fullmatch(r"−?[\d,]+(\.\d+)?(e−?\d+)?", text)
    back = float(text.replace("−", "-").replace(",", ""))
    assert back == pytest.approx(value, rel=0.00501, abs=0)
    assert number(-value) in {f"−{text}", text.removeprefix("−")}


@given(st.integers(0, 10**9))
def test_whole_numbers_are_written_out(value):
    assert render([[{"say": "{draws#}"}]], {"draws": value}) == f"{value:,}"
