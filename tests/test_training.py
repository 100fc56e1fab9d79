"""The library at work: a model of which word follows which, on the first chapters of Moby-Dick.

The text is in the public domain; see README, "As a library", for the same in ten lines.
"""

import collections
import math
import re
from pathlib import Path

import pytest
import torch
from torch import nn

from ssm import noise
from ssm.head import SampledSoftmax

README = Path(__file__).parents[1] / "README.md"
TEXT = Path(__file__).parent / "data/moby-dick-1-9.txt"
DIM, SAMPLES, BATCH = 16, 64, 256


@pytest.fixture(scope="module")
def words():
    """The text as word numbers, the most frequent first, and the count of each word."""
    found = re.findall(r"[a-z]+", TEXT.read_text("utf-8").lower())
    counts = collections.Counter(found).most_common()
    number = {word: c for c, (word, _) in enumerate(counts)}
    return torch.tensor([number[word] for word in found]), torch.tensor([float(count) for _, count in counts])


@pytest.fixture
def one_thread():
    """Small steps are slower on two threads of a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def unigram_perplexity(counts):
    p = (counts / counts.sum()).double()
    return math.exp(-(p @ p.log()).item())


def perplexity(body, layer, text):
    """Return that of the full softmax: whatever was trained with, this is what counts."""
    with torch.no_grad():
        return math.exp(layer.eval()(body(text[:-1]), text[1:]).double().mean().item())


def scale(q, estimator):
    """Return what is missing from the scores of an estimator to be log-probabilities."""
    k = {"uncorrected": 1, "negative_sampling": SAMPLES}.get(estimator)
    return torch.zeros(q.classes) if k is None else (math.log(k) + q.log_probs).float()


def train(text, counts, *, estimator, epochs=2, q=None):
    """Return a body and a layer after some epochs, the same for the same arguments."""
    g = torch.Generator().manual_seed(0)
    body = nn.Embedding(len(counts), DIM, sparse=True)
    layer = SampledSoftmax(DIM, len(counts), samples=SAMPLES, noise=q or noise.unigram(counts), estimator=estimator)
    with torch.no_grad():
        body.weight.normal_(0, 0.5, generator=g)
        layer.weight.normal_(0, 0.1, generator=g)
        layer.get_parameter("bias").copy_((counts / counts.sum()).log() - scale(layer.noise, estimator))
    optimiser = torch.optim.SparseAdam([*body.parameters(), *layer.parameters()], lr=0.01)
    for _ in range(epochs):
        for here in torch.randperm(len(text) - 1, generator=g).split(BATCH):
            optimiser.zero_grad()
            layer(body(text[here]), text[here + 1], generator=g).mean().backward()
            optimiser.step()
    return body, layer


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("estimator", ["sampled_softmax", "log_q", "nce", "uncorrected", "negative_sampling"])
def test_a_model_of_words_learns_more_than_their_frequencies(words, estimator):
    text, counts = words
    body, layer = train(text, counts, estimator=estimator)
    assert perplexity(body, layer, text) < 0.9 * unigram_perplexity(counts)


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
def test_uniform_noise_wants_log_q(words):
    """As README and the layer say: by default a word's loss leaps when it is drawn at last."""
    text, counts = words
    q, frequencies = noise.uniform(len(counts)), unigram_perplexity(counts)
    found = []
    for estimator in ("sampled_softmax", "log_q"):
        body, layer = train(text, counts, estimator=estimator, q=q)
        found.append(perplexity(body, layer, text))
    assert q.effective_samples(counts, SAMPLES) < 2
    assert noise.unigram(counts).effective_samples(counts, SAMPLES) > 10
    default, log_q = found
    assert default > 0.95 * frequencies
    assert log_q < 0.85 * frequencies


@pytest.mark.usefixtures("one_thread")
def test_training_is_the_same_for_the_same_generator(words):
    text, counts = words
    few = text[:2000]
    first, again = (train(few, counts, estimator="sampled_softmax", epochs=1) for _ in range(2))
    assert (first[1].weight == again[1].weight).all()


def test_the_evaluation_is_that_of_the_frequencies_before_any_training(words):
    text, counts = words
    body, layer = train(text, counts, estimator="sampled_softmax", epochs=0)
    with torch.no_grad():
        layer.weight.zero_()
    assert perplexity(body, layer, text) == pytest.approx(unigram_perplexity(counts), rel=1e-2)


def blocks():
    """Return the Python of the README's section about the library."""
    section = README.read_text("utf-8").partition("## As a library\n")[2].partition("\n## ")[0]
    return re.findall(r"```python\n(.*?)```", section, re.DOTALL)


def test_what_the_readme_shows_runs(words):
    text, counts = words
    assert len(blocks()) >= 2
    known = {"text": text[:500], "counts": counts, "torch": torch, "nn": nn}
    for block in blocks():  # one after another, as they are read
        exec(block, known)
