"""What the library refuses, and the whole sentence that says so."""

import re
from typing import Any

import pytest
import torch

from ssm import convergence, exact, losses, noise, philox

X = torch.tensor([0.5, 1.0, -2.0], dtype=torch.float64)
Q = noise.uniform(3)
ROWS, LABELS = torch.zeros(2, 3), torch.tensor([0, 1])
SAMPLES = torch.tensor([1, 2])
META = torch.device("meta")

COUNTS = {
    "uniform noise": (
        lambda: noise.uniform(0),
        "classes must be a whole number of at least 1, got 0; a softmax needs a class to choose",
    ),
    "log-uniform noise": (
        lambda: noise.log_uniform(any_type(2.0)),
        "classes must be a whole number of at least 1, got 2.0; a softmax needs a class to choose",
    ),
    "a truth as a count": (
        lambda: noise.uniform(True),  # noqa: FBT003 - what it refuses
        "classes must be a whole number of at least 1, got True; a softmax needs a class to choose",
    ),
    "no uniforms": (
        lambda: philox.uniforms(0, 2, 0),
        "k must be a whole number of at least 1, got 0; draw one sample or more",
    ),
    "no draws": (
        lambda: philox.uniforms(0, 0, 2),
        "draws must be a whole number from 1 to 4294967296, got 0; make one draw or more, and split longer runs",
    ),
    "draws beyond the counter": (
        lambda: philox.uniforms(0, 2, 2, first=2**32 - 1),
        "first + draws must be a whole number from 0 to 4294967296, got 4294967297; take another seed for more draws",
    ),
    "draws before the counter": (
        lambda: philox.uniforms(0, 2, 2, first=-1),
        "first must be a whole number from 0 to 4294967296, got -1; take another seed for more draws",
    ),
    "a seed with a sign": (
        lambda: philox.uniforms(-1, 2, 2),
        "seed must be a whole number from 0 to 18446744073709551615, got -1; take a number of 64 bits without a sign",
    ),
    "a seed too large": (
        lambda: philox.normals(2**64, 2),
        "seed must be a whole number from 0 to 18446744073709551615, got 18446744073709551616; "
        "take a number of 64 bits without a sign",
    ),
    "no normals": (
        lambda: philox.normals(0, 0),
        "n must be a whole number from 1 to 4294967296, got 0; ask for one number or more",
    ),
    "no samples": (
        lambda: exact.moments(X, 0, Q, 0),
        "k must be a whole number of at least 1, got 0; draw one sample or more",
    ),
    "no draws to run": (
        lambda: convergence.running_mean(X, 0, Q, 1, 0),
        "draws must be a whole number from 1 to 4294967296, got 0; make one draw or more, and split longer runs",
    ),
    "no draws to check": (
        lambda: convergence.checkpoints(0),
        "draws must be a whole number from 1 to 4294967296, got 0; make one draw or more, and split longer runs",
    ),
    "more draws than were run": (
        lambda: convergence.running_mean(X, 0, Q, 1, 3).mean_after(4),
        "draws must be a whole number from 1 to 3, got 4; the run has no more",
    ),
}
NUMBERS = {
    "a negative weight": (
        lambda: noise.custom([1.0, -0.2]),
        "noise weights must be positive, got -0.2 at class 1; drop the class or give it a small weight",
    ),
    "a weight of zero": (
        lambda: noise.custom([0, 1]),
        "noise weights must be positive, got 0.0 at class 0; drop the class or give it a small weight",
    ),
    "a count below zero": (
        lambda: noise.unigram([3, -1], power=0.0),
        "noise counts must be at least 0, got -1.0 at class 1; a class that never occurs has the count 0",
    ),
    "a weight that is no number": (
        lambda: noise.custom([1.0, float("nan")]),
        "noise weights must be finite, got nan at class 1; replace it by a number",
    ),
    "an endless score": (
        lambda: noise.softmax([float("-inf"), 1.0]),
        "scores must be finite, got -inf at class 0; replace it by a number",
    ),
    "no weights": (
        lambda: noise.custom([]),
        "noise weights must be one number per class, got the shape (0,); pass one row",
    ),
    "a table of scores": (
        lambda: exact.moments(ROWS, 0, Q, 1),
        "scores must be one number per class, got the shape (2, 3); pass one row",
    ),
    "a score that is no number": (
        lambda: convergence.running_mean(X / 0 * 0, 0, Q, 1, 1),
        "scores must be finite, got nan at class 0; replace it by a number",
    ),
    "an endless power": (
        lambda: noise.unigram([1, 2], power=float("inf")),
        "power must be a finite number, got inf; 0.75 is the usual one",
    ),
    "no temperature": (
        lambda: noise.softmax(X, temperature=0.0),
        "temperature must be above 0, got 0.0; 1 is the model's own distribution",
    ),
    "a temperature that is a word": (
        lambda: noise.softmax(X, temperature=any_type("hot")),
        "temperature must be a finite number, got 'hot'; 1 is the model's own distribution",
    ),
    "scores too far apart for naive importance": (
        lambda: exact.moments(X * 2e3, 1, Q, 1, estimator="naive_importance"),
        "scores must be at most 3000 apart for exact moments, got 6000 apart; "
        "bring them closer together or use convergence.running_mean",
    ),
    "scores too far apart": (
        lambda: exact.moments(X * 2e4, 2, Q, 1),
        "scores must be at most 3000 above the target's for exact moments, got 60000 above; "
        "bring them closer together or use convergence.running_mean",
    ),
}
FITS = {
    "hits": (
        lambda: exact.samples_needed(X, 0, Q, bias=0.1, noise=1.0, hits=any_type("kept")),
        "hits must be 'excluded' or 'rejected', got 'kept'; choose one of the two",
    ),
    "hits of moments": (
        lambda: exact.moments(X, 0, Q, 1, any_type("no")),
        "hits must be 'excluded', 'rejected' or 'kept', got 'no'; choose one of the three",
    ),
    "hits of an estimator that needs them": (
        lambda: exact.moments(X, 0, Q, 1, "rejected", estimator="naive_importance"),
        "hits must be 'kept' for naive_importance, got 'rejected'; choose that or the sampled softmax",
    ),
    "an estimator that nobody knows": (
        lambda: exact.moments(X, 0, Q, 1, estimator="softmax"),
        "estimator must be one of sampled_softmax, naive_importance, log_q, uncorrected, nce, negative_sampling, "
        "got 'softmax'; see ssm.losses for what each promises",
    ),
    "a target that the noise cannot draw": (
        lambda: exact.moments(X, 0, Q.without(0), 1, estimator="nce"),
        "noise must give every target a probability above 0 in this loss, got 0 in example 0; "
        "take noise with every class, or the sampled softmax",
    ),
    "noise of one class without it": (
        lambda: noise.uniform(1).without(0),
        "noise must be able to draw more than class 0, got no other; add a class",
    ),
    "noise of other classes": (
        lambda: losses.sampled_softmax(ROWS, LABELS, SAMPLES, noise.uniform(4)),
        "noise must have as many classes as scores, got 4 and 3; build it with 3 classes",
    ),
    "noise of other classes for moments": (
        lambda: exact.moments(X, 0, noise.uniform(2), 1),
        "noise must have as many classes as scores, got 2 and 3; build it with 3 classes",
    ),
    "noise of other classes for a run": (
        lambda: convergence.running_mean(X, 0, noise.uniform(2), 1, 1),
        "noise must have as many classes as scores, got 2 and 3; build it with 3 classes",
    ),
    "noise elsewhere": (
        lambda: losses.sampled_softmax(ROWS, LABELS, SAMPLES, Q.to(META)),
        "noise must be on the device of scores, got meta and cpu; move it with .to('cpu')",
    ),
    "a target elsewhere": (
        lambda: losses.full_softmax(ROWS, LABELS.to(META)),
        "target must be on the device of scores, got meta and cpu; move it with .to('cpu')",
    ),
    "whole scores": (
        lambda: losses.full_softmax(ROWS.long(), LABELS),
        "scores must be floating point, got torch.int64; convert with .double()",
    ),
    "a score without classes": (
        lambda: losses.full_softmax(torch.tensor(1.0), torch.tensor(0)),
        "scores must be one number per class, got the shape (); add the classes",
    ),
    "scores of no class": (
        lambda: losses.full_softmax(ROWS[:, :0], LABELS),
        "scores must be one number per class, got the shape (2, 0); add the classes",
    ),
    "too few targets": (
        lambda: losses.full_softmax(ROWS, LABELS[:1]),
        "target must be one class per row of scores, got the shapes (1,) and (2, 3); reshape one of them",
    ),
    "a target that is no whole number": (
        lambda: losses.full_softmax(ROWS, LABELS.double()),
        "target must be of dtype torch.int64, got torch.float64; convert with .long()",
    ),
    "samples of other rows": (
        lambda: losses.sampled_softmax(ROWS, LABELS, SAMPLES.expand(3, 2), Q),
        "samples must be k classes per row of scores, or k in all, got the shapes (3, 2) and (2, 3); "
        "reshape one of them",
    ),
    "no samples at all": (
        lambda: losses.sampled_softmax(ROWS, LABELS, SAMPLES[:0], Q),
        "samples must be k classes per row of scores, or k in all, got the shapes (0,) and (2, 3); reshape one of them",
    ),
    "a sample without a list": (
        lambda: losses.sampled_softmax(X, LABELS[0], SAMPLES[0], Q),
        "samples must be k classes per row of scores, or k in all, got the shapes () and (3,); reshape one of them",
    ),
}
LABELLED = {
    "a label too large": (
        lambda: losses.full_softmax(ROWS, LABELS + 2),
        "target must be classes from 0 to 2, got 3; count classes from 0",
    ),
    "a negative sample": (
        lambda: losses.sampled_softmax(ROWS, LABELS, SAMPLES - 2, Q),
        "samples must be classes from 0 to 2, got -1; count classes from 0",
    ),
    "a target too large": (
        lambda: exact.moments(X, 3, Q, 1),
        "target must be a class from 0 to 2, got 3; count classes from 0",
    ),
    "a negative target": (
        lambda: convergence.running_mean(X, -1, Q, 1, 1),
        "target must be a class from 0 to 2, got -1; count classes from 0",
    ),
    "a target by name": (
        lambda: Q.without(any_type("horse")),
        "target must be a class from 0 to 2, got 'horse'; count classes from 0",
    ),
}


def any_type(value: Any) -> Any:
    """Return the value, which is of a type that the argument is not declared to have."""
    return value


def cases(*tables):
    return [pytest.param(*case, id=name) for table in tables for name, case in table.items()]


@pytest.mark.parametrize(("call", "sentence"), cases(COUNTS, NUMBERS, FITS))
def test_a_wrong_value_gets_a_sentence(call, sentence):
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        call()


@pytest.mark.parametrize(("call", "sentence"), cases(LABELLED))
def test_a_class_that_is_not_there_gets_a_sentence(call, sentence):
    with pytest.raises(IndexError, match=f"^{re.escape(sentence)}$"):
        call()
