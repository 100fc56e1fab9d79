"""The head with its classes split over processes: for more rows than one machine holds."""

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, final

import torch
from torch import Tensor, distributed, nn
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.tensor import DTensor, Shard
from torch.distributed.tensor._shards_wrapper import LocalShardsWrapper
from torch.nn import functional

from ssm import _drawn, _layer, _peers, checks, estimators, evaluation
from ssm._drawn import Drawn
from ssm._peers import Peers
from ssm.drawing import Drawing, refuse_other_noise
from ssm.estimators import Candidates
from ssm.noise import Noise
from ssm.ranks import rank_generator

__all__ = ["ShardedSampledSoftmax"]

_NOWHERE = -1  # the target of an example without a loss


class _Own(NamedTuple):
    """What a process brings: its examples, and the samples, which are everyone's."""

    h: Tensor  # [rows, dim]
    target: Tensor  # [rows]
    counted: Tensor  # [rows]
    samples: Tensor  # [k]; none for the exact loss


class _Batch(NamedTuple):
    """The examples of all processes, those of each filled up to as many."""

    h: Tensor  # [examples, dim]
    target: Tensor  # [examples]
    mine: slice


@dataclass(frozen=True, eq=False)
class _Part(Candidates):
    """The samples of this process among all that were drawn."""

    drawn: int = 0

    @property
    def k(self) -> int:
        """The number of samples of each example, those of other processes among them."""
        return self.drawn


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
    layer out of the wrapped module: no two ranks have the same rows. Gradients have no gradients.

    Its state holds torch's DTensors, each the rows of a rank, for `torch.distributed.checkpoint`: what
    was saved is read by any number of processes and by `ssm.SampledSoftmax`, whose whole state it takes as well.

    Args:
        dim: the width of the embeddings.
        classes: the number of classes of all processes together.
        samples: k, drawn once for the examples of all processes at each step.
        noise: q over all classes, held by every process: 8 bytes a class, for uniform noise none.
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
        start, stop = _range(n, split, peers)
        super().__init__(
            stop - start, dim, sparse=sparse, _weight=torch.empty(stop - start, dim, device=place, dtype=dtype)
        )
        self.bias = nn.Parameter(torch.empty(stop - start, device=place, dtype=dtype)) if bias else None
        self.dim, self.classes, self.start, self.stop, self.peers = dim, n, start, stop, peers
        self.samples = checks.sample_count(samples)
        self.estimator = checks.estimator(estimator, tuple(estimators.ESTIMATORS))
        self.hits = _shared(checks.handling(hits, estimator), peers)
        self.cosine, self.temperature = cosine, checks.temperature(temperature)
        self.power = _layer.power(self.estimator, self.samples, n, calibration)
        self.reduction, self.ignore_index = checks.reduction(reduction), ignore_index
        self._take(noise, unique=not replacement)
        self._warn_of_few()
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights anew, as `torch.nn.Linear` does; those of each rank are others, whatever its seed."""
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
        found, counted = self._losses(embeddings, target, checks.loss(loss, training=self.training), generator)
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
        batch = self._meet(embeddings, None, f"top {top}", None)[0]
        k = checks.whole("k", top, 1, self.classes, "ask for no more than there are classes")
        here = min(k, self.stop - self.start)
        scores = batch.h.new_full(
            (len(batch.h), k), -torch.inf, dtype=torch.promote_types(batch.h.dtype, torch.float32)
        )
        classes = torch.zeros_like(scores, dtype=torch.int64)
        if here:
            best = evaluation.top(batch.h, self._unit(self.weight), here, bias=self._prior())
            scores[:, :here], classes[:, :here] = best.scores, best.classes + self.start
        scores, classes = (
            self.peers.gather(each)[:, batch.mine].movedim(0, 1).flatten(1) for each in (scores, classes)
        )
        return classes.gather(1, scores.topk(k).indices)[: shape.numel()].reshape(*shape, k)

    def shard(self, rows: Tensor) -> DTensor:
        """Rows of this process as its part of a DTensor, as `torch.distributed.checkpoint` saves and loads them.

        Args:
            rows: one entry for each class held here, such as ``optimiser.state[layer.weight]["exp_avg"]``
                [classes here, ...]; what is loaded is written into it.

        Returns:
            [classes, ...].
        """
        offset = (self.start, *[0] * (rows.ndim - 1))
        local = LocalShardsWrapper([rows], [offset]) if len(rows) else LocalShardsWrapper([], [])
        shape = torch.Size((self.classes, *rows.shape[1:]))
        stride = torch.empty(shape, device="meta").stride()
        mesh = DeviceMesh.from_group(self.peers.group, rows.device.type)
        return DTensor.from_local(local, mesh, [Shard(0)], run_check=False, shape=shape, stride=stride)

    def extra_repr(self) -> str:
        """What ``print`` shows of the layer."""
        return (
            f"{self.dim}, {self.classes}, classes {self.start} to {self.stop} on rank {self.peers.rank} of "
            f"{self.peers.size}, samples={self.samples}, estimator={self.estimator!r}, hits={self.hits!r}, "
            f"replacement={self.tries is None}, bias={self.bias is not None}, sparse={self.sparse}, "
            f"reduction={self.reduction!r}"
        )

    def _losses(
        self, embeddings: Tensor, target: Tensor, kind: checks.Loss, generator: torch.Generator | None
    ) -> tuple[Tensor, Tensor]:
        """The losses of this process, and which count, both shaped as the target."""
        batch, own = self._meet(embeddings, target, kind, generator)
        if kind == "exact":
            found = self._exact(batch)
        elif self.estimator in estimators.CORRECTIONS:
            found = self._softmax(batch, own.samples)
        else:
            found = _peers.summed(self._logistic(batch, own.samples), self.peers)[batch.mine]
        return found[: len(own.target)].reshape(target.shape), own.counted.reshape(target.shape)

    def _meet(
        self, embeddings: Tensor, target: Tensor | None, kind: str, generator: torch.Generator | None
    ) -> tuple[_Batch, _Own]:
        """The examples of all processes, once these agree."""
        try:
            own = self._own(embeddings, target, kind, generator)
        except (ValueError, IndexError) as error:
            error.add_note(f"on rank {self.peers.rank}")
            self.peers.give_up(self.weight.device)
            raise
        places = torch.arange(1, len(own.samples) + 1, device=own.samples.device)
        rows = self.peers.agree(len(own.h), self._options(own.h, kind), (own.samples * places).sum())
        most = max(1, *rows)
        h = functional.pad(own.h, (0, 0, 0, most - len(own.h)))
        where = torch.where(own.counted, own.target, _NOWHERE)
        t = self.peers.gather(functional.pad(where, (0, most - len(own.h)), value=_NOWHERE)).flatten()
        # What has no loss takes a class whose row is read anyway, as in SampledSoftmax.
        t = torch.where(t == _NOWHERE, own.samples[:1].sum(), t)
        mine = slice(self.peers.rank * most, (self.peers.rank + 1) * most)
        return _Batch(_peers.gathered(h, self.peers).flatten(0, 1), t, mine), own

    def _own(self, embeddings: Tensor, target: Tensor | None, kind: str, generator: torch.Generator | None) -> _Own:
        self._refuse_other_device(embeddings)
        scores = evaluation.layer_scores(embeddings, self.weight.new_empty(1, self.dim), None)
        if target is None:
            target = torch.zeros(embeddings.shape[:-1], dtype=torch.int64, device=embeddings.device)
        if target.shape != embeddings.shape[:-1]:
            checks.refuse_shapes("target", "one class per embedding", target, embeddings)
        counted = _layer.counted(target, self.ignore_index)
        target = _layer.filled(target, counted).flatten()
        checks.indices("target", target, self.classes, scores.device)
        if self.estimator in _layer.RATIOS and kind == "exact":
            checks.drawable_targets(self.noise.log_probs[target])
        counted = torch.ones_like(target, dtype=torch.bool) if counted is None else counted.flatten()
        h = self._unit(embeddings.reshape(-1, self.dim).masked_fill(~counted[:, None], 0.0))
        samples = self.draw_shared(generator) if kind == "sampled" else target.new_empty(0)
        return _Own(h, target, counted, samples)

    def _options(self, h: Tensor, kind: str) -> int:
        """All that ranks must have in common, as one number."""
        shape = self.dim, self.classes, self.samples, self.tries, self.noise.worth
        how = self.estimator, self.hits, self.cosine, self.temperature, self.power
        gradients = torch.is_grad_enabled(), h.requires_grad, [each.requires_grad for each in self.parameters()]
        return zlib.crc32(repr((shape, how, kind, h.dtype, gradients)).encode())

    def _softmax(self, batch: _Batch, samples: Tensor) -> Tensor:
        drawn = _drawn.draw(batch.target, samples, self.noise, rejected=self.hits != "kept", tries=self.tries)
        taken = estimators.CORRECTIONS[self.estimator](drawn)
        classes = drawn.places[len(batch.target) :]  # sorted
        ends = torch.tensor([self.start, self.stop], device=classes.device)
        first, last = torch.searchsorted(classes, ends).tolist()
        x_t, y = self._scores(batch, classes[first:last], sparse=self.sparse, elsewhere=0.0)
        added = torch.zeros_like(drawn.sample_log_q) if taken.samples is None else -taken.samples
        if drawn.counts is not None:
            added = added + drawn.counts.double().log()
        y = _without_hits(y + added[first:last].to(y.dtype), drawn, first)
        found = _peers.combined(torch.stack([_log_sum(y), x_t]), self.peers)[:, batch.mine]
        least = torch.finfo(y.dtype).min / 4  # as in the fused step
        loses = 0.0 if taken.target is None else taken.target[batch.mine].to(y.dtype).clamp(min=least)
        rest = found[0] - (found[1] - loses)
        return rest if self.estimator == "naive_importance" else -functional.logsigmoid(-rest)

    def _logistic(self, batch: _Batch, samples: Tensor) -> Tensor:
        """The terms of this process, by the formulas themselves; a target that is elsewhere scores so high that it has none."""
        mine = samples[(samples >= self.start) & (samples < self.stop)]
        most = torch.finfo(torch.promote_types(batch.h.dtype, torch.float32)).max
        x = self._scores(batch, mine, sparse=self.sparse, elsewhere=most)
        hits = (mine == batch.target[:, None]) & (self.hits != "kept")
        log_q = estimators.log_probs(self.noise, batch.target), estimators.log_probs(self.noise, mine)
        part = _Part(*x, *log_q, hits, self.tries, drawn=len(samples))
        if self.power != 1:
            return estimators.negative_sampling(part, self.power)
        return estimators.ESTIMATORS[self.estimator](part)

    def _exact(self, batch: _Batch) -> Tensor:
        none = batch.target[:0]
        x_t, nothing = self._scores(batch, none, sparse=False, elsewhere=0.0)
        if self.estimator in _layer.RATIOS:
            here = self._here(batch.target)
            x_t = x_t + torch.where(here, self.noise.log_probs[batch.target], 0.0).to(x_t.dtype)
        if self.stop > self.start:
            how = {"bias": self._prior(), "temperature": self.temperature}
            total = evaluation.log_sum(batch.h, self._unit(self.weight), **how)
        else:
            total = _log_sum(nothing)
        log_sum, x_t = _peers.combined(torch.stack([total, x_t]), self.peers)[:, batch.mine]
        return log_sum - x_t

    def _scores(self, batch: _Batch, classes: Tensor, *, sparse: bool, elsewhere: float) -> tuple[Tensor, Tensor]:
        """The score of each target, `elsewhere` if it is not here, and those of some classes that are."""
        whose = self._here(batch.target).nonzero()[:, 0]
        places = torch.cat([batch.target[whose], classes]) - self.start
        rows = self._unit(functional.embedding(places, self.weight, sparse=sparse))
        of_targets, of_classes = rows.tensor_split([len(whose)])
        x = (batch.h[whose] * of_targets).sum(-1), batch.h @ of_classes.T
        if self.bias is not None:
            biases = torch.gather(self.bias, 0, places, sparse_grad=sparse).tensor_split([len(whose)])
            x = x[0] + biases[0], x[1] + biases[1]
        of_own, of_all = (_wide(each) / self.temperature for each in x)
        return of_own.new_full((len(batch.h),), elsewhere).index_put((whose,), of_own), of_all

    def _here(self, classes: Tensor) -> Tensor:
        return (classes >= self.start) & (classes < self.stop)

    def _unit(self, rows: Tensor) -> Tensor:
        return functional.normalize(rows, dim=-1) if self.cosine else rows

    def _prior(self) -> Tensor | None:
        if self.estimator not in _layer.RATIOS:
            return self.bias
        log_q = (self.temperature * self.noise.log_probs[self.start : self.stop]).to(self.weight.dtype)
        return log_q if self.bias is None else self.bias + log_q

    def _refuse_other_device(self, embeddings: Tensor) -> None:
        if embeddings.device != self.weight.device:
            found = checks.Said(f"{embeddings.device} and {self.weight.device}")
            way_out = f"move them with .to('{self.weight.device}')"
            checks.refuse(f"embeddings on rank {self.peers.rank}", "on the device of its rows", found, way_out)

    def _save_to_state_dict(self, destination: dict[str, Tensor], prefix: str, keep_vars: bool) -> None:  # noqa: FBT001
        super()._save_to_state_dict(destination, prefix, keep_vars)
        for name in self._parameters:
            if prefix + name in destination:
                destination[prefix + name] = self.shard(destination[prefix + name].detach())

    def _load_from_state_dict(self, state: dict[str, Tensor], prefix: str, *rest: object) -> None:
        for name, parameter in self._parameters.items():
            found = state.get(prefix + name)
            if parameter is not None and found is not None:
                state[prefix + name] = self._rows_of(found, parameter)
        super()._load_from_state_dict(state, prefix, *rest)

    def _rows_of(self, found: Tensor, parameter: Tensor) -> Tensor:
        """The rows of this process, of a state of its own kind or of the whole one of `ssm.SampledSoftmax`."""
        if isinstance(found, DTensor):
            shards = found.to_local().local_shards()
            return shards[0] if shards else parameter.detach()
        return found[self.start : self.stop] if len(found) == self.classes else found


def _range(classes: int, split: Sequence[int] | None, peers: Peers) -> tuple[int, int]:
    """The first class of a rank, and the first that is not."""
    if split is None:
        return classes * peers.rank // peers.size, classes * (peers.rank + 1) // peers.size
    sizes = list(split)
    if len(sizes) != peers.size or sum(sizes) != classes or min(sizes) < 0:
        rule = f"{peers.size} numbers of at least 0 whose sum is {classes}"
        checks.refuse(f"split on rank {peers.rank}", rule, sizes, "count the classes of each rank, or pass None")
    start = sum(sizes[: peers.rank])
    return start, start + sizes[peers.rank]


def _shared(hits: checks.Handling, peers: Peers) -> checks.Handling:
    if hits == "excluded":
        way_out = "samples of each example are for SampledSoftmax alone"
        checks.refuse(f"hits on rank {peers.rank}", "'rejected' or 'kept' where classes are split", hits, way_out)
    return hits


def _without_hits(y: Tensor, drawn: Drawn, first: int) -> Tensor:
    """Scores of some columns [examples, columns] with the least finite number where a column is the target."""
    if drawn.hits is None or not y.shape[1]:
        return y
    column = drawn.column - first
    hits = drawn.hits & (column >= 0) & (column < y.shape[1])
    place = column.clamp(0, y.shape[1] - 1)[:, None]
    return y.scatter(1, place, y.gather(1, place).masked_fill(hits[:, None], torch.finfo(y.dtype).min))


def _log_sum(y: Tensor) -> Tensor:
    """Over the columns of scores [examples, columns]; the least finite number where there is none."""
    return (y if y.shape[1] else functional.pad(y, (0, 1), value=torch.finfo(y.dtype).min)).logsumexp(1)


def _wide(values: Tensor) -> Tensor:
    return values.to(torch.promote_types(values.dtype, torch.float32))
