"""Two towers: the loss against its oracle, with items of the batch, of queues and of other sources."""

import itertools
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ssm import losses
from tests import oracles
from tests.sentences import refuses


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@given(st.integers(1, 6), st.integers(0, 1000))
def test_in_batch_is_that_of_the_oracle(batch, seed):
    g = seeded(seed)
    scores = 5 * torch.randn(batch, batch, generator=g, dtype=torch.float64)
    ids = torch.randint(4, (batch,), generator=g)
    log_q = torch.rand(batch, generator=g, dtype=torch.float64).log()
    for logs, places in ((log_q, ids), (None, ids), (log_q, None), (None, None)):
        told = (
            [0.0] * batch if logs is None else logs.tolist(),
            list(range(batch)) if places is None else places.tolist(),
        )
        expected = [oracles.in_batch_loss(scores[i].tolist(), i, *told) for i in range(batch)]
        assert losses.in_batch(scores, logs, places).tolist() == pytest.approx(expected, abs=1e-12)


@given(batch=st.integers(1, 5), items=st.integers(1, 9), few=st.integers(0, 3), seed=st.integers(0, 1000))
def test_any_items_in_any_places(batch, items, few, seed):
    """As many items as you like, each query's own anywhere, and others that are right."""
    g = seeded(seed)
    scores = 5 * torch.randn(batch, items, generator=g, dtype=torch.float64)
    ids, target = torch.randint(5, (items,), generator=g), torch.randint(items, (batch,), generator=g)
    log_q = torch.rand(items, generator=g, dtype=torch.float64).log()
    positives = torch.randint(-1, 5, (batch, few), generator=g)
    found = losses.in_batch(scores, log_q, ids, target=target, positives=positives)
    for i, loss in enumerate(found.tolist()):
        where = int(target[i]), log_q.tolist(), ids.tolist(), positives[i].tolist()
        assert loss == pytest.approx(oracles.in_batch_loss(scores[i].tolist(), *where), abs=1e-12)


def test_the_first_places_are_the_queries_own():
    scores, log_q = torch.randn(3, 8, generator=seeded()), torch.rand(8, generator=seeded(1)).log()
    here, told = (losses.in_batch(scores, log_q, target=target) for target in (None, torch.arange(3)))
    assert (here == told).all()
    assert (here != losses.in_batch(scores[:, :3], log_q[:3])).all()


def test_ranks_with_all_items_have_the_loss_of_one_batch():
    scores, ids = torch.randn(6, 6, generator=seeded(), dtype=torch.float64), torch.tensor([3, 1, 4, 1, 5, 9])
    whole = losses.in_batch(scores, ids=ids)
    parts = [losses.in_batch(scores[r : r + 2], ids=ids, target=torch.arange(r, r + 2)) for r in (0, 2, 4)]
    assert (whole - torch.cat(parts)).abs().max() == 0


def expected_gradient(x, p, r, counts, *, mixture):
    """The mean gradient over every batch of the data and every draw of negatives, by enumeration.

    Of one query whose items have probabilities p and scores x: what it learns is where this is 0.
    """
    rows, n = counts, len(p)
    share = rows[0] / sum(rows)
    q = [share * a + (1 - share) * b if mixture else a for a, b in zip(p, r, strict=True)]
    total = torch.zeros(n, dtype=torch.float64)
    leaf = x.clone().requires_grad_()
    for drawn in itertools.product(range(n), repeat=sum(rows)):
        chance = math.prod(p[c] for c in drawn[: rows[0]]) * math.prod(r[c] for c in drawn[rows[0] :])
        ids = torch.tensor(drawn)
        log_q = torch.tensor(q, dtype=torch.float64).log()[ids]
        loss = losses.in_batch(leaf[ids][None], log_q, ids)
        total += chance * torch.autograd.grad(loss.sum(), leaf)[0]
    return total


def test_items_of_two_sources_want_the_rate_of_both():
    """At the true distribution a batch with uniform negatives pushes less if log q is of the mixture."""
    p, r = [0.6, 0.3, 0.1], [1 / 3] * 3
    at_truth = torch.tensor(p, dtype=torch.float64).log()
    with_both, with_data = (expected_gradient(at_truth, p, r, (3, 4), mixture=both) for both in (True, False))
    assert with_both.norm() < 0.5 * with_data.norm()


def test_in_batch_passes_gradcheck():
    scores = torch.randn(4, 6, generator=seeded(7), dtype=torch.float64, requires_grad=True)
    ids, positives = torch.tensor([1, 2, 1, 3, 2, 5]), torch.tensor([[5], [0], [3], [-1]])
    assert torch.autograd.gradcheck(lambda x: losses.in_batch(x, ids=ids, positives=positives), (scores,))


def test_a_batch_of_one_item_has_no_loss():
    assert losses.in_batch(torch.randn(2, 2), ids=torch.tensor([3, 3])).tolist() == [0, 0]
    assert losses.in_batch(torch.randn(2, 2), positives=torch.tensor([[1], [0]])).tolist() == [0, 0]


# Refusals


def test_a_score_of_each_query_with_each_item():
    with refuses("scores must be of shape [batch, items], got the shape (3,); score every query with every item"):
        losses.in_batch(torch.zeros(3))
    with refuses(
        "scores must be of as many items as queries, or more, got the shape (3, 2); score every query with every "
        "item, or pass the target of each"
    ):
        losses.in_batch(torch.zeros(3, 2))
    with refuses("ids must be one for each item, got the shapes (3,) and (2, 2); reshape one of them"):
        losses.in_batch(torch.zeros(2, 2), ids=torch.tensor([1, 2, 3]))
    with refuses("log_probs must be one for each item, got the shapes (2,) and (2, 3); reshape one of them"):
        losses.in_batch(torch.zeros(2, 3), torch.zeros(2))


def test_a_target_for_each_query_and_a_place_for_each_target():
    with refuses("target must be one class per row of scores, got the shapes (3,) and (2, 3); reshape one of them"):
        losses.in_batch(torch.zeros(2, 3), target=torch.tensor([0, 1, 2]))
    with pytest.raises(IndexError, match=r"^target must be classes from 0 to 2, got 3; count classes from 0$"):
        losses.in_batch(torch.zeros(2, 3), target=torch.tensor([0, 3]))
    with refuses("positives must be some items per query, got the shapes (3, 1) and (2, 3); reshape one of them"):
        losses.in_batch(torch.zeros(2, 3), positives=torch.zeros(3, 1, dtype=torch.int64))
