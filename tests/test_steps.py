"""The five steps against loops over lists and the library, and the programs that repeat them with torch alone."""

import json
import math
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ssm import estimators, philox, projection
from ssm.explorer import experiment
from ssm.explorer import settings as choices
from ssm.explorer.experiment import five_steps, portable
from ssm.explorer.experiment.constants import STEP_ROWS, STEP_SAMPLES
from ssm.explorer.experiment.snippet import MOST_LITERALS
from ssm.explorer.problems import tables
from ssm.explorer.settings import Settings
from tests import oracles

ROOT = Path(__file__).parents[1]
BIRD, CAT, DOG, HORSE, AUTOMOBILE, TRUCK = 2, 3, 5, 7, 1, 9
EMPTY = Settings(samples=1, draw=5)
COUNTED = tables.link(tables.parse("class,score,count\na,1,8\nb,0,1\nc,-1,4"))
CASES = {
    "article": Settings(),
    "empty": EMPTY,
    "small": Settings(batch=1, dim=1, samples=1, seed=3),
    "repeats": Settings(batch=8, dim=3, samples=40, noise="log_uniform", draw=7),
    "softmax": Settings(noise="softmax", samples=5, batch=2),
    "custom": Settings(noise="custom", weights=((CAT, 0.25), (HORSE, 20.0)), samples=6, seed=2**32 - 1),
    "many": Settings(problem="random", classes=60, samples=12, target=59, dim=8),
    "counted": Settings(problem="own", table=COUNTED, noise="unigram", samples=4),
}
every_case = pytest.mark.parametrize("settings", CASES.values(), ids=CASES)


def steps_of(settings):
    found = experiment.run(settings, needs={"steps"}).steps
    assert found is not None
    return found


def batch_of(s):
    """What the steps are given, in lists: h, w, the targets, the samples and the noise."""
    problem = choices.problem_of(s)
    q = choices.noise_of(s, problem).probs.tolist()
    h = [[oracles.normal(s.seed, b * s.dim + i) for i in range(s.dim)] for b in range(s.batch)]
    w = [[oracles.normal(s.seed, 64 + c * s.dim + i) for i in range(s.dim)] for c in range(len(q))]
    drawn = [int(oracles.uniform(s.seed, 10_022, b) * len(q)) for b in range(s.batch)]
    samples = [oracles.invert(q, oracles.uniform(s.seed, s.draw - 1, j)) for j in range(s.samples)]
    return h, w, [problem.target, *drawn[1:]], samples, q


def dot(a, b):
    return math.fsum(x * y for x, y in zip(a, b, strict=True))


def scores_of(h, w):
    return [[dot(h_b, w_c) for w_c in w] for h_b in h]


def near(values, tolerance=1e-12):
    return pytest.approx(values, rel=tolerance, abs=tolerance)


# What comes out


@every_case
def test_the_batch_is_the_seed_s_and_its_samples_are_the_draw_s(settings):
    h, w, target, samples, _ = batch_of(settings)
    found = steps_of(settings)
    assert found.label.tolist() == target
    assert found.sample.tolist() == samples[:STEP_SAMPLES]
    assert found.embedding.ravel().tolist() == near([x for row in h for x in row])
    assert found.weight.ravel().tolist() == near([x for c in found.row for x in w[c]])


def test_the_first_draw_of_the_article_is_the_explorer_s_and_hits_one_example():
    found = steps_of(Settings())
    assert found.sample.tolist() == [BIRD, CAT, DOG]
    assert found.label.tolist() == [HORSE, CAT, TRUCK, AUTOMOBILE]
    assert (found.hit_total, found.hit_examples, found.empty_examples) == (1, 1, 0)
    assert found.hit.tolist() == [[False] * 3, [False, True, False], [False] * 3, [False] * 3]


@every_case
def test_scores_corrections_and_losses_are_those_of_the_oracle(settings):
    h, w, target, samples, q = batch_of(settings)
    found, shown = steps_of(settings), samples[:STEP_SAMPLES]
    for b, (x, t) in enumerate(zip(scores_of(h, w), target, strict=True)):
        kept = sum(c != t for c in samples)
        assert found.target_score[b].tolist() == near([x[t]])
        assert found.sample_score[b].tolist() == near([x[c] for c in shown])
        assert found.hit[b].tolist() == [c == t for c in shown]
        for j, c in enumerate(shown):
            correction = math.nan if c == t else -math.log(kept * q[c] / (1 - q[t]))
            assert found.correction[b, j] == pytest.approx(correction, rel=1e-12, abs=1e-12, nan_ok=True)
            assert (
                found.candidate[b, 1 + j]
                == found.corrected_score[b, j]
                == near(-math.inf if c == t else x[c] + correction)
            )
        assert found.candidate[b, 0] == found.target_score[b, 0]
        assert found.loss[b, 0] == near(oracles.sampled_loss(x, t, samples, q))
    assert found.batch_loss == near(math.fsum(found.loss[:, 0]) / settings.batch)
    full = [oracles.full_loss(x, t) for x, t in zip(scores_of(h, w), target, strict=True)]
    assert found.batch_loss_full == near(math.fsum(full) / settings.batch)


@every_case
def test_gradients_are_those_of_the_oracle_and_reach_no_other_row(settings):
    h, w, target, samples, q = batch_of(settings)
    found, count = steps_of(settings), settings.batch
    by_score = [
        [g / count for g in oracles.sampled_gradient(x, t, samples, q)]
        for x, t in zip(scores_of(h, w), target, strict=True)
    ]
    for b, g in enumerate(by_score):
        expected = [math.fsum(g[c] * w[c][i] for c in range(len(w))) for i in range(settings.dim)]
        assert found.embedding_gradient[b].tolist() == near(expected)
        assert found.score_gradient[b, 0] == near(g[target[b]])
    touched = {*target, *samples}
    for c, row, is_touched in zip(found.row, found.weight_gradient, found.row_touched, strict=True):
        assert is_touched == (c in touched)
        expected = [math.fsum(g[c] * h_b[i] for g, h_b in zip(by_score, h, strict=True)) for i in range(settings.dim)]
        assert row.tolist() == pytest.approx(
            expected if is_touched else [math.nan] * settings.dim, abs=1e-12, nan_ok=True
        )
    assert found.rows_touched == len(touched)


@every_case
def test_the_five_steps_are_the_library_s(settings):
    h, w, target, samples, _ = batch_of(settings)
    q = choices.noise_of(settings, choices.problem_of(settings))
    leaves = H, W = tuple(torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in (h, w))
    labels, drawn = torch.tensor(target), torch.tensor(samples)
    theirs = estimators.sampled_softmax(projection.candidates(H, W, labels, drawn, q))
    ours = five_steps.losses(
        five_steps.target_scores(H, W, labels),
        five_steps.corrected(five_steps.sample_scores(H, W, drawn), labels, drawn, q.probs),
    )
    assert ours.tolist() == near(theirs.tolist())
    for ours_by, theirs_by in zip(*(torch.autograd.grad(x.mean(), leaves) for x in (ours, theirs)), strict=True):
        assert ours_by.is_sparse == theirs_by.is_sparse
        assert ours_by.to_dense().flatten().tolist() == near(theirs_by.to_dense().flatten().tolist())


@pytest.mark.parametrize("noise", ["uniform", "log_uniform", "softmax"])
def test_the_plain_draw_is_the_noise_s_own(noise):
    s = Settings(noise=noise)
    q, u = choices.noise_of(s, choices.problem_of(s)), philox.uniforms(1, 1, 5_000)[0]
    assert five_steps.draw(q.probs, u).tolist() == q.invert(u).tolist()
    quarters = torch.tensor([0.25, 0.5, 0.25], dtype=torch.float64)
    assert five_steps.draw(quarters, torch.tensor([0.0, 0.25, 0.75, 0.999], dtype=torch.float64)).tolist() == [
        0,
        1,
        2,
        2,
    ]


# What is shown of many, and what gradients weigh


def test_of_many_classes_targets_samples_and_two_that_neither_is_are_shown():
    found = steps_of(Settings(problem="random", classes=5_000, samples=30))
    assert (found.rows_shown, found.samples_shown) == (STEP_ROWS, STEP_SAMPLES)
    assert found.row.tolist() == sorted(found.row)
    assert set(found.label) <= set(found.row)
    assert found.row_touched.sum() == STEP_ROWS - 2
    assert found.score_gradient.shape == (4, 1 + STEP_SAMPLES)


@pytest.mark.parametrize("classes", [13, 14, 15])
def test_rows_are_shown_once_however_few_are_left(classes):
    found = steps_of(Settings(problem="random", classes=classes, samples=200))
    assert len(set(found.row)) == found.rows_shown <= STEP_ROWS
    assert all(0 <= c < classes for c in found.row)


def test_bytes_are_those_of_the_gradients_that_torch_makes():
    found = steps_of(Settings())
    h, w = five_steps.embeddings(810, 4, 4, 10)
    target, samples = torch.tensor(found.label), torch.tensor(found.sample)
    dense = (h * w[target]).sum() + (h @ w[samples].T).sum()
    (plain,) = torch.autograd.grad(dense, w)
    assert found.dense_bytes == plain.nbytes
    assert found.dense_many == 1_000_000 * plain[0].nbytes
    rows = five_steps.target_scores(h, w, target).sum() + five_steps.sample_scores(h, w, samples).sum()
    (sparse,) = torch.autograd.grad(rows, w)
    kept = sparse.coalesce()
    assert found.sparse_bytes == kept.values().nbytes + kept.indices().nbytes == found.rows_touched * found.row_bytes


# A row of hits alone


def test_rejecting_first_is_the_same_while_every_example_keeps_a_sample():
    found = steps_of(Settings())
    assert found.reversed_loss.tolist() == found.loss.tolist()
    assert (found.reversed_apart, found.reversed_rows, found.reversed_after) == (0, 0, 0)


def test_rejecting_first_makes_a_batch_nan_in_which_one_example_keeps_no_sample():
    found = steps_of(EMPTY)
    assert (found.empty_examples, found.hit.tolist()) == (1, [[False], [True], [False], [False]])
    assert (found.loss[1, 0], found.embedding_gradient[1].tolist()) == (0, [0] * 4)
    assert math.isfinite(found.batch_loss)
    assert [math.isnan(x) for x in found.reversed_loss[:, 0]] == [False, True, False, False]
    assert [math.isnan(x) for x in found.reversed_gradient[:, 0]] == [False, True, False, False]
    assert math.isnan(found.reversed_batch_loss)
    assert math.isnan(found.reversed_apart)
    assert (found.reversed_rows, found.reversed_after) == (1, 4)


# The program


def test_its_random_numbers_are_the_library_s():
    for seed, draw, k in [(0, 0, 1), (810, 41, 8), (2**32 - 1, 9_999, 7)]:
        assert portable.uniforms(seed, draw, k).tolist() == philox.uniforms(seed, 1, k, first=draw)[0].tolist()
        assert portable.normals(seed, 9, first=64).tolist() == philox.normals(seed, 9, first=64).tolist()


RUNNER = """
import contextlib, io, json, sys
sys.modules["ssm"] = sys.modules["numpy"] = None  # neither can be imported
found = []
for text in json.load(sys.stdin):
    scope = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(text, scope)
    rows = scope["w"].grad.coalesce()
    names = ("h", "w", "target", "samples", "x_t", "x_c", "loss")
    told = {name: scope[name].detach().tolist() for name in names}
    gradients = {"rows": rows.indices()[0].tolist(), "w_gradient": rows.values().tolist()}
    found.append(told | gradients | {"h_gradient": scope["h"].grad.tolist()})
json.dump(found, sys.stdout)
"""


def drawn_settings(dice):
    """Settings as viewers may choose them, those of every noise among them."""
    noise = dice.choice(["uniform", "log_uniform", "unigram", "softmax", "custom"])
    problem = "random" if noise == "unigram" else dice.choice(["article", "random"])
    classes = dice.choice([2, 9, 60, 700])
    n = classes if problem == "random" else 10
    return Settings(
        problem=problem,
        classes=classes,
        target=dice.randrange(n),
        samples=dice.choice([1, 3, 12, 70]),
        noise=noise,
        weights=((dice.randrange(n), dice.choice([0.3, 5.0])),),
        seed=dice.choice([0, 810, dice.randrange(2**32)]),
        draw=dice.randrange(1, 200),
        batch=dice.randrange(1, 9),
        dim=dice.randrange(1, 9),
    )


def test_twenty_programs_print_what_is_shown_with_torch_alone(tmp_path):
    dice = random.Random(0)
    cases = [drawn_settings(dice) for _ in range(20)]
    results = [steps_of(settings) for settings in cases]
    programs = json.dumps([result.snippet for result in results])
    command = [sys.executable, "-I", "-W", "ignore", "-c", RUNNER]
    ran = subprocess.run(command, cwd=tmp_path, input=programs, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    for result, told in zip(results, json.loads(ran.stdout), strict=True):
        assert told["target"] == result.label.tolist()
        assert told["samples"][:STEP_SAMPLES] == result.sample.tolist()
        for name, shown in {
            "h": result.embedding,
            "x_t": result.target_score[:, 0],
            "loss": result.loss[:, 0],
            "h_gradient": result.embedding_gradient,
        }.items():
            assert torch.tensor(told[name], dtype=torch.float64).flatten().tolist() == near(
                shown.ravel().tolist(), 1e-9
            ), name
        assert len(told["rows"]) == result.rows_touched
        rows = dict(zip(told["rows"], told["w_gradient"], strict=True))
        for c, weight, gradient in zip(result.row.tolist(), result.weight, result.weight_gradient, strict=True):
            assert told["w"][c] == near(weight.tolist(), 1e-9)
            assert (c in rows) is not math.isnan(gradient[0])
            if c in rows:
                assert rows[c] == near(gradient.tolist(), 1e-9)


def test_the_program_is_made_of_the_functions_that_are_shown_and_ran():
    program = steps_of(Settings()).snippet
    source = (ROOT / "ssm/explorer/experiment/five_steps.py").read_text("utf-8")
    for name in ("embeddings", "target_scores", "draw", "sample_scores", "corrected", "losses"):
        start = source.index(f"def {name}(")
        assert source[start : source.index("\n\n\n", start)] in program
    assert "ssm" not in program


def test_a_noise_without_a_short_formula_is_written_out_while_that_is_short():
    s = Settings(problem="random", classes=700, noise="softmax", samples=MOST_LITERALS)
    assert "samples = torch.tensor([" in steps_of(s).snippet
    too_many = steps_of(replace(s, samples=MOST_LITERALS + 1)).snippet
    assert too_many.splitlines()[0] == "# More than 100 samples of this noise would make a long list of numbers here:"
    assert all(line.startswith("#") for line in too_many.splitlines())
