"""The losses from embeddings and a projection: only the rows of target and samples are touched.

Samples that equal the target are treated as in `ssm.losses`: rejected, but for the losses that judge
each sample by itself.

A dense gradient of the projection costs ``classes x dim`` to fill with zeros, whatever the number
of samples. Row-sparse gradients cost the same at any number of classes; they need an optimiser that
leaves the other rows alone too, such as `torch.optim.SparseAdam` or `SGD`.
"""

import math
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from ssm import checks, estimators, evaluation
from ssm.estimators import Candidates
from ssm.noise import Noise

_IGNORED = -100  # as in torch's cross_entropy


def candidates(  # noqa: PLR0913 - a layer, a draw, and how each is meant
    embeddings: Tensor,
    projection: Tensor,
    target: Tensor,
    samples: Tensor,
    noise: Noise | None,
    *,
    bias: Tensor | None = None,
    temperature: float = 1.0,
    hits: checks.Masking = "rejected",
    tries: int | None = None,
    sparse: bool = True,
) -> Candidates:
    """The scores that a loss of `ssm.estimators` needs, ``x_c = (h . w_c + b_c) / temperature``.

    Pass what comes out to any of them: ``estimators.nce(candidates(...))``. With samples shared by
    the batch their scores are one matrix product, so sharing and a larger k beat samples of each
    example.

    Args:
        embeddings: h, floating point [..., dim].
        projection: w [classes, dim].
        target: t, int64 [...].
        samples: c, int64 [k] shared by all examples, or [..., k].
        noise: q, what the samples were drawn from; None for losses that correct nothing.
        bias: b [classes].
        temperature: above 0; it goes in before the correction.
        hits: whether samples that equal the target are "rejected" or "kept".
        tries: for samples from `Noise.draw_unique`, the draws it made.
        sparse: whether the gradients of projection and bias are sparse tensors of the rows that
            were used; they must then be leaves.

    Returns:
        Candidates [...], which know their gradient.

    Raises:
        ValueError: shapes, dtypes, devices or numbers of classes do not fit, an embedding is not
            finite, an option is out of its range.
        IndexError: a target or sample is not a class.

    >>> from ssm import noise
    >>> w = torch.zeros(1000, 4, requires_grad=True)
    >>> q = noise.uniform(1000)
    >>> c = q.draw((9,), generator=torch.Generator().manual_seed(0))
    >>> found = candidates(torch.ones(2, 4), w, torch.tensor([5, 7]), c, q)
    >>> estimators.sampled_softmax(found).sum().backward()
    >>> w.grad.is_sparse, w.grad.coalesce().values().shape
    (True, torch.Size([11, 4]))

    Jean et al. 2015; Abadi et al. 2016, "TensorFlow" (its sampled_softmax_loss).
    """
    scores = evaluation.layer_scores(embeddings, projection, bias)
    checks.labels(target, scores)
    checks.sample_rows(samples, scores)
    checks.noise_fits(None if noise is None else noise.log_probs, len(projection), embeddings.device)
    tau = checks.temperature(temperature)
    x_t, x_c = _scores(embeddings, projection, target, samples, sparse=sparse)
    if bias is not None:
        x_t, x_c = x_t + _pick(bias, target, sparse=sparse), x_c + _pick(bias, samples, sparse=sparse)
    if tau != 1:
        x_t, x_c = x_t / tau, x_c / tau
    return estimators.candidates((x_t, x_c), (target, samples), noise, hits=hits, tries=tries)


def _scores(h: Tensor, w: Tensor, target: Tensor, samples: Tensor, *, sparse: bool) -> tuple[Tensor, Tensor]:
    x_t = (h * functional.embedding(target, w, sparse=sparse)).sum(-1)  # [...]
    rows = functional.embedding(samples, w, sparse=sparse)  # [k, dim] or [..., k, dim]
    if samples.ndim == 1:
        return x_t, h @ rows.T  # [..., k]
    return x_t, (rows @ h[..., None]).squeeze(-1)


def _pick(bias: Tensor, classes: Tensor, *, sparse: bool) -> Tensor:
    return torch.gather(bias, 0, classes.flatten(), sparse_grad=sparse).reshape(classes.shape)


@final
class SampledSoftmax(nn.Module):
    """A last layer and its loss: `torch.nn.Linear` and `torch.nn.CrossEntropyLoss` in one line.

    In training, `forward` draws samples and gives their loss, one value per example; after
    ``eval()`` it gives the exact loss of the full softmax, in blocks. Parameters have the names, shapes and
    initial values of `torch.nn.Linear`, so either loads the other's state. Under autocast the losses
    are float32. `torch.compile` takes the layer whole if `sparse` is off; its default backend cannot
    hold sparse gradients, so compile the layers before this one, or take backend="aot_eager".

    Args:
        dim: the width of the embeddings.
        classes: the number of classes.
        samples: k, drawn once for the batch at each step.
        noise: q over the classes; it moves along with the layer.
        estimator: "sampled_softmax", "log_q", "uncorrected", "nce", "negative_sampling" or
            "naive_importance", see `ssm.losses`.
        hits: samples that equal the target are "rejected", "kept", or "excluded" by drawing for each
            example apart; None is what suits the estimator.
        bias: whether classes have one.
        temperature: that scores are divided by, before any correction.
        sparse: whether gradients touch only the rows used, as SparseAdam and SGD want them.
        ignore_index: a target whose example has no loss.

    Raises:
        ValueError: an argument is out of its range.

    >>> from ssm import noise
    >>> layer = SampledSoftmax(8, 50_000, samples=20, noise=noise.log_uniform(50_000))
    >>> h, target = torch.randn(3, 8), torch.tensor([4, 0, -100])
    >>> layer(h, target, generator=torch.Generator().manual_seed(0)).shape
    torch.Size([3])
    >>> layer.eval()(h, target)[2].item()
    0.0

    Jean et al. 2015, "On using very large target vocabulary for neural machine translation".
    """

    def __init__(  # noqa: PLR0913 - the settings of a layer
        self,
        dim: int,
        classes: int,
        *,
        samples: int,
        noise: Noise,
        estimator: str = "sampled_softmax",
        hits: checks.Handling | None = None,
        bias: bool = True,
        temperature: float = 1.0,
        sparse: bool = True,
        ignore_index: int = _IGNORED,
    ) -> None:
        super().__init__()
        self.dim = checks.whole("dim", dim, 1, None, "an embedding needs a width")
        self.classes = checks.classes(classes)
        self.samples = checks.sample_count(samples)
        self.estimator = checks.estimator(estimator, tuple(estimators.ESTIMATORS))
        self.hits = checks.handling(hits, estimator)
        self.temperature = checks.temperature(temperature)
        self.sparse, self.ignore_index = sparse, ignore_index
        checks.noise_classes(noise.classes, self.classes)
        self.noise = noise
        bound = 1 / math.sqrt(self.dim)
        device = noise.log_probs.device
        self.weight = nn.Parameter(torch.empty(self.classes, self.dim, device=device).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(self.classes, device=device).uniform_(-bound, bound)) if bias else None

    def forward(self, embeddings: Tensor, target: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        """The loss of each example: estimated in training, exact after ``eval()``.

        Args:
            embeddings: h, floating point [..., dim].
            target: t, int64 [...].
            generator: the source of the samples.

        Returns:
            In nats [...]; 0 where the target is `ignore_index`.

        Raises:
            ValueError: shapes, dtypes or devices do not fit, an embedding is not finite.
            IndexError: a target is not a class.
        """
        ignored = target == self.ignore_index
        target, embeddings = target.masked_fill(ignored, 0), embeddings.masked_fill(ignored[..., None], 0.0)
        loss = self._sampled(embeddings, target, generator) if self.training else self._exact(embeddings, target)
        return loss.masked_fill(ignored, 0.0)

    def scores(self, embeddings: Tensor) -> Tensor:
        """The score of every class.

        Args:
            embeddings: h [..., dim].

        Returns:
            ``x_c = (h . w_c + b_c) / temperature`` [..., classes].
        """
        return functional.linear(embeddings, self.weight, self.bias) / self.temperature

    def log_probs(self, embeddings: Tensor) -> Tensor:
        """The log-probability of every class under the full softmax.

        Args:
            embeddings: h [..., dim].

        Returns:
            log p_c [..., classes].
        """
        return self.scores(embeddings).log_softmax(-1)

    def predict(self, embeddings: Tensor, top: int = 1) -> Tensor:
        """The classes of the highest scores, in blocks of classes.

        Args:
            embeddings: h [..., dim].
            top: how many.

        Returns:
            Classes, the best first, int64 [..., top].

        Raises:
            ValueError: there are not as many classes.
        """
        return evaluation.top(embeddings, self.weight, top, bias=self.bias).classes

    def extra_repr(self) -> str:
        """What ``print`` shows of the layer."""
        return (
            f"{self.dim}, {self.classes}, samples={self.samples}, estimator={self.estimator!r}, hits={self.hits!r}, "
            f"bias={self.bias is not None}, temperature={self.temperature:g}, sparse={self.sparse}"
        )

    def _apply(self, *arguments: object, **options: object) -> "SampledSoftmax":
        super()._apply(*arguments, **options)  # type: ignore[no-untyped-call]
        self.noise = self.noise.to(self.weight.device)
        return self

    def _sampled(self, embeddings: Tensor, target: Tensor, generator: torch.Generator | None) -> Tensor:
        found = candidates(
            embeddings,
            self.weight,
            target,
            self._draw(target, generator),
            self.noise,
            bias=self.bias,
            temperature=self.temperature,
            hits="kept" if self.hits == "kept" else "rejected",
            sparse=self.sparse,
        )
        return estimators.ESTIMATORS[self.estimator](found)

    def _draw(self, target: Tensor, generator: torch.Generator | None) -> Tensor:
        if self.hits == "excluded":
            return self.noise.draw_others(target, self.samples, generator=generator)
        return self.noise.draw((self.samples,), generator=generator)

    def _exact(self, embeddings: Tensor, target: Tensor) -> Tensor:
        return evaluation.full_softmax(embeddings, self.weight, target, bias=self.bias, temperature=self.temperature)
