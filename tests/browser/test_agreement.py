"""The page's arithmetic, texts and rules, evaluated in the browser and held against the library's."""

import json
import math
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page

from ssm import checks, estimators, exact, noise
from ssm.explorer import experiment
from ssm.explorer.export.spec import spec
from ssm.explorer.figures import templates
from ssm.explorer.settings import Settings
from tests.test_settings import every_settings

CASES, PARTS = 1_000, 4
CLOSE = 1e-9  # relative
ROUNDING = 1e-12  # of sums and integrals of numbers near 1
VARIANCE = 1e-13  # what rounding may leave of a variance, in parts of the second moment
LEAST = 1e-290  # below it float64 has not all its digits
URLS = {name: f"problem.json?{Settings(problem=name).to_query()}" for name in ("article", "white")}
# One memo for all cases: what the kernel keeps from one to the next must not be seen.
EVALUATE = """async ([cases, constants]) => {
  const { view } = await import("/assets/kernel/view.js"), { Problems } = await import("/assets/stage/problems.js");
  const { listing } = await import("/assets/stage/line.js");
  const found = [], memo = {};
  for (const { settings, urls } of cases) {
    let here;
    const arrived = new Promise((resolve) => { here = resolve; });
    const problems = new Problems(1e6, listing, here);
    if (!problems.problem(settings, urls)) await arrived;
    found.push(view(problems.problem(settings, urls), settings, { constants, memo }));
  }
  return JSON.stringify(found);
}"""

EXTREME = 200
MOMENTS = """async (cases) => {
  const { moments } = await import("/assets/kernel/moments.js");
  const floats = (values) => Float64Array.from(values, (value) => value ?? -Infinity); // JSON has no infinities
  const found = cases.map(({ x, logQ, ...rest }) => moments({ x: floats(x), logQ: floats(logQ), ...rest }));
  return JSON.stringify(found.map((m) => m && { mean: [...m.mean], variance: [...m.variance], loss: m.loss }));
}"""


@pytest.fixture(scope="module")
def modules(chromium, app_url) -> Iterator[Page]:
    """A page without the app, from which the app's modules can be imported."""
    page = chromium.new_page(base_url=app_url)
    page.goto("/assets/kernel/view.js")
    yield page
    page.close()


def random_settings(rng: np.random.Generator) -> Settings:
    """Any settings; the numbers of classes, samples and draws mostly small."""

    def whole(low: int, high: int) -> int:
        return int(np.exp(rng.uniform(np.log(low), np.log(high + 1))))

    def pairs(low: float, high: float) -> tuple[tuple[int, float], ...]:
        some = rng.choice(classes, rng.integers(0, min(4, classes)), replace=False)
        return tuple((int(c), float(rng.uniform(low, high))) for c in sorted(some))

    estimator = str(rng.choice(list(estimators.ESTIMATORS)))
    hits = ["rejected"] if checks.handling(None, estimator) == "kept" else ["rejected", "excluded"]
    problem = str(rng.choice(["article", "random"], p=[0.1, 0.9]))
    classes = 10 if problem == "article" else whole(2, 80 if rng.random() < 0.95 else 2_000)
    draws = whole(10, 300)
    return Settings(
        problem=problem,
        classes=classes,
        spread=float(rng.choice([0, 0.5, 2, 5, 20])),
        target=int(rng.integers(classes)),
        edits=pairs(-30, 30),
        samples=whole(1, 40),
        noise=str(rng.choice(["uniform", "log_uniform", "unigram", "softmax", "custom"])),
        power=float(rng.uniform(0, 2)),
        temperature=float(np.exp(rng.uniform(-1, 3))),
        weights=pairs(1e-3, 30),
        estimator=estimator,
        hits=str(rng.choice(hits)),  # type: ignore[arg-type] # one of the two literals
        draws=draws,
        seed=int(rng.integers(2**32)),
        draw=int(rng.integers(1, draws + 1)),
        average=str(rng.choice(["all", "so_far"])),
    )


def plain(value: object) -> list[object]:
    """The numbers of a column in one row."""
    return [part for item in value for part in plain(item)] if isinstance(value, list) else [value]


def apart(page: object, torch: object, rounding: float) -> float:
    """The largest relative difference between two columns or numbers, beyond what rounding may leave of larger ones."""
    one, other = plain(page), plain(torch)
    if len(one) != len(other) or [v is None for v in one] != [v is None for v in other]:
        return math.inf
    numbers = [(a, b) for a, b in zip(one, other, strict=True) if b is not None]
    a, b = np.array(numbers, dtype=float).reshape(-1, 2).T
    beyond = np.maximum(np.abs(a - b) - rounding, 0)
    return float((beyond / np.maximum(np.maximum(np.abs(a), np.abs(b)), LEAST)).max(initial=0))


def rounded(name: str, norm: float) -> float:
    """What rounding may leave of a number: more of one in parts of a full gradient that is nearly 0."""
    return ROUNDING / norm if "relative" in name and norm else ROUNDING


def leaves(view: dict[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Every column and number of a view, by the names that lead to it."""
    for name, value in view.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{path}{name}.")
        else:
            yield path + name, value


def hold(page: Page, cases: list[Settings]) -> float:
    """The largest difference between page and torch over some cases; every name that torch has the page has too."""
    asked = [{"settings": asdict(case), "urls": URLS} for case in cases]
    found = json.loads(page.evaluate(EVALUATE, [asked, dict(experiment.CONSTANTS)]))
    worst = 0.0
    for case, ours in zip(cases, found, strict=True):
        theirs = dict(leaves(experiment.as_plain(experiment.run(case))))
        numbers, norm = dict(leaves(ours)), theirs["classes.norm_full"]
        assert numbers.keys() == theirs.keys()
        for name, value in theirs.items():
            difference = apart(numbers[name], value, rounded(name, norm))
            assert difference < CLOSE, f"{name}: {numbers[name]}, but torch has {value} in {case}"
            worst = max(worst, apart(numbers[name], value, 0.0))
    return worst


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_page_and_torch_agree(modules, part):
    rng = np.random.default_rng(part)
    worst = hold(modules, [random_settings(rng) for _ in range(CASES // PARTS)])
    assert worst > 0  # two implementations differ in the last digits; nothing was compared with itself


@pytest.mark.slow
def test_page_and_torch_agree_on_a_whole_vocabulary(modules):
    white = [Settings(problem="white", samples=k, noise=q, draws=50) for k, q in ((5, "unigram"), (100, "softmax"))]
    dragged = replace(white[1], edits=((5, 3.0), (900, 8.0)), hits="excluded")
    random = Settings(problem="random", classes=17_000, samples=300, draws=20, noise="log_uniform")
    hold(modules, [*white, dragged, random, replace(random, noise="custom", weights=((1, 40.0), (16_000, 0.5)))])


def test_numbers_are_written_alike(modules):
    rng = np.random.default_rng(5)
    edges = [999.4999, 999.5, 1000.5, -1000.5, 999_999.5, 0.001, 0.00099999, 1e6, 1e-10, 12.345, 0.5, 0.0, -0.0]
    values = [*edges, *(rng.choice([-1, 1], 5_000) * 10 ** rng.uniform(-12, 12, 5_000)).tolist(), 1e300, 1e-300]
    shares = [share for share in np.abs(values).tolist() if share < 100]
    found = modules.evaluate(
        """async ([values, shares]) => {
          const { brief, number, percent } = await import("/assets/panels/texts.js");
          return [values.map(number), values.map(brief), shares.map(percent)];
        }""",
        [values, shares],
    )
    ours = [[*map(templates.number, values)], [*map(templates.brief, values)], [*map(templates.percent, shares)]]
    for kind, theirs in zip(ours, found, strict=True):
        assert [both for both in zip(kind, theirs, strict=True) if both[0] != both[1]] == []


def test_links_of_the_page_are_read_as_they_were_meant(modules):
    @given(st.lists(every_settings, min_size=1, max_size=20))
    @settings(max_examples=40)
    def run(chosen: list[Settings]) -> None:
        chosen_here = [{name: getattr(s, name) for name in spec()["fields"]} for s in chosen]
        links = modules.evaluate(
            """async ([list, fields]) => {
          const { toQuery } = await import("/assets/stage/settings.js");
          return list.map((settings) => toQuery(settings, fields));
        }""",
            [chosen_here, spec()["fields"]],
        )
        assert [Settings.from_query(link) for link in links] == [(s, ()) for s in chosen]

    run()


def random_subject(rng: np.random.Generator, *, extreme: bool) -> dict[str, Any]:
    """Scores, noise and estimator as the kernel takes them; the weights of extreme ones leave float64."""
    n = int(rng.integers(500, 3_000)) if not extreme and rng.random() < 0.05 else int(rng.integers(2, 60))
    x = rng.normal(0, rng.choice([50, 200, 400] if extreme else [0, 0.5, 2, 5, 20]), n)
    t, estimator = int(rng.integers(n)), str(rng.choice(list(estimators.ESTIMATORS)))
    kinds = [np.zeros(n), rng.normal(0, 15 if extreme else 1.5, n), x / rng.uniform(0.5, 3)]
    weights = kinds[rng.integers(3)]
    if extreme:
        weights[t] += rng.choice([-200.0, 0.0, 25.0])  # a target that is hardly ever drawn, and hardly ever not
    hits = "kept" if estimator == "naive_importance" else str(rng.choice(["rejected", "excluded", "kept"]))
    return {
        "x": x.tolist(),
        "t": t,
        "logQ": torch.log_softmax(torch.tensor(weights), 0).tolist(),
        "k": int(np.exp(rng.uniform(0, np.log(1e6 if extreme else 1e4)))),
        "estimator": estimator,
        "hits": hits,
    }


def exactly(subject: dict[str, Any]) -> exact.Moments:
    """The same moments from torch."""
    q, scores = (torch.tensor(subject[name], dtype=torch.float64) for name in ("logQ", "x"))
    return exact.moments(
        scores, subject["t"], noise.Noise(q), subject["k"], subject["hits"], estimator=subject["estimator"]
    )


@pytest.mark.slow
@pytest.mark.parametrize(("count", "extreme"), [(CASES, False), (EXTREME, True)])
def test_moments_of_every_estimator_agree(modules, count, extreme):
    rng = np.random.default_rng(count)
    subjects = [random_subject(rng, extreme=extreme) for _ in range(count)]
    theirs = [exactly(subject) for subject in subjects]
    found = json.loads(modules.evaluate(MOMENTS, subjects))
    triples = [each for each in zip(subjects, found, theirs, strict=True) if each[1] is not None]
    assert len(triples) >= 0.99 * count  # what the page finds too rough it leaves to torch
    worst = [hold_moments(*each) for each in triples]
    assert sum(off > CLOSE for off in worst) < 0.2 * count  # rounding is all of a few variances that are nearly 0


def hold_moments(subject: dict[str, Any], ours: dict[str, Any], theirs: exact.Moments) -> float:
    """Hold one subject's moments against torch's; the largest relative difference of a variance."""
    assert ours is not None, subject
    mean, variance = theirs.gradient_mean.numpy(), theirs.gradient_variance.numpy()
    assert apart(ours["loss"], theirs.loss_mean, 1e-15) < CLOSE, subject
    # What draws push up and pull down may cancel on the target of a logistic loss.
    assert apart(ours["mean"], mean.tolist(), 1e-15 * abs(mean).max()) < CLOSE, subject
    second = variance + mean**2
    if subject["estimator"] not in {"nce", "negative_sampling"}:
        second[subject["t"]] = 1.0  # the target's is taken about another number than 0
    off = abs(np.array(ours["variance"]) - variance)
    assert (off <= CLOSE * variance + 2 * VARIANCE * second + LEAST).all(), subject
    return apart(ours["variance"], variance.tolist(), 0.0)
