"""Two towers: queries against the items at hand, their own and those of others."""

import torch
from torch import Tensor

from ssm import checks, estimators, multilabel
from ssm.estimators import Candidates


def in_batch(
    scores: Tensor,
    log_probs: Tensor | None = None,
    ids: Tensor | None = None,
    *,
    target: Tensor | None = None,
    positives: Tensor | None = None,
) -> Tensor:
    """Two towers: the items of a batch's other examples, and any more, are the negatives of each.

    ``loss_i = -y_it + log(sum over j of exp(y_ij))``, ``y_ij = x_ij - log q_j``, t the place of i's own item

    without those j != t that are the same item as t. It is `log_q` with samples that come free, at
    the rate at which the data has them; without log_probs it is `uncorrected`, and learns ``p / q``.

    There may be more items than queries: a queue of earlier batches, a memory bank, those gathered from
    other ranks (whose queries then have ``target = rank * batch + arange(batch)``), or negatives drawn
    apart. Of those that come from several sources q_j is how often item j is expected in all places, over
    the number of places: with B items of the data, of frequencies p, and M drawn from noise r,
    ``(B p_j + M r_j) / (B + M)``, whichever source brought it.

    Args:
        scores: x_ij of query i and item j [batch, items].
        log_probs: log q_j, how likely a place is to have item j; of targets and negatives alike [items].
        ids: the item in each place, to know the same one again; int64 [items].
        target: the place of each query's own item, int64 [batch]; None for the first places in turn.
        positives: by their ids (places, without ids) other items that are right for a query and are not
            its negatives, int64 [batch, m]; fill short rows with what is no item.

    Returns:
        The loss of each example in nats [batch]; 0 with no other item.

    Raises:
        ValueError: shapes, dtypes or devices do not fit.
        IndexError: a target is not a place.

    >>> scores = torch.tensor([[2.0, 1.0, 2.0], [0.0, 3.0, 0.0], [2.0, 0.0, 2.0]])
    >>> [round(loss, 4) for loss in in_batch(scores, ids=torch.tensor([7, 5, 7])).tolist()]
    [0.3133, 0.0949, 0.1269]
    >>> queue = torch.zeros(3, 50)
    >>> in_batch(torch.cat([scores, queue], 1), target=torch.arange(3)).shape
    torch.Size([3])

    Yi et al. 2019, "Sampling-bias-corrected neural modeling for large corpus item recommendations";
    Wang et al. 2021, "Cross-batch negative sampling"; Yang et al. 2020, "Mixed negative sampling".
    """
    target = _places_of_targets(scores, target)
    places = torch.arange(scores.shape[1], device=scores.device) if ids is None else ids
    logs = torch.zeros_like(places, dtype=torch.float64) if log_probs is None else log_probs.double()
    for name, each in (("ids", places), ("log_probs", logs)):
        checks.same_device(name, each.device, scores.device)
        if each.shape != scores.shape[1:]:
            checks.refuse_shapes(name, "one for each item", each, scores)
    own = places[target]  # [batch]
    hits = own[:, None] == places  # [batch, items]
    if positives is not None:
        hits = hits | _others(places, positives, scores)
    return estimators.log_q(Candidates(scores.gather(1, target[:, None])[:, 0], scores, logs[target], logs, hits))


def _places_of_targets(scores: Tensor, target: Tensor | None) -> Tensor:
    checks.score_rows(scores)
    if scores.ndim != 2:
        checks.refuse("scores", "of shape [batch, items]", checks.shape(scores), "score every query with every item")
    if target is not None:
        checks.labels(target, scores)
        return target
    if scores.shape[0] > scores.shape[1]:
        way_out = "score every query with every item, or pass the target of each"
        checks.refuse("scores", "of as many items as queries, or more", checks.shape(scores), way_out)
    return torch.arange(len(scores), device=scores.device)


def _others(places: Tensor, ids: Tensor, scores: Tensor) -> Tensor:
    checks.same_device("positives", ids.device, scores.device)
    if ids.ndim != 2 or len(ids) != len(scores):
        checks.refuse_shapes("positives", "some items per query", ids, scores)
    return multilabel.among(places, ids)
