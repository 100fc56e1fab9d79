"""The training of the Train page: the same seed gives the same curve, and the losses come in the right order."""

import itertools
import math

import pytest
import torch

from ssm.explorer import problems
from ssm.explorer.experiment import WAYS, training
from ssm.explorer.experiment.training import BATCH, CONTEXT, Training
from ssm.explorer.figures.templates import render
from ssm.explorer.figures.training_series import training_numbers
from ssm.explorer.pages import TRAIN
from ssm.explorer.settings import FIELDS, Settings
from tests.trained import TRAINING

TICK = 0.05  # seconds that a look at the clock takes here
QUICK = ("sampled_unigram", "sampled_uniform", "uncorrected")


def ticking(tick=TICK):
    """A clock that only goes when it is looked at."""
    times = itertools.count()
    return lambda: tick * next(times)


def trained(steps, *, losses=QUICK, seed=1, clock=None):
    """A training in which every loss has had so many steps or more."""
    found = Training(Settings(losses=losses, seed=seed), clock or ticking())
    while min(found.found()["steps"].values()) < steps:
        found.advance()
    return found


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Small steps are slower on two threads of a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def short():
    """The quick losses, sixty steps in."""
    return trained(60)


def test_the_book_is_the_text_that_the_counts_are_of():
    words, counts = problems.text(), problems.white().counts
    assert counts is not None
    assert torch.bincount(words, minlength=17_091).tolist() == counts.tolist()
    names = problems.white().names
    assert [names[c] for c in words[-7:].tolist()] == [
        "her",
        "missing",
        "children",
        "only",
        "found",
        "another",
        "orphan",
    ]


def test_every_loss_of_the_settings_can_be_trained():
    assert tuple(WAYS) == tuple(FIELDS["losses"].span()["known"])


def test_the_same_seed_gives_the_same_curve_whatever_the_clock_says(short):
    """Where a slice ends is the machine's; what a step does is not."""
    slow = trained(60, clock=ticking(0.08))
    for arm, curve in short.found()["arms"].items():
        again = slow.found()["arms"][arm]
        for name in ("steps", "perplexity", "corrected", "loss", "bias"):
            count = min(len(curve[name]), len(again[name]))
            assert count >= 5
            assert curve[name][:count] == again[name][:count]


def test_another_seed_gives_another_curve(short):
    other = trained(10, seed=2)
    for arm, curve in other.found()["arms"].items():
        assert curve["perplexity"][0] != short.found()["arms"][arm]["perplexity"][0]


def test_all_losses_see_the_same_batches():
    found = trained(3)
    states = [learner.batches.get_state() for learner in found._learners.values()]
    steps = set(found.found()["steps"].values())
    assert len(steps) == 1
    assert all((state == states[0]).all() for state in states)


def test_time_is_dealt_equally():
    found = trained(20)
    spent = found.found()["spent"].values()
    assert max(spent) - min(spent) <= training._SLICE + 3 * TICK


def test_the_losses_come_in_the_order_of_what_they_learn(short):
    """Uniform noise gets worse; what lacks its correction learns p / q, which its own softmax is far from."""
    arms, frequencies = short.found()["arms"], short.found()["frequencies"]
    unigram, uniform, uncorrected = (arms[name]["perplexity"][-1] for name in QUICK)
    assert unigram < uniform < uncorrected
    assert unigram < 1.1 * frequencies
    assert uniform > arms["sampled_uniform"]["perplexity"][0]
    assert arms["uncorrected"]["corrected"][-1] < 1.1 * frequencies


def test_a_bias_is_that_of_its_noise(short):
    unigram, uniform, uncorrected = ([x for x in short.found()["arms"][name]["bias"] if x] for name in QUICK)
    assert max(unigram) < 0.05 < min(uncorrected)
    assert max(unigram) < min(uniform)


@pytest.mark.slow
def test_the_full_softmax_learns_and_has_no_bias():
    full = trained(60, losses=("full",)).found()["arms"]["full"]
    assert full["perplexity"][-1] < 0.99 * full["perplexity"][0]
    assert set(full["bias"]) == {None}


def test_the_perplexity_is_that_of_a_softmax_over_all_words(short):
    """Held against a matrix of all scores in float64, with nothing of the library in it."""
    words, places = problems.text(), short._held_out
    for learner in short._learners.values():
        learner.step()
        learner.mark(places)
        table, joint = learner.body.words.weight.double(), learner.body.joint
        joined = torch.cat([table[words[places + i]] for i in range(CONTEXT)], 1)
        h = torch.tanh(joined @ joint.weight.double().T + joint.bias.double())
        scores = h @ learner.layer.weight.double().T + learner.layer.bias.double()
        target = words[places + CONTEXT]
        losses = [math.log(torch.exp(row).sum().item()) - row[t].item() for row, t in zip(scores, target, strict=True)]
        assert learner.curve.perplexity[-1] == pytest.approx(math.exp(math.fsum(losses) / len(losses)), rel=1e-4)


def test_no_word_of_the_held_out_text_is_trained_on(short):
    last_trained = training._book().trained - 1 + CONTEXT
    assert short._held_out.min().item() > last_trained
    assert len(short._held_out.unique()) == 256
    assert BATCH == 128


def test_the_models_answer_what_is_typed(short):
    told = short.answer("It was the White, ")
    assert told["context"] == ["the", "white"]
    for top in told["tops"].values():
        shares = [p for _, p in top]
        assert len(top) == 5
        assert shares == sorted(shares, reverse=True)
        assert 0 < sum(shares) < 1


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("the qzxv", "The book has no word “qzxv”; try another."),
        ("the", "The models look at 2 words; type as many."),
        ("", "The models look at 2 words; type as many."),
    ],
)
def test_what_cannot_be_answered_gets_a_sentence(short, text, sentence):
    assert short.answer(text)["error"] == sentence


def test_it_is_finished_when_every_loss_has_had_its_time(monkeypatch):
    monkeypatch.setattr(training, "SECONDS_EACH", 0.4)
    found = Training(Settings(losses=("sampled_unigram", "nce")), ticking())
    while not found.finished:
        found.advance()
    assert all(spent >= 0.4 for spent in found.found()["spent"].values())
    assert all(curve["steps"][-1] == found.found()["steps"][arm] for arm, curve in found.found()["arms"].items())


def test_what_is_found_says_what_it_was_trained_with(short):
    assert (short.found()["negatives"], short.found()["seed"]) == (Settings().negatives, 1)
    assert set(short.found()["arms"]) == set(QUICK)


def test_the_sentence_says_who_leads_and_why_the_others_do_not():
    arms = {name: TRAINING["arms"][name] for name in ("full", "sampled_uniform", "uncorrected")}
    known = training_numbers({"training": TRAINING | {"arms": arms}})
    said = render(TRAIN.sentence, known | {"negatives": 512})  # which is chosen, and not what was trained with
    assert said == (
        "Of 3 losses the full softmax leads on held-out text: perplexity 1,200, where the words' frequencies alone "
        "have 1,351. The full softmax has no bias and the dearest steps: 17 in its time. Uniform noise hardly ever "
        "draws a frequent word, and then with a weight of thousands: its loss falls while the model gets worse. "
        "Without a correction a model learns scores that are log(p / q): as they stand their softmax has 1,700, "
        "with log q added 1,100. The sampled losses are over 64 words instead of all, so each is on a scale of its "
        "own: only the full one compares."
    )


def test_one_loss_alone_leads_nobody():
    arms = {"nce": TRAINING["arms"]["nce"]}
    said = render(TRAIN.sentence, training_numbers({"training": TRAINING | {"arms": arms}}))
    assert said.startswith(
        "NCE, unigram noise: perplexity 1,800 on held-out text, where the words' frequencies alone have 1,351. The "
    )


def test_before_a_training_the_sentence_says_what_it_will_be():
    assert render(TRAIN.sentence, training_numbers({})).startswith("Start it: each loss has 12 seconds of one core")
    assert training.SECONDS_EACH == 12
