"""The formulas once more, in plain Python with loops: what the tests hold the library against."""

import itertools
import math
from collections.abc import Sequence

Vector = Sequence[float]
Gradient = list[float]


# Random numbers: Philox4x32-10 (Salmon et al. 2011)


def philox(counter: Sequence[int], key: Sequence[int]) -> list[int]:
    """Return the four words of a block."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        high0, low0 = divmod(0xD2511F53 * c0, 2**32)
        high1, low1 = divmod(0xCD9E8D57 * c2, 2**32)
        c0, c1, c2, c3 = high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0
        k0, k1 = (k0 + 0x9E3779B9) % 2**32, (k1 + 0xBB67AE85) % 2**32
    return [c0, c1, c2, c3]


def fraction(high: int, low: int) -> float:
    """Return the number in [0, 1) of the 53 upper bits of two words."""
    return ((high // 2**5) * 2**26 + low // 2**6) / 2**53


def uniform(seed: int, draw: int, sample: int) -> float:
    """Return the uniform behind one sample of one draw."""
    words = philox((sample // 2, draw, 0, 0), (seed % 2**32, seed // 2**32))
    return fraction(*(words[2:] if sample % 2 else words[:2]))


def normal(seed: int, place: int) -> float:
    """Return a standard normal number (Box and Muller 1958)."""
    a, b, c, d = philox((place, 0, 0, 1), (seed % 2**32, seed // 2**32))
    return math.sqrt(-2 * math.log1p(-fraction(a, b))) * math.cos(2 * math.pi * fraction(c, d))


def invert(q: Vector, u: float) -> int:
    """Return the first class at which the cumulated probability exceeds u."""
    total = 0.0
    for c, q_c in enumerate(q):
        total += q_c
        if total > u:
            return c
    return max(c for c, q_c in enumerate(q) if q_c > 0)


# Noise distributions


def normalise(weights: Vector) -> list[float]:
    """Return weights divided by their sum."""
    total = math.fsum(weights)
    return [weight / total for weight in weights]


def log_uniform(n: int) -> list[float]:
    """Return Zipf's law over n classes."""
    return [math.log((c + 2) / (c + 1)) / math.log(n + 1) for c in range(n)]


def softmax(scores: Vector, temperature: float = 1.0) -> list[float]:
    """Return the softmax of scores / temperature."""
    top = max(scores)
    return normalise([math.exp((x - top) / temperature) for x in scores])


def without(q: Vector, target: int) -> list[float]:
    """Return the noise given "not the target"."""
    return normalise([0.0 if c == target else q_c for c, q_c in enumerate(q)])


def inclusion_after(q: Vector, tries: float) -> list[float]:
    """Return how likely each class is among so many draws with replacement."""
    return [1 - (1 - q_c) ** tries for q_c in q]


def unique_orders(q: Vector, k: int) -> dict[tuple[int, ...], float]:
    """Return the probability of each order in which k different classes can be found."""
    chances = {}
    for order in itertools.permutations(range(len(q)), k):
        chance, rest = 1.0, math.fsum(q)
        for c in order:
            chance, rest = (chance * q[c] / rest, rest - q[c]) if chance else (0.0, rest)
        chances[order] = chance
    return chances


# Losses and their gradients with respect to the scores


def log_sum_exp(values: Vector) -> float:
    """Return log(sum(exp(values)))."""
    top = max(values)
    return top + math.log(math.fsum(math.exp(value - top) for value in values))


def full_loss(scores: Vector, target: int) -> float:
    """Return the full softmax loss."""
    return log_sum_exp(scores) - scores[target]


def full_gradient(scores: Vector, target: int) -> Gradient:
    """Return softmax(x) - onehot(t)."""
    return [p - (c == target) for c, p in enumerate(softmax(scores))]


def corrected(scores: Vector, target: int, samples: Sequence[int], q: Vector) -> list[tuple[int, float]]:
    """Return target and samples, hits left out, each with its corrected score."""
    kept = [c for c in samples if c != target]
    rest = math.fsum(q_c for c, q_c in enumerate(q) if c != target)
    return [(target, scores[target])] + [(c, scores[c] - math.log(len(kept) * q[c] / rest)) for c in kept]


def sampled_loss(scores: Vector, target: int, samples: Sequence[int], q: Vector) -> float:
    """Return the sampled softmax loss, hits rejected."""
    return log_sum_exp([x for _, x in corrected(scores, target, samples, q)]) - scores[target]


def sampled_gradient(scores: Vector, target: int, samples: Sequence[int], q: Vector) -> Gradient:
    """Return its gradient with respect to the scores of all classes."""
    return ratio_gradient(corrected(scores, target, samples, q), target, len(scores))


def ratio_gradient(candidates: Sequence[tuple[int, float]], target: int, classes: int) -> Gradient:
    """Return the gradient of ``log(sum of exp(y)) - y_t`` over candidates, each a class and its y."""
    gradient = [0.0] * classes
    gradient[target] = -1.0
    for (c, _), share in zip(candidates, softmax([y for _, y in candidates]), strict=True):
        gradient[c] += share
    return gradient


def kept_samples(target: int, samples: Sequence[int], hits: str) -> list[int]:
    """Return the samples that count."""
    return [c for c in samples if hits == "kept" or c != target]


def expected_count(q_c: float, k: int, tries: float | None) -> float:
    """Return how often a class is expected among k samples, or among so many tries that all count once."""
    return k * q_c if tries is None else 1 - (1 - q_c) ** tries


def naive_loss(scores: Vector, target: int, samples: Sequence[int], q: Vector, tries: float | None = None) -> float:
    """Return the loss of importance sampling, the target not set apart."""
    k = len(samples)
    return log_sum_exp([scores[c] - math.log(expected_count(q[c], k, tries)) for c in samples]) - scores[target]


def sampled_loss_kept(scores: Vector, target: int, samples: Sequence[int], q: Vector) -> float:
    """Return the sampled softmax loss with hits among the samples: the mistake."""
    shift = math.log(len(samples) / (1 - q[target]))
    return log_sum_exp([scores[target]] + [scores[c] - math.log(q[c]) - shift for c in samples]) - scores[target]


def sampled_loss_unique(scores: Vector, target: int, samples: Sequence[int], q: Vector, tries: float) -> float:
    """Return the sampled softmax loss of samples that are all different."""
    weighted = [scores[c] - math.log(expected_count(q[c], 0, tries)) for c in samples if c != target]
    return log_sum_exp([scores[target], *weighted]) - scores[target]


def log_q_loss(
    scores: Vector, target: int, samples: Sequence[int], q: Vector, hits: str, tries: float | None = None
) -> float:
    """Return the softmax loss over target and samples, all corrected by their expected counts."""
    y = [x - math.log(expected_count(q_c, len(samples), tries)) for x, q_c in zip(scores, q, strict=True)]
    return log_sum_exp([y[target]] + [y[c] for c in kept_samples(target, samples, hits)]) - y[target]


def uncorrected_loss(scores: Vector, target: int, samples: Sequence[int], hits: str) -> float:
    """Return the softmax loss over target and samples as they are."""
    return log_sum_exp([scores[target]] + [scores[c] for c in kept_samples(target, samples, hits)]) - scores[target]


def minus_log_logistic(y: float) -> float:
    """Return -log(1 / (1 + exp(-y)))."""
    return math.log1p(math.exp(-y)) if y > 0 else math.log1p(math.exp(y)) - y


def nce_loss(
    scores: Vector, target: int, samples: Sequence[int], q: Vector, hits: str, tries: float | None = None
) -> float:
    """Return the loss of noise-contrastive estimation."""
    y = [x - math.log(expected_count(q_c, len(samples), tries)) for x, q_c in zip(scores, q, strict=True)]
    negatives = [minus_log_logistic(-y[c]) for c in kept_samples(target, samples, hits)]
    return minus_log_logistic(y[target]) + math.fsum(negatives)


def negative_sampling_loss(scores: Vector, target: int, samples: Sequence[int], hits: str) -> float:
    """Return the loss of word2vec."""
    negatives = [minus_log_logistic(-scores[c]) for c in kept_samples(target, samples, hits)]
    return minus_log_logistic(scores[target]) + math.fsum(negatives)


def in_batch_loss(
    scores: Vector, place: int, log_q: Vector, ids: Sequence[int], positives: Sequence[int] = ()
) -> float:
    """Return the loss of one query, whose negatives are the items of others that are not right for it too."""
    y = [x - lq for x, lq in zip(scores, log_q, strict=True)]
    wrong = [j for j, item in enumerate(ids) if item != ids[place] and item not in positives]
    return log_sum_exp([y[place]] + [y[j] for j in wrong]) - y[place]


def worth(counts: Vector, q: Vector, k: int) -> float:
    """Return how many samples from the frequencies k samples from q are worth."""
    return k / math.fsum(p_c**2 / q_c for p_c, q_c in zip(normalise(counts), q, strict=True))


def streamed(stream: Sequence[Sequence[int]], classes: int, rate: float) -> list[float]:
    """Return frequencies from mean gaps that forget: those of a class that comes m times in a batch are equal.

    A gap that is open counts as one more if the mean is longer with it.
    """
    gaps, starts, last, now = [0.0] * classes, [1.0] * classes, [0] * classes, 0
    for ids in stream:
        now += len(ids)
        for c in set(ids):
            times = list(ids).count(c)
            for _ in range(times):
                gaps[c] = (1 - rate) * gaps[c] + rate * (now - last[c]) / times
                starts[c] *= 1 - rate
            last[c] = now
    found = []
    for gap, start, before in zip(gaps, starts, last, strict=True):
        with_open = ((1 - rate) * gap + rate * (now - before)) / (1 - (1 - rate) * start)
        found.append(1 / (now + 1) if start == 1 else 1 / max(gap / (1 - start), with_open))
    return found


# Every loss and its gradient by name, hits "rejected" or "kept"


def loss_of(name: str, scores: Vector, target: int, samples: Sequence[int], q: Vector, hits: str) -> float:
    """Return a loss."""
    if name == "sampled_softmax":
        return (sampled_loss_kept if hits == "kept" else sampled_loss)(scores, target, samples, q)
    if name == "naive_importance":
        return naive_loss(scores, target, samples, q)
    if name in {"log_q", "nce"}:
        return (log_q_loss if name == "log_q" else nce_loss)(scores, target, samples, q, hits)
    return (uncorrected_loss if name == "uncorrected" else negative_sampling_loss)(scores, target, samples, hits)


def gradient_of(name: str, scores: Vector, target: int, samples: Sequence[int], q: Vector, hits: str) -> Gradient:
    """Return its gradient with respect to the scores."""
    k, kept, n = len(samples), kept_samples(target, samples, hits), len(scores)
    plain = name in {"uncorrected", "negative_sampling"}
    y = [x if plain or not q_c else x - math.log(k * q_c) for x, q_c in zip(scores, q, strict=True)]
    if name in {"nce", "negative_sampling"}:
        gradient = [kept.count(c) * logistic(y_c) for c, y_c in enumerate(y)]
        gradient[target] += logistic(y[target]) - 1
        return gradient
    if name == "sampled_softmax":
        if hits == "rejected":
            return sampled_gradient(scores, target, samples, q)
        log_rest = math.log(math.fsum(q_c for c, q_c in enumerate(q) if c != target))
        return ratio_gradient([(target, scores[target])] + [(c, y[c] + log_rest) for c in kept], target, n)
    apart = [] if name == "naive_importance" else [target]
    return ratio_gradient([(c, y[c]) for c in apart + kept], target, n)


def logistic(y: float) -> float:
    """Return 1 / (1 + exp(-y))."""
    return 1 / (1 + math.exp(-y)) if y > -700 else 0.0


# Moments by enumeration of every draw


def moments(
    scores: Vector, target: int, q: Vector, k: int, hits: str, name: str = "sampled_softmax"
) -> tuple[Gradient, Gradient, float]:
    """Return mean and variance of the gradient, and the mean loss, over all n^k draws."""
    source = without(q, target) if hits == "excluded" else list(q)
    mask = "kept" if hits == "kept" else "rejected"
    drawn = [c for c, q_c in enumerate(source) if q_c > 0]
    mean, square, loss = [0.0] * len(scores), [0.0] * len(scores), 0.0
    for samples in itertools.product(drawn, repeat=k):
        chance = math.prod(source[c] for c in samples)
        loss += chance * loss_of(name, scores, target, samples, q, mask)
        for c, g_c in enumerate(gradient_of(name, scores, target, samples, q, mask)):
            mean[c] += chance * g_c
            square[c] += chance * g_c**2
    return mean, [s - m**2 for s, m in zip(square, mean, strict=True)], loss


def binomial_mixture(parts: Sequence[tuple[Vector, Vector, float]], chance: float) -> tuple[Gradient, Gradient, float]:
    """Return the moments over k_eff ~ Binomial(k, chance), given those for k_eff = 1, .., k; 0 for k_eff = 0."""
    k, classes = len(parts), range(len(parts[0][0]))
    weights = [math.comb(k, j) * chance**j * (1 - chance) ** (k - j) for j in range(1, k + 1)]
    weighted = list(zip(weights, parts, strict=True))
    mean = [math.fsum(w * part[0][c] for w, part in weighted) for c in classes]
    square = [math.fsum(w * (part[1][c] + part[0][c] ** 2) for w, part in weighted) for c in classes]
    variance = [s - m**2 for s, m in zip(square, mean, strict=True)]
    return mean, variance, math.fsum(w * part[2] for w, part in weighted)


# Repeated draws


def mean(gradients: Sequence[Vector]) -> Gradient:
    """Return the mean of gradients."""
    return [math.fsum(column) / len(gradients) for column in zip(*gradients, strict=True)]


def chi_square(counts: Sequence[int], q: Vector) -> float:
    """Return Pearson's statistic of counts against probabilities; infinite if the impossible was counted."""
    total, statistic = sum(counts), 0.0
    for count, q_c in zip(counts, q, strict=True):
        if q_c > 0:
            statistic += (count - total * q_c) ** 2 / (total * q_c)
        elif count:
            return math.inf
    return statistic


def chi_square_limit(freedom: int, deviations: float = 4.0) -> float:
    """Return what the statistic exceeds as rarely as a normal number exceeds so many deviations.

    Wilson and Hilferty 1931: the cube root of chi-square is nearly normal.
    """
    spread = 2 / (9 * freedom)
    return freedom * (1 - spread + deviations * math.sqrt(spread)) ** 3


# How good the noise is


def chi_squared(scores: Vector, target: int, q: Vector) -> float:
    """Return how far the noise is from the ideal, which is the softmax off the target."""
    ideal, r = without(softmax(scores), target), without(q, target)
    return math.fsum(ideal[c] ** 2 / r[c] for c in range(len(q)) if c != target) - 1


def effective(weights: Vector) -> float:
    """Return how many equally weighted samples these are worth."""
    return math.fsum(weights) ** 2 / math.fsum(w**2 for w in weights) if weights else 0.0


# Optimisers of rows: each step is a list of (row, its gradient), in which a row may come more than once

Entries = Sequence[tuple[int, Vector]]


def summed(entries: Entries) -> dict[int, Gradient]:
    """Return the gradient of each row that occurs."""
    sums: dict[int, Gradient] = {}
    for row, values in entries:
        sums[row] = [a + b for a, b in zip(sums.get(row, [0.0] * len(values)), values, strict=True)]
    return sums


def row_adam(weights: Sequence[Vector], steps: Sequence[Entries], options: dict[str, float]) -> list[Gradient]:
    """Return the weights after steps of Adam (Kingma and Ba 2015) on rows, with decoupled decay of these."""
    w = [list(row) for row in weights]
    m, v = ([[0.0] * len(row) for row in w] for _ in range(2))
    lr, b1, b2, eps, decay = (options[name] for name in ("lr", "b1", "b2", "eps", "decay"))
    for t, entries in enumerate(steps, start=1):
        for r, gradient in summed(entries).items():
            for i, g in enumerate(gradient):
                m[r][i] = b1 * m[r][i] + (1 - b1) * g
                v[r][i] = b2 * v[r][i] + (1 - b2) * g * g
                unbiased = lr * math.sqrt(1 - b2**t) / (1 - b1**t)
                w[r][i] = w[r][i] * (1 - lr * decay) - unbiased * m[r][i] / (math.sqrt(v[r][i]) + eps)
    return w


def row_adagrad(weights: Sequence[Vector], steps: Sequence[Entries], options: dict[str, float]) -> list[Gradient]:
    """Return the weights after steps of Adagrad (Duchi et al. 2011) with one sum of mean squares a row."""
    w, s = [list(row) for row in weights], [options["start"]] * len(weights)
    for entries in steps:
        for r, gradient in summed(entries).items():
            s[r] += math.fsum(g * g for g in gradient) / len(gradient)
            for i, g in enumerate(gradient):
                kept = w[r][i] * (1 - options["lr"] * options["decay"])
                w[r][i] = kept - options["lr"] * g / (math.sqrt(s[r]) + options["eps"])
    return w


def norm(entries: Entries, p: float = 2.0) -> float:
    """Return the p-norm of a gradient of rows."""
    sizes = [abs(g) for gradient in summed(entries).values() for g in gradient]
    return max(sizes) if math.isinf(p) else math.fsum(g**p for g in sizes) ** (1 / p)
