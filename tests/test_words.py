"""What the pictures say: each alternative once, and every way to write a number."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssm.explorer.experiment import run
from ssm.explorer.figures import PANELS, texts
from ssm.explorer.figures.texts import number, render
from ssm.explorer.figures.theme import LIGHT
from ssm.explorer.settings import Settings

ARTICLE = {
    "classes": 10,
    "samples": 3,
    "draw": 1,
    "draws": 200,
    "averaged": 200,
    "kept": 3,
    "hit_count": 0,
    "computed": 4,
    "touched": 4,
    "score_target": 1.65,
    "spike": -0.56809,
    "loss_full": 0.83953,
    "loss_draw": 1.35826,
    "loss_exact": 0.69403,
    "effective": 1.45663,
    "chi2": 2.67873,
    "error_draw": 0.34210,
    "error_mean": 0.22513,
    "floor": 0.20452,
}
UNKNOWN = {name: value for name, value in ARTICLE.items() if name != "floor"}
TEXTS = {"sentence": texts.SENTENCE, **{f"title of {n}": t for n, t in texts.TITLES.items()}} | {
    f"label of {n}": t for n, t in texts.LABELS.items()
}
DRAW = "The gradient of draw 1 is 0.342 away from the full one."
AVERAGE = "The average of 200 draws is 0.225 away."
COMPUTED = "This draw computed 4 of 10 scores."
CASES = [
    (
        "sentence",
        ARTICLE,
        f"{DRAW} {AVERAGE} With 3 samples even endless draws leave it 0.205 away: sampled softmax is biased. "
        "This draw computed 4 of 10 scores.",
    ),
    (
        "sentence",
        ARTICLE | {"samples": 1, "classes": 17_091},
        f"{DRAW} {AVERAGE} With 1 sample even endless draws leave it 0.205 away: sampled softmax is biased. "
        "This draw computed 4 of 17,091 scores.",
    ),
    (
        "sentence",
        ARTICLE | {"floor": 3e-16, "samples": 1},
        f"{DRAW} {AVERAGE} It goes to 0 with more draws: this noise is as good as the softmax itself, "
        f"so nothing is biased. {COMPUTED}",
    ),
    (
        "sentence",
        UNKNOWN,
        f"{DRAW} {AVERAGE} How close endless draws bring it, torch is working out. {COMPUTED}",
    ),
    (
        "sentence",
        ARTICLE | {"kept": 0, "draw": 1_234, "averaged": 1, "computed": 1, "error_draw": 0.67427},
        "In draw 1,234 every sample was the target itself, so it teaches nothing: its gradient is 0, 0.674 away from "
        "the full one. One draw is no average yet: step or play to add more. With 3 samples even endless draws leave "
        "it 0.205 away: sampled softmax is biased. This draw computed 1 of 10 scores.",
    ),
    ("title of scores_full", ARTICLE, "Scores, full softmax: all 10 classes"),
    ("title of scores_sampled", ARTICLE, "Scores, sampled: 4 of 10 classes"),
    ("title of noise", ARTICLE, "Noise: samples come from here"),
    ("title of noise", ARTICLE | {"hit_count": 1}, "Noise: 1 of 3 samples hit the target"),
    ("title of noise", ARTICLE | {"hit_count": 2}, "Noise: 2 of 3 samples hit the target"),
    ("title of gradient_full", ARTICLE, "Gradient, full softmax: a spike and a forest"),
    ("title of gradient_sampled", ARTICLE, "Gradient, sampled: 4 of 10 touched"),
    ("title of convergence", ARTICLE, "Convergence: 0.225 away"),
    (
        "label of scores_full",
        ARTICLE,
        "Bar chart of the scores of the full softmax, 10 classes. The target scores 1.65.",
    ),
    (
        "label of scores_sampled",
        ARTICLE,
        "Bar chart of the corrected scores of draw 1: 4 of 10 classes computed, sampled loss 1.36 against 0.840 "
        "for the full softmax.",
    ),
    (
        "label of noise",
        ARTICLE,
        "Bar chart of the noise distribution; 3 samples drawn, 0 of them hit the target. Distance from the ideal "
        "noise, chi squared: 2.68.",
    ),
    (
        "label of gradient_full",
        ARTICLE,
        "Bar chart of the full gradient: −0.568 on the target, and as much, spread, on all other classes.",
    ),
    (
        "label of gradient_sampled",
        ARTICLE,
        "Bar chart of the sampled gradient: draw 1 is 0.342 away from the full gradient, the average of 200 "
        "draws 0.225.",
    ),
    (
        "label of convergence",
        ARTICLE,
        "Line chart, both axes logarithmic: the average of 200 draws is 0.225 away from the full gradient; the bias "
        "keeps it 0.205 away however many draws are made.",
    ),
    (
        "label of convergence",
        UNKNOWN,
        "Line chart, both axes logarithmic: the average of 200 draws is 0.225 away from the full gradient.",
    ),
]


@pytest.mark.parametrize(("text", "numbers", "said"), CASES)
def test_a_text_says_what_its_numbers_are(text, numbers, said):
    assert render(TEXTS[text], numbers) == said


def test_the_cases_say_each_alternative_of_each_part():
    def said(name, part):
        return {texts._chosen(part, numbers) for text, numbers, _ in CASES if text == name}

    for name, parts in TEXTS.items():
        for part in parts:
            assert said(name, part) == {one["say"] for one in part}, name


@pytest.mark.parametrize("part", [part for parts in TEXTS.values() for part in parts])
def test_every_part_ends_with_what_holds_always(part):
    assert ["if" in one for one in part] == [True] * (len(part) - 1) + [False]


def every_template():
    """Everything with slots in it."""
    yield from (one["say"] for parts in TEXTS.values() for part in parts for one in part)
    yield from (item["value"] for item in texts.STRIP)


def test_slots_and_conditions_name_numbers_of_a_result_and_inks_of_a_theme():
    numbers = run(Settings()).numbers
    slots = [slot for template in every_template() for slot in re.findall(r"\{(\w+)(?:\|(\w+))?\}", template)]
    assert {name for name, _ in slots} <= set(numbers)
    assert {role for _, role in slots} - {""} <= set(LIGHT.text)
    conditions = [one["if"] for parts in TEXTS.values() for part in parts for one in part if "if" in one]
    assert {name for name, _, _ in conditions} <= set(numbers)
    assert {relation for _, relation, _ in conditions} <= {"<", "==", ">="}
    assert set(texts.INTEGERS) <= set(numbers)
    assert all(numbers[name] == round(numbers[name]) for name in texts.INTEGERS)
    assert not any(
        template.count("{") != len(re.findall(r"\{\w+(?:\|\w+)?\}", template)) for template in every_template()
    )


def test_the_article_is_told_with_its_own_numbers():
    assert render(texts.SENTENCE, run(Settings()).numbers) == CASES[0][2]


def test_every_panel_has_its_words():
    for words in (texts.TITLES, texts.CAPTIONS, texts.LABELS):
        assert tuple(words) == PANELS
    captions = [*texts.CAPTIONS.values(), texts.CUSTOM_CAPTION, texts.CLASSES_CAPTION]
    assert all(re.fullmatch(r"[A-Z].*\.", caption) and len(caption) <= 55 for caption in captions)


def test_the_strip_of_figures_reads_so():
    told = {item["name"]: render([[{"say": item["value"]}]], ARTICLE | {"kept": 2}) for item in texts.STRIP}
    assert told == {
        "Loss, full": "0.840",
        "Loss, this draw": "1.36",
        "Loss, expected": "0.694",
        "Samples kept": "2 of 3",
        "Effective samples": "1.46",
        "χ² of the noise": "2.68",
        "Scores computed": "4 of 10",
    }
    assert all(re.fullmatch(r"[A-Z0].*[.²]\.?", item["help"]) for item in texts.STRIP)


def test_what_is_not_known_yet_is_an_ellipsis():
    assert render([[{"say": "{floor|exact} of {kept}"}]], {}) == "… of …"
    assert render([[{"if": ["floor", "<", 1], "say": "small"}]], {}) == ""


@pytest.mark.parametrize(
    ("relation", "holds"), [("<", [True, False, False]), ("==", [False, True, False]), (">=", [False, True, True])]
)
def test_a_condition_compares(relation, holds):
    part: texts.Part = [{"if": ["k", relation, 2], "say": "yes"}, {"say": "no"}]
    assert [render([part], {"k": k}) == "yes" for k in (1, 2, 3)] == holds


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
    assert render([[{"say": "{draws}"}]], {"draws": value}) == f"{value:,}"
