"""Training: the next word of Moby-Dick by several losses side by side, each on the same batches from the same start.

Each loss has a model of its own: the embeddings of the last words, joined, through one layer and tanh into
`ssm.SampledSoftmax`; all are trained by Adagrad, which treats a row alike whether its gradient is sparse or dense.
Time is dealt equally: the loss that has had the least trains next. A step depends on the seed alone, so a curve over
steps is the same each time; how far it comes in its time is the machine's.
"""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple, final

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.sparse import check_sparse_tensor_invariants as _unchecked

from ssm import evaluation, exact, noise
from ssm.explorer import problems
from ssm.explorer.settings import Settings
from ssm.head import SampledSoftmax
from ssm.noise import Noise

DIM, CONTEXT, BATCH, RATE = 32, 2, 128, 0.05
SECONDS_EACH = 12.0  # of one core, for each loss
_SLICE = 0.1  # seconds that one loss has before another may have its turn
_HELD_OUT, _EVALUATED, _PROBED = 0.1, 256, 2  # share of the text, at its end; contexts of the perplexity; of the bias
_FIRST, _GROWTH, _BIASED = 10, 1.25, 3  # steps of the first mark; each is so much further; the bias at every third
_TOP = 5

Clock = Callable[[], float]


class _Way(NamedTuple):
    """How a loss is computed: the estimator of the layer, and the noise of its samples."""

    estimator: str
    noise: str


WAYS: Mapping[str, _Way] = MappingProxyType(
    {
        "full": _Way("full_softmax", "uniform"),
        "sampled_unigram": _Way("sampled_softmax", "unigram"),
        "sampled_log_uniform": _Way("sampled_softmax", "log_uniform"),
        "sampled_uniform": _Way("sampled_softmax", "uniform"),
        "log_q": _Way("log_q", "unigram"),
        "uncorrected": _Way("uncorrected", "unigram"),
        "nce": _Way("nce", "unigram"),
        "negative_sampling": _Way("negative_sampling", "unigram"),
    }
)


class _Book(NamedTuple):
    """The text as contexts and the words that follow them.

    Attributes:
        contexts: word numbers, int64 [examples, CONTEXT].
        target: int64 [examples].
        counts: how often each word occurs [classes].
        trained: so many examples, from the first, are trained on.
    """

    contexts: Tensor
    target: Tensor
    counts: Tensor
    trained: int


@final
@dataclass
class Curve:
    """What is known of one loss, at rising numbers of steps; a number that was not computed is None.

    Attributes:
        steps: how many.
        seconds: of one core, for the steps alone.
        perplexity: of the softmax of the scores as they stand, on held-out text.
        corrected: the same after log q is added to scores that are log(p / q); None for all others.
        loss: the mean of what was trained on since the last mark, in nats.
        bias: the relative bias of its gradient on held-out contexts, ``|E g - G| / |G|``.
    """

    steps: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    perplexity: list[float] = field(default_factory=list)
    corrected: list[float | None] = field(default_factory=list)
    loss: list[float] = field(default_factory=list)
    bias: list[float | None] = field(default_factory=list)


@lru_cache(maxsize=1)
def _book() -> _Book:
    words, counts = problems.text(), problems.white().counts
    contexts = words.unfold(0, CONTEXT, 1)[:-1]  # [examples, CONTEXT]
    trained = int((1 - _HELD_OUT) * len(contexts)) - CONTEXT  # so that no held-out word is among the targets
    assert counts is not None
    return _Book(contexts, words[CONTEXT:], counts, trained)


def _generator(seed: int, part: int) -> torch.Generator:
    return torch.Generator().manual_seed(8 * seed + part)


def noise_named(name: str, counts: Tensor) -> Noise:
    """The noise of a way, over as many classes as there are counts."""
    match name:
        case "unigram":
            return noise.unigram(counts)
        case "log_uniform":
            return noise.log_uniform(len(counts))
        case _:
            return noise.uniform(len(counts))


@final
class _Body(nn.Module):
    """From the last words to an embedding: ``tanh(A [e_1; e_2] + a)``."""

    def __init__(self, classes: int, g: torch.Generator) -> None:
        super().__init__()
        self.words = nn.Embedding(classes, DIM, sparse=True, _weight=torch.randn(classes, DIM, generator=g))
        self.joint = nn.Linear(CONTEXT * DIM, DIM)
        with torch.no_grad():
            self.joint.weight.normal_(0, (CONTEXT * DIM) ** -0.5, generator=g)
            self.joint.bias.zero_()

    def forward(self, contexts: Tensor) -> Tensor:
        joined: Tensor = self.joint(self.words(contexts).flatten(-2))
        return joined.tanh()


@final
class _Learner:
    """One loss and its model."""

    def __init__(self, name: str, settings: Settings, book: _Book) -> None:
        self.estimator, source = WAYS[name]
        self.book, self.curve = book, Curve()
        self.steps, self.spent, self.next_mark = 0, 0.0, _FIRST
        start = _generator(settings.seed, 0)
        self.body = _Body(len(book.counts), start)
        self.layer = self._layer(noise_named(source, book.counts), settings.negatives, start)
        self.optimiser = torch.optim.Adagrad([*self.body.parameters(), *self.layer.parameters()], lr=RATE)
        self.batches, self.draws = _generator(settings.seed, 1), _generator(settings.seed, 2)
        self._losses: list[Tensor] = []

    @property
    def full(self) -> bool:
        return self.estimator == "full_softmax"

    def _layer(self, q: Noise, k: int, g: torch.Generator) -> SampledSoftmax:
        """A layer that knows how frequent words are: its biases start where they alone would end."""
        estimator = "sampled_softmax" if self.full else self.estimator
        layer = SampledSoftmax(DIM, q.classes, samples=k, noise=q, estimator=estimator, sparse=not self.full)
        missing = {"uncorrected": q.log_probs, "negative_sampling": q.log_probs + math.log(k)}
        with torch.no_grad():
            layer.weight.normal_(0, 0.1, generator=g)
            frequencies = (self.book.counts / self.book.counts.sum()).log()
            assert layer.bias is not None
            layer.bias.copy_(frequencies - missing.get(self.estimator, torch.zeros(())))
        return layer

    def step(self) -> None:
        here = torch.randint(self.book.trained, (BATCH,), generator=self.batches)
        h, target = self.body(self.book.contexts[here]), self.book.target[here]
        loss = self._full(h, target) if self.full else self.layer(h, target, generator=self.draws).mean()
        self.optimiser.zero_grad()
        loss.backward()
        with _unchecked(enable=False):  # type: ignore[no-untyped-call]  # else torch warns of its own choice
            self.optimiser.step()
        self._losses.append(loss.detach())
        self.steps += 1

    def _full(self, h: Tensor, target: Tensor) -> Tensor:
        return functional.cross_entropy(self.layer.scores(h), target)

    @torch.no_grad()
    def mark(self, held_out: Tensor) -> None:
        """Note where the curve is."""
        h, target = self.body(self.book.contexts[held_out]), self.book.target[held_out]
        as_it_stands = evaluation.full_softmax(h, self.layer.weight, target, bias=self.layer.bias)
        ratios = self.estimator in ("uncorrected", "negative_sampling")
        measured = not self.full and len(self.curve.steps) % _BIASED == 0
        self.curve.steps.append(self.steps)
        self.curve.seconds.append(self.spent)
        self.curve.perplexity.append(_perplexity(as_it_stands))
        self.curve.corrected.append(_perplexity(self.layer(h, target, loss="exact")) if ratios else None)
        self.curve.loss.append(torch.stack(self._losses).double().mean().item())
        self.curve.bias.append(self._bias(h[:_PROBED], target[:_PROBED]) if measured else None)
        self._losses.clear()
        self.next_mark = math.ceil(_GROWTH * self.steps)

    def _bias(self, h: Tensor, target: Tensor) -> float:
        """The root mean square over some contexts of ``|E g - G| / |G|``, gradients of the scores."""
        squares = []
        for scores, t in zip(self.layer.scores(h).double(), target.tolist(), strict=True):
            found = exact.moments(scores, t, self.layer.noise, self.layer.samples, estimator=self.estimator)
            full = scores.softmax(0)
            full[t] -= 1
            squares.append(((found.gradient_mean - full).norm() / full.norm()).item() ** 2)
        return math.sqrt(math.fsum(squares) / len(squares))

    @torch.no_grad()
    def top(self, context: Tensor) -> list[tuple[int, float]]:
        """The most probable words after a context, as the scores stand."""
        best = self.layer.scores(self.body(context)).softmax(0).topk(_TOP)
        return list(zip(best.indices.tolist(), best.values.tolist(), strict=True))


def _perplexity(losses: Tensor) -> float:
    return math.exp(min(losses.double().mean().item(), 700.0))


@final
class Training:
    """Several losses in training; `advance` again and again until it is `finished`.

    Args:
        settings: the losses, the number of samples and the seed.
        clock: seconds of work of the thread that calls `advance`.
    """

    def __init__(self, settings: Settings, clock: Clock = time.thread_time) -> None:
        """Make the models; nothing is trained yet."""
        book = _book()
        self.settings, self._clock = settings, clock
        self._learners = {name: _Learner(name, settings, book) for name in settings.losses}
        g = _generator(settings.seed, 3)
        self._held_out = (
            book.trained + CONTEXT + torch.randperm(len(book.target) - book.trained - CONTEXT, generator=g)[:_EVALUATED]
        )
        self._frequencies = _perplexity(-(book.counts / book.counts.sum()).log()[book.target[self._held_out]])

    @property
    def finished(self) -> bool:
        """Whether every loss has had its time."""
        return all(each.spent >= SECONDS_EACH for each in self._learners.values())

    def advance(self) -> None:
        """Train the loss that has had the least time, for a moment or up to its next mark."""
        each = min(self._learners.values(), key=lambda learner: learner.spent)
        start = self._clock()
        until = min(start + _SLICE, start + SECONDS_EACH - each.spent)
        each.step()
        while self._clock() < until and each.steps < each.next_mark:
            each.step()
        each.spent += max(self._clock() - start, 1e-9)
        if each.steps >= each.next_mark or each.spent >= SECONDS_EACH:
            each.mark(self._held_out)

    def found(self) -> dict[str, Any]:
        """What is known so far, as JSON can hold it, and of what: the losses are those of the arms."""
        return {
            "negatives": self.settings.negatives,
            "seed": self.settings.seed,
            "arms": {name: asdict(each.curve) for name, each in self._learners.items()},
            "spent": {name: each.spent for name, each in self._learners.items()},
            "steps": {name: each.steps for name, each in self._learners.items()},
            "frequencies": self._frequencies,
            "seconds_each": SECONDS_EACH,
            "words": len(_book().counts),
        }

    def answer(self, text: str) -> dict[str, Any]:
        """What each model holds for the next word.

        Args:
            text: what was typed; its last words count.

        Returns:
            The ``context``, and for each loss under ``tops`` pairs of a word and its probability; instead of the
            latter a sentence under ``error``.
        """
        names = problems.white().names
        words = [word.strip('.,;:!?"()') for word in text.lower().split()][-CONTEXT:]
        unknown = [word for word in words if word not in _numbers()]
        if unknown:
            return {"context": words, "error": f"The book has no word “{unknown[0]}”; try another."}
        if len(words) < CONTEXT:
            return {"context": words, "error": f"The models look at {CONTEXT} words; type as many."}
        context = torch.tensor([_numbers()[word] for word in words])
        tops = {name: [(names[c], p) for c, p in each.top(context)] for name, each in self._learners.items()}
        return {"context": words, "tops": tops}

    def end(self) -> None:
        """Nothing goes on beside; the models stay, and can still be asked."""


@lru_cache(maxsize=1)
def _numbers() -> dict[str, int]:
    return {word: c for c, word in enumerate(problems.white().names)}
