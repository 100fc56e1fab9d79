"""The head with its classes split over processes: for more rows than one machine holds."""

import math
import zlib
from collections.abc import Sequence
from dataclasses import replace
from typing import final

import torch
from torch import Tensor, distributed, nn
from torch.distributed.tensor import DTensor
from torch.nn import functional

from ssm import _layer, _peers, _rows, checks, estimators, evaluation
from ssm._peers import Batch, Own
from ssm._rows import Draw, Rows
from ssm.drawing import Drawing, refuse_other_noise
from ssm.noise import Noise
from ssm.ranks import rank_generator

__all__ = ["ShardedSampledSoftmax"]

_NOWHERE = -1  # the target of an example without a loss


@final
class ShardedSampledSoftmax(Drawing):
    """`ssm.SampledSoftmax` over processes that each hold a contiguous range of the classes.

    Every process brings its own examples, as many as it likes or none, and gets their losses; scores of
    its classes are computed for the examples of all. All draw the same samples, so that the layer is the
    one-process layer for the same draws, to rounding: pass generators of one seed. Call it on every
    rank, in one order; a step then sends embeddings and targets once, two numbers for each example (for
    "nce" and "negative_sampling" one), and back as much. Sizes, options and samples are compared first,
    so that what does not fit is refused everywhere and nobody waits.

    Gradients are those of the SUM over ranks of what each calls ``backward`` on. With losses summed, or
    the mean over the global batch, that is the one-process gradient. Beside a body in
    DistributedDataParallel, which averages over ranks, with each rank's mean loss: divide the gradients
    of this layer by the number of ranks (``for p in layer.parameters(): p.grad /= ranks``). Keep the
    layer out of the wrapped module: no two ranks have the same rows. To clip, name its parameters by
    ``split=`` of `ssm.optim.clip_grad_norm_`. Gradients have no gradients.

    Its state holds torch's DTensors, each the rows of a rank, for `torch.distributed.checkpoint`: what
    was saved is read by any number of processes and by `ssm.SampledSoftmax`, whose whole state it takes as well.

    Args:
        dim: the width of the embeddings.
        classes: the number of classes of all processes together.
        samples: k, drawn once for the examples of all processes at each step.
        noise: q over all classes, held by every process: 24 bytes a class, log-uniform noise 8, uniform none.
        estimator: as of `ssm.SampledSoftmax`, as are the arguments below.
        hits: samples that equal the target are "rejected" or "kept"; None is what suits the estimator.
        replacement: False for samples that are all different.
        bias: whether classes have one.
        cosine: whether embeddings and rows are normalised.
        temperature: that scores are divided by.
        calibration: t of gBCE.
        sparse: whether gradients touch only the rows used.
        ignore_index: a target whose example has no loss and touches no row.
        reduction: "none", or the "sum" or "mean" of the examples of this process that have a loss.
        split: how many classes each rank holds, in order, 0 among them; None for about as many each.
        group: of processes; None for all.
        device: of the parameters; that of the noise if None.
        dtype: of the parameters.

    Raises:
        ValueError: an argument is out of its range, or this process is not in the group.
        RuntimeError: no process group is initialised.

    Jean et al. 2015, "On using very large target vocabulary for neural machine translation"; rows split as in
    Shoeybi et al. 2019, "Megatron-LM".
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
        calibration: float = 0.0,
        sparse: bool = True,
        ignore_index: int = _layer.IGNORED,
        reduction: checks.Reduction = "none",
        split: Sequence[int] | None = None,
        group: distributed.ProcessGroup | None = None,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        dim, n = checks.whole("dim", dim, 1, None, "an embedding needs a width"), checks.classes(classes)
        refuse_other_noise(noise, n)
        peers = _peers.join(group)
        place = noise.log_probs.device if device is None else torch.device(device)
        sizes = _rows.split(n, split, peers.rank, peers.size)
        rows = sizes[peers.rank]
        super().__init__(rows, dim, sparse=sparse, _weight=torch.empty(rows, dim, device=place, dtype=dtype))
        self.bias = nn.Parameter(torch.empty(rows, device=place, dtype=dtype)) if bias else None
        self.dim, self.classes, self.split, self.peers = dim, n, sizes, peers
        self.start = sum(sizes[: peers.rank])
        self.stop = self.start + rows
        self.samples = checks.sample_count(samples)
        self.estimator = checks.estimator(estimator, tuple(estimators.ESTIMATORS))
        self.hits = _rows.shared(checks.handling(hits, estimator), peers.rank)
        self.cosine, self.temperature = cosine, checks.temperature(temperature)
        self.power = _layer.power(self.estimator, self.samples, n, calibration)
        self.reduction, self.ignore_index = checks.reduction(reduction), ignore_index
        self._take(noise, unique=not replacement)
        self._warn_of_few()
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights anew, as `torch.nn.Linear` does; those of each rank are others, whatever its seed."""
        if self.weight.is_meta:
            return
        bound = 1 / math.sqrt(self.dim)
        g = rank_generator(int(torch.randint(2**62, ())), self.weight.device)
        with torch.no_grad():
            self.weight.uniform_(-bound, bound, generator=g)
            if self.bias is not None and self.estimator == "nce":
                self.bias.fill_(-self.temperature * math.log(self.classes))
            elif self.bias is not None:
                self.bias.uniform_(-bound, bound, generator=g)

    def forward(  # type: ignore[override]  # an Embedding by its weights and their gradients alone
        self,
        embeddings: Tensor,
        target: Tensor,
        *,
        loss: checks.Loss | None = None,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """The loss of each example of this process: estimated in training, exact after ``eval()``, or as `loss` says.

        Args:
            embeddings: h, floating point [..., dim].
            target: t, int64 [...], of all classes.
            loss: "sampled" or "exact" in either mode.
            generator: the source of the samples, of one seed on every rank; None for torch's own.

        Returns:
            In nats [...], or reduced to one value; 0 where the target is `ignore_index`.

        Raises:
            ValueError: shapes, dtypes or devices do not fit, an embedding is not finite, ranks do not agree, or
                one of them refused its batch.
            IndexError: a target is not a class.
            RuntimeError: a rank ended, or did not come in time.
        """
        found, counted = self._losses(embeddings, target, loss, generator)
        return _layer.reduced(found, counted, self.reduction)

    def log_probs(self, embeddings: Tensor, target: Tensor) -> Tensor:
        """The log-probability of one class for each example of this process, exactly.

        Args:
            embeddings: h [..., dim].
            target: c, int64 [...].

        Returns:
            log p_c [...]; 0 where the target is `ignore_index`.
        """
        found, counted = self._losses(embeddings, target, "exact", None)
        return _layer.reduced(-found, counted, "none")

    @torch.no_grad()
    def predict(self, embeddings: Tensor, top: int = 1) -> Tensor:
        """The most probable classes for each example of this process.

        Args:
            embeddings: h [..., dim].
            top: how many.

        Returns:
            Classes, the best first, int64 [..., top].

        Raises:
            ValueError: there are not as many classes.
        """
        shape = embeddings.shape[:-1]
        target = torch.zeros(shape, dtype=torch.int64, device=embeddings.device)
        batch = self._meet(embeddings, target, None, None, top=top)[0]
        k = checks.whole("k", top, 1, self.classes, "ask for no more than there are classes")
        best = _rows.best(self._rows_of_p(), batch.h, k)
        scores, classes = (self.peers.gather(each)[:, batch.mine].movedim(0, 1).flatten(1) for each in best)
        return classes.gather(1, scores.topk(k).indices)[: shape.numel()].reshape(*shape, k)

    def shard(self, rows: Tensor) -> DTensor:
        """Rows of this process as its part of a DTensor, as `torch.distributed.checkpoint` saves and loads them.

        Args:
            rows: one entry for each class held here, such as ``optimiser.state[layer.weight]["exp_avg"]``
                [classes here, ...]; what is loaded is written into it.

        Returns:
            [classes, ...].
        """
        return _peers.split_tensor(rows, self.start, self.classes, self.peers)

    def extra_repr(self) -> str:
        """What ``print`` shows of the layer."""
        return (
            f"{self.dim}, {self.classes}, classes {self.start} to {self.stop} on rank {self.peers.rank} of "
            f"{self.peers.size}, samples={self.samples}, estimator={self.estimator!r}, hits={self.hits!r}, "
            f"replacement={self.tries is None}, bias={self.bias is not None}, sparse={self.sparse}, "
            f"reduction={self.reduction!r}"
        )

    def _losses(
        self, embeddings: Tensor, target: Tensor, loss: checks.Loss | None, generator: torch.Generator | None
    ) -> tuple[Tensor, Tensor]:
        """The losses of this process, and which count, both shaped as the target."""
        batch, own = self._meet(embeddings, target, loss, generator)
        if not len(own.samples):
            log_sum, x_t = _peers.combined(_rows.exact_parts(self._rows_of_p(), batch.h, batch.target), self.peers)
            found = (log_sum - x_t)[batch.mine]
        elif self.estimator in estimators.CORRECTIONS:
            draw, correction = _rows.drawn(batch.target, own.samples, self._how)
            parts = _rows.softmax_parts(self._rows(), batch.h, draw, correction)
            found = _rows.softmax_loss(_peers.combined(parts, self.peers), correction, self._how)[batch.mine]
        else:
            terms = _rows.logistic_terms(self._rows(), batch.h, batch.target, own.samples, self._how)
            found = _peers.summed(terms, self.peers)[batch.mine]
        return found[: len(own.target)].reshape(target.shape), own.counted.reshape(target.shape)

    def _meet(
        self,
        embeddings: Tensor,
        target: Tensor,
        loss: checks.Loss | None,
        generator: torch.Generator | None,
        *,
        top: int | None = None,
    ) -> tuple[Batch, Own]:
        """The examples of all processes, once these agree; all of them count where the `top` classes are asked for."""
        try:
            kind = checks.loss(loss, training=self.training) if top is None else f"top {top}"
            # First of all, so that a rank whose batch is refused has drawn as often as the others.
            samples = self.draw_shared(generator) if kind == "sampled" else self._no_samples()
            own = self._own(embeddings, target, samples, ignored=self.ignore_index if top is None else None)
            if kind == "exact" and self.estimator in _layer.RATIOS:
                checks.drawable_targets(self.noise.log_probs[own.target].masked_fill(~own.counted, 0.0))
        except Exception as error:
            error.add_note(f"on rank {self.peers.rank}")
            self.peers.give_up(self.weight.device)
            raise
        places = torch.arange(1, len(samples) + 1, device=samples.device)
        rows = self.peers.agree(len(own.h), self._options(own.h, kind), (samples * places).sum())
        most = max(1, *rows)
        h = functional.pad(own.h, (0, 0, 0, most - len(own.h)))
        where = torch.where(own.counted, own.target, _NOWHERE)
        t = self.peers.gather(functional.pad(where, (0, most - len(own.h)), value=_NOWHERE)).flatten()
        # What has no loss takes a class whose row is read anyway, as in SampledSoftmax.
        t = torch.where(t == _NOWHERE, samples[:1].sum(), t)
        mine = slice(self.peers.rank * most, (self.peers.rank + 1) * most)
        return Batch(_peers.gathered(h, self.peers).flatten(0, 1), t, mine), own

    def _no_samples(self) -> Tensor:
        return torch.empty(0, dtype=torch.int64, device=self.weight.device)

    def _own(self, embeddings: Tensor, target: Tensor, samples: Tensor, *, ignored: int | None) -> Own:
        _rows.refuse_other_device(embeddings, self.weight, self.peers.rank)
        scores = evaluation.layer_scores(embeddings, self.weight.new_empty(1, self.dim), None)
        if target.shape != embeddings.shape[:-1]:
            checks.refuse_shapes("target", "one class per embedding", target, embeddings)
        counted = None if ignored is None else _layer.counted(target, ignored)
        target = _layer.filled(target, counted).flatten()
        checks.indices("target", target, self.classes, scores.device, waits=True)
        counted = torch.ones_like(target, dtype=torch.bool) if counted is None else counted.flatten()
        h = embeddings.reshape(-1, self.dim).masked_fill(~counted[:, None], 0.0)
        return Own(h, target, counted, samples)

    def _options(self, h: Tensor, kind: str) -> int:
        """All that ranks must have in common, as one number."""
        shape = self.dim, self.classes, self.split, self.samples, self.tries, self.noise.fingerprint
        how = self.estimator, self.hits, self.cosine, self.temperature, self.power
        gradients = torch.is_grad_enabled(), h.requires_grad, [each.requires_grad for each in self.parameters()]
        return zlib.crc32(repr((shape, how, kind, h.dtype, gradients)).encode())

    @property
    def _how(self) -> Draw:
        return Draw(self.noise, self.estimator, self.hits != "kept", self.tries, self.power)

    def _rows(self) -> Rows:
        return Rows(self.weight, self.bias, self.start, self.temperature, cosine=self.cosine, sparse=self.sparse)

    def _rows_of_p(self) -> Rows:
        """The same for the full softmax: with log q where scores are log(p / q), and dense gradients."""
        rows = replace(self._rows(), sparse=False)
        if self.estimator not in _layer.RATIOS:
            return rows
        shares = _layer.log_shares(self.noise.log_probs[self.start : self.stop], self.tries)
        log_q = (self.temperature * shares).to(self.weight.dtype)
        return replace(rows, bias=log_q if self.bias is None else self.bias + log_q)

    def _save_to_state_dict(self, destination: dict[str, Tensor], prefix: str, keep_vars: bool) -> None:  # noqa: FBT001
        super()._save_to_state_dict(destination, prefix, keep_vars)
        for name in self._parameters:
            if prefix + name in destination:
                destination[prefix + name] = self.shard(destination[prefix + name].detach())

    def _load_from_state_dict(self, state: dict[str, Tensor], prefix: str, *rest: object) -> None:
        for name, parameter in self._parameters.items():
            found = state.get(prefix + name)
            if parameter is not None and found is not None:
                state[prefix + name] = _peers.part_of(found, parameter, self.start, self.classes)
        super()._load_from_state_dict(state, prefix, *rest)
