"""A layer's noise: renewed in training, saved with the layer, and a warning where it is worth too little."""

import copy
import io
import pickle
import warnings

import pytest
import torch
from torch import nn

from ssm import noise
from ssm.head import SampledSoftmax
from ssm.streaming import Frequencies
from tests import oracles
from tests.sentences import refuses

COUNTS = [50.0, 20.0, 10.0, 5.0, 2.0, 1.0]
UNIFORM, UNIGRAM = noise.uniform(6), noise.unigram(COUNTS)
H, TARGET = torch.randn(5, 4, generator=torch.Generator().manual_seed(0)), torch.tensor([0, 3, 5, 0, 1])


def layer(q=UNIFORM, **options):
    made = SampledSoftmax(4, 6, **({"samples": 3, "noise": q} | options))
    with torch.no_grad():
        for each in made.parameters():
            each.normal_(generator=torch.Generator().manual_seed(1))
    return made


def loss(made):
    return made(H, TARGET, generator=torch.Generator().manual_seed(2)).tolist()


@pytest.mark.parametrize("options", [{}, {"hits": "excluded"}, {"replacement": False}])
def test_a_renewed_layer_is_one_of_that_noise(options):
    made = layer(**options)
    first = loss(made)
    made.renew_noise(UNIGRAM)
    assert loss(made) == loss(layer(UNIGRAM, **options)) != first
    made.renew_noise(UNIFORM)
    assert loss(made) == first


def test_its_tables_are_made_at_once():
    made = layer()
    made.renew_noise(noise.custom(COUNTS))
    assert "_alias" in vars(made.noise)


@pytest.mark.parametrize("inside", [False, True])
def test_a_renewed_layer_is_saved_with_its_noise(inside):
    made, again = layer(), layer()
    made.renew_noise(UNIGRAM)
    whole, other = (nn.ModuleDict({"head": each}) if inside else each for each in (made, again))
    file = io.BytesIO()
    torch.save(whole.state_dict(), file)
    file.seek(0)
    other.load_state_dict(torch.load(file, weights_only=True))
    assert again.noise.log_probs.tolist() == UNIGRAM.log_probs.tolist()
    assert loss(again) == loss(made)
    assert set(other.state_dict()) == set(whole.state_dict())


def test_a_state_in_half_precision_has_noise_all_the_same():
    q = noise.log_uniform(1_000_000)
    made, again = (SampledSoftmax(1, 1_000_000, samples=3, noise=q, bias=False) for _ in range(2))
    made.renew_noise(q)
    again.load_state_dict({name: each.half() for name, each in made.state_dict().items()})
    assert again.noise.log_probs.dtype == torch.float64
    assert abs(again.noise.probs.sum().item() - 1) < 1e-12
    assert (again.noise.log_probs - q.log_probs).abs().max() < 0.02
    drawn = again.noise.draw((20_000,), generator=torch.Generator().manual_seed(0))
    assert (drawn < 10).double().mean().item() == pytest.approx(q.probs[:10].sum().item(), abs=0.02)


@pytest.mark.parametrize("q", [UNIFORM, UNIGRAM])
def test_what_is_written_into_a_state_is_not_written_into_the_noise(q):
    """As torch.distributed.checkpoint does when it reads; and others may have the same noise."""
    made, before = layer(), q.log_probs.tolist()
    made.renew_noise(q)
    made.state_dict()["noise"][0] = 0.0
    assert q.log_probs.tolist() == made.noise.log_probs.tolist() == before


def test_a_state_without_noise_leaves_it_as_it_is():
    made = layer()
    assert set(made.state_dict()) == {"weight", "bias"}
    made.renew_noise(UNIGRAM)
    made.load_state_dict(nn.Linear(4, 6).state_dict())
    assert made.noise.log_probs.tolist() == UNIGRAM.log_probs.tolist()
    assert made.tries is None


def test_what_is_loaded_has_its_own_tries():
    made, again = layer(replacement=False), layer(replacement=False)
    made.renew_noise(UNIGRAM)
    again.load_state_dict(made.state_dict())
    assert again.tries == UNIGRAM.tries(3) != UNIFORM.tries(3)


def test_a_renewed_layer_can_be_copied_pickled_and_moved():
    made = layer()
    made.renew_noise(UNIGRAM)
    for again in (copy.deepcopy(made), pickle.loads(pickle.dumps(made)), made.to("cpu")):
        assert again.renewed
        assert loss(again) == loss(made)


@pytest.mark.slow
def test_a_compiled_step_draws_from_renewed_noise():
    made = layer(noise.custom([1.0] * 6), samples=200)
    torch.compiler.reset()
    compiled = torch.compile(made, backend="aot_eager", dynamic=False, fullgraph=True)
    compiled(H, TARGET)
    made.renew_noise(noise.custom([1e9, 1.0, 1.0, 1.0, 1.0, 1.0]))
    compiled(H, TARGET).sum().backward()
    assert made.weight.grad.coalesce().indices()[0].tolist() == sorted(set(TARGET.tolist()))


def test_frequencies_of_a_stream_become_noise():
    """What streams by becomes what is drawn, within 5 standard errors of the estimate."""
    made, seen = layer(), Frequencies(6, 0.01)
    p = torch.tensor(COUNTS) / sum(COUNTS)
    g = torch.Generator().manual_seed(3)
    for _ in range(200):
        seen(torch.multinomial(p, 100, replacement=True, generator=g))
    made.renew_noise(seen.noise(power=1))
    assert made.noise.probs.tolist() == pytest.approx(p.tolist(), rel=5 * (0.01 / 2) ** 0.5)


def test_noise_that_does_not_fit():
    made = layer(samples=5, replacement=False)
    with refuses("noise must be a Noise, got 'uniform'; build one, such as ssm.noise.log_uniform(6)"):
        made.renew_noise("uniform")
    with refuses("noise must have as many classes as scores, got 5 and 6; build it with 6 classes"):
        made.renew_noise(noise.uniform(5))
    with refuses(
        "k must be a whole number from 1 to 2, got 5; the noise can draw 2 classes, so ask for no more or draw "
        "with replacement"
    ):
        made.renew_noise(noise.unigram([1, 1, 0, 0, 0, 0]))
    assert made.noise is UNIFORM
    assert not made.renewed


# How much samples are worth


@pytest.mark.parametrize("q", [UNIFORM, UNIGRAM, noise.unigram(COUNTS, power=1)])
def test_samples_are_worth_what_the_oracle_says(q):
    assert q.effective_samples(COUNTS, 7) == pytest.approx(oracles.worth(COUNTS, q.probs.tolist(), 7), rel=1e-12)
    assert q.effective_samples(COUNTS, 7) < 7.000001


def test_a_class_that_is_never_drawn_makes_them_worthless():
    assert noise.unigram([1, 1, 0]).effective_samples([1, 1, 1], 5) == 0
    assert noise.unigram([1, 1, 0]).effective_samples([1, 1, 0], 5) == pytest.approx(5)


HEAVY = [100_000.0] + [1.0] * 999
SENTENCE = (
    "samples=64 of this noise are worth 0.065 samples of the class frequencies, and below 2 the loss "
    "'sampled_softmax' leaps and learns badly; take samples=9804 or more, a power nearer to 1, or estimator='log_q'"
)


def test_a_layer_warns_where_they_are_worth_next_to_nothing():
    q = noise.unigram(HEAVY, power=0)
    with pytest.warns(UserWarning, match="worth") as caught:
        SampledSoftmax(4, 1000, samples=64, noise=q)
    assert [str(each.message) for each in caught] == [SENTENCE]
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    "options",
    [
        {"samples": 9804},
        {"samples": 1, "noise": noise.unigram(HEAVY, power=0.9)},  # few, but not worth little
        {"estimator": "log_q"},
        {"noise": noise.unigram(HEAVY, power=0.5)},
        {"noise": noise.uniform(1000)},
    ],
)
def test_the_way_out_is_one(options):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        SampledSoftmax(4, 1000, **({"samples": 64, "noise": noise.unigram(HEAVY, power=0)} | options))
