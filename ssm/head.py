"""The last layer of a model and its loss in one."""

import math
from typing import Any, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from ssm import _layer, checks, estimators, evaluation, multilabel
from ssm.cosine import Temperature
from ssm.cosine import candidates as cosines
from ssm.drawing import Drawing, refuse_other_noise
from ssm.estimators import Candidates
from ssm.noise import Noise
from ssm.projection import candidates, sampled_loss
from ssm.ranks import rank_generator

__all__ = ["SampledSoftmax", "candidates", "rank_generator", "sampled_loss"]


@final
class SampledSoftmax(Drawing):
    """A last layer and its loss: `torch.nn.Linear` and `torch.nn.CrossEntropyLoss` in one line.

    In training, `forward` draws samples and gives their loss, one value per example; after
    ``eval()`` it gives the exact loss of the full softmax, in blocks. Parameters have the names, shapes and
    initial values of `torch.nn.Linear`, so either loads the other's state. The layer is an
    `nn.Embedding` of its classes, since DistributedDataParallel takes sparse gradients from no other
    module. Under autocast the losses are float32.

    Noise decides how well it trains: unigram noise, or log-uniform for classes sorted by frequency,
    with the default estimator; uniform noise only where classes are about equally frequent. A frequent
    class that is hardly ever drawn has a weight of about 1 / (k q_c) when it is: the loss then leaps, and
    the default estimator learns badly. `Noise.effective_samples` tells: on words 2 taught nothing and 10
    were enough. Where unigram noise makes it less than 2 the layer warns; of other noise it cannot know.
    With uniform noise on words take "log_q".

    Args:
        dim: the width of the embeddings.
        classes: the number of classes.
        samples: k, drawn once for the batch at each step.
        noise: q over the classes; it moves along with the layer.
        estimator: "sampled_softmax", "log_q", "uncorrected", "nce", "negative_sampling" or
            "naive_importance", see `ssm.losses`. With "nce" biases start at -log(classes), where its
            probabilities sum to about 1.
        hits: samples that equal the target are "rejected", "kept", or "excluded" by drawing for each
            example apart; None is what suits the estimator.
        replacement: False for samples that are all different.
        bias: whether classes have one.
        cosine: whether embeddings and the rows of weights used are normalised, so that scores are
            ``(cos(h, w_c) + b_c) / temperature``; take a low temperature, such as 0.05.
        temperature: that scores are divided by, before any correction.
        learn_temperature: whether it is a parameter, of a dense gradient, and this its start.
        calibration: t of gBCE, with "negative_sampling" and uniform noise, see
            `ssm.estimators.gbce_power`; 0 for the plain loss.
        sparse: whether gradients touch only the rows used, as SparseAdam and SGD want them.
        ignore_index: a target whose example has no loss and touches no row.
        reduction: "none" for one value per example, "sum", or the "mean" of those that have a loss
            (0 where none has, and not nan); ``layer(...).mean()`` counts the ignored ones too.
        device: of the parameters; that of the noise if None.
        dtype: of the parameters.

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

    bias: nn.Parameter | None

    def __init__(  # noqa: PLR0913 - the settings of a layer
        self,
        dim: int,
        classes: int,
        *,
        samples: int,
        noise: Noise,
        estimator: str = "sampled_softmax",
        hits: checks.Handling | None = None,
        replacement: bool = True,
        bias: bool = True,
        cosine: bool = False,
        temperature: float = 1.0,
        learn_temperature: bool = False,
        calibration: float = 0.0,
        sparse: bool = True,
        ignore_index: int = _layer.IGNORED,
        reduction: checks.Reduction = "none",
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        dim, n = checks.whole("dim", dim, 1, None, "an embedding needs a width"), checks.classes(classes)
        refuse_other_noise(noise, n)
        place = noise.log_probs.device if device is None else torch.device(device)
        # Empty weights, for Embedding would fill them by another law.
        super().__init__(n, dim, sparse=sparse, _weight=torch.empty(n, dim, device=place, dtype=dtype))
        self.bias = nn.Parameter(torch.empty(n, device=place, dtype=dtype)) if bias else None
        self.dim, self.classes = dim, n
        self.samples = checks.sample_count(samples)
        self.estimator = checks.estimator(estimator, tuple(estimators.ESTIMATORS))
        self.hits = checks.handling(hits, estimator)
        self.cosine, tau = cosine, checks.temperature(temperature)
        self.scale = Temperature(tau, device=place, dtype=dtype) if learn_temperature else tau
        self.power = _layer.power(self.estimator, self.samples, n, calibration)
        self.reduction = checks.reduction(reduction)
        self.ignore_index = ignore_index
        self._take(noise, unique=not replacement)
        self._warn_of_few()
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights anew, as `torch.nn.Linear` does."""
        bound = 1 / math.sqrt(self.dim)
        with torch.no_grad():
            self.weight.uniform_(-bound, bound)
            if isinstance(self.scale, Temperature):
                self.scale.reset_parameters()
            if self.bias is not None and self.estimator == "nce":
                self.bias.fill_(-self.temperature * math.log(self.classes))
            elif self.bias is not None:
                self.bias.uniform_(-bound, bound)

    def forward(  # type: ignore[override]  # an Embedding by its weights and their gradients alone
        self,
        embeddings: Tensor,
        target: Tensor,
        *,
        positives: Tensor | None = None,
        loss: checks.Loss | None = None,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """The loss of each example: estimated in training, exact after ``eval()``, or as `loss` says.

        Args:
            embeddings: h, floating point [..., dim].
            target: t, int64 [...].
            positives: other classes that are right, int64 [..., m], short rows filled with -1: no loss
                pushes them down, nor counts them in the sum of the full softmax.
            loss: "sampled" or "exact" in either mode.
            generator: the source of the samples; see `ssm.head.rank_generator` for several processes.

        Returns:
            In nats [...], or reduced to one value; 0 where the target is `ignore_index`.

        Raises:
            ValueError: shapes, dtypes or devices do not fit, an embedding is not finite.
            IndexError: a target or a positive is not a class.
        """
        if target.shape != embeddings.shape[:-1]:
            checks.refuse_shapes("target", "one class per embedding", target, embeddings)
        counted = _layer.counted(target, self.ignore_index)
        if counted is not None:
            embeddings = embeddings.masked_fill(~counted[..., None], 0.0)
        if positives is not None:
            self._refuse_positives(positives, target)
        if checks.loss(loss, training=self.training) == "exact":
            return _layer.reduced(self._exact(embeddings, target, counted, positives), counted, self.reduction)
        samples = self._draw(target, counted, generator)
        if counted is not None:
            target, samples = _layer.without_ignored(target, samples, counted)
        return _layer.reduced(self._sampled(embeddings, target, samples, positives), counted, self.reduction)

    @property
    def temperature(self) -> float | Tensor:
        """What scores are divided by: a number, or one that is learned."""
        return self.scale() if isinstance(self.scale, Temperature) else self.scale

    def scores(self, embeddings: Tensor) -> Tensor:
        """The score of every class.

        Args:
            embeddings: h [..., dim].

        Returns:
            ``x_c = (h . w_c + b_c) / temperature`` [..., classes].
        """
        return functional.linear(self._unit(embeddings), self._unit(self.weight), self.bias) / self.temperature

    def log_probs(self, embeddings: Tensor) -> Tensor:
        """The log-probability of every class under the model.

        The scores of "uncorrected" and "negative_sampling" become log(p / q), up to a constant: log q
        is added to them here, in `predict` and in the loss after ``eval()``.

        Args:
            embeddings: h [..., dim].

        Returns:
            log p_c [..., classes].
        """
        scores = functional.linear(self._unit(embeddings), self._unit(self.weight), self._prior())
        return (scores / self.temperature).log_softmax(-1)

    def predict(self, embeddings: Tensor, top: int = 1) -> Tensor:
        """The most probable classes, in blocks of classes.

        Args:
            embeddings: h [..., dim].
            top: how many.

        Returns:
            Classes, the best first, int64 [..., top].

        Raises:
            ValueError: there are not as many classes.
        """
        return evaluation.top(embeddings, self.weight, top, bias=self._prior(), cosine=self.cosine).classes

    def extra_repr(self) -> str:
        """What ``print`` shows of the layer."""
        tau = f"temperature={self.scale:g}, " if isinstance(self.scale, float) else ""
        return (
            f"{self.dim}, {self.classes}, samples={self.samples}, estimator={self.estimator!r}, hits={self.hits!r}, "
            f"replacement={self.tries is None}, bias={self.bias is not None}, "
            f"{'cosine=True, ' if self.cosine else ''}{tau}sparse={self.sparse}, reduction={self.reduction!r}"
        )

    def _refuse_positives(self, positives: Tensor, target: Tensor) -> None:
        if self.estimator == "naive_importance":
            way_out = "take the sampled softmax"
            checks.refuse("positives", "None for naive_importance", checks.shape(positives), way_out)
        multilabel.check(positives, target, self.classes)

    def _unit(self, rows: Tensor) -> Tensor:
        return functional.normalize(rows, dim=-1) if self.cosine else rows

    def _sampled(self, embeddings: Tensor, target: Tensor, samples: Tensor, positives: Tensor | None) -> Tensor:
        hits: checks.Masking = "kept" if self.hits == "kept" else "rejected"
        how: dict[str, Any] = {"bias": self.bias, "hits": hits, "tries": self.tries, "sparse": self.sparse}
        where = embeddings, self.weight, target, samples, self.noise
        if isinstance(self.scale, float) and not self.cosine and positives is None and self.power == 1:
            return sampled_loss(*where, estimator=self.estimator, temperature=self.scale, **how)
        found = self._candidates(where, how)
        if positives is not None:
            found = multilabel.spare(found, target, samples, positives, self.noise)
        if self.power != 1:
            return estimators.negative_sampling(found, self.power)
        return estimators.ESTIMATORS[self.estimator](found)

    def _candidates(self, where: tuple[Tensor, Tensor, Tensor, Tensor, Noise], how: dict[str, Any]) -> Candidates:
        if self.cosine or isinstance(self.scale, Temperature):
            return cosines(*where, temperature=self.temperature, normalised=self.cosine, **how)
        return candidates(*where, temperature=self.scale, **how)

    def _draw(self, target: Tensor, counted: Tensor | None, generator: torch.Generator | None) -> Tensor:
        if self.hits == "excluded":
            return self.noise.draw_others(_layer.filled(target, counted), self.samples, generator=generator)
        return self.draw_shared(generator)

    def _exact(self, embeddings: Tensor, target: Tensor, counted: Tensor | None, positives: Tensor | None) -> Tensor:
        target = _layer.filled(target, counted)
        if self.estimator in _layer.RATIOS:
            log_q = self.noise.log_probs[target]
            checks.drawable_targets(log_q if counted is None else log_q.masked_fill(~counted, 0.0))
        how: dict[str, Any] = {"bias": self._prior(), "cosine": self.cosine, "temperature": self.temperature}
        return evaluation.full_softmax(embeddings, self.weight, target, **how, positives=positives)

    def _prior(self) -> Tensor | None:
        """What is added to h . w: the bias, and where scores are log(p / q) what they lack."""
        if self.estimator not in _layer.RATIOS:
            return self.bias
        log_q = (self.temperature * _layer.log_shares(self.noise.log_probs, self.tries)).to(self.weight.dtype)
        return log_q if self.bias is None else self.bias + log_q
