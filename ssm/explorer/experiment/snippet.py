"""The snippet: five steps on the batch that is shown, to run with torch alone; made of the functions themselves."""

from inspect import getsource

from torch import Tensor

from ssm.explorer.experiment import five_steps, portable
from ssm.explorer.settings import Settings

MOST_LITERALS = 100  # numbers that are written out where no short formula gives them

_TITLE = (
    '"""Sampled softmax in five steps: {classes:,} classes, {samples:,} samples, seed {seed}. Needs torch alone."""'
)
_IMPORTS = (
    "import math\n\nimport torch\nfrom torch import Tensor\nfrom torch.nn.functional import cross_entropy, embedding"
)
_FUNCTIONS = (
    portable.words,
    portable.fraction,
    portable.uniforms,
    portable.normals,
    five_steps.embeddings,
    five_steps.target_scores,
    five_steps.draw,
    five_steps.sample_scores,
    five_steps.corrected,
    five_steps.losses,
)
_STEPS = """
x_t = target_scores(h, w, target)
x_c = sample_scores(h, w, samples)
y_c = corrected(x_c, target, samples, q)
loss = losses(x_t, y_c)
loss.mean().backward()

print(loss.tolist())
print(h.grad)
print(w.grad.coalesce())
"""
_TOO_LONG = (
    "# More than {most} samples of this noise would make a long list of numbers here:\n"
    "# choose fewer samples, fewer classes, or another noise."
)


def snippet(settings: Settings, q: Tensor, target: Tensor, samples: Tensor) -> str:
    """The program.

    Args:
        settings: what the viewer chose.
        q: the noise [classes].
        target: of each example [batch].
        samples: that the batch shares [k].

    Returns:
        Python that prints the losses and the gradients; a comment where it would be too long.
    """
    noise = _noise(settings, q, target, samples)
    if noise is None:
        return _TOO_LONG.format(most=MOST_LITERALS)
    s, n = settings, len(q)
    title = _TITLE.format(classes=n, samples=s.samples, seed=s.seed)
    functions = [getsource(function).strip() for function in _FUNCTIONS]
    batch = [
        f"h, w = embeddings(seed={s.seed}, batch={s.batch}, dim={s.dim}, classes={n})",
        f"target = torch.tensor({target.tolist()})",
        *noise,
    ]
    return "\n\n\n".join([f"{title}\n\n{_IMPORTS}", *functions, "\n".join(batch) + "\n" + _STEPS])


def _noise(s: Settings, q: Tensor, target: Tensor, samples: Tensor) -> list[str] | None:
    """The noise by its formula and the samples from the seed, or both written out."""
    if (formula := _formula(s, q)) is not None:
        return [*formula, f"samples = draw(q, uniforms(seed={s.seed}, draw={s.draw - 1}, k={s.samples}))"]
    if len(samples) > MOST_LITERALS:
        return None
    needed = sorted({*target.tolist(), *samples.tolist()})
    return [
        f"samples = torch.tensor({samples.tolist()})  # drawn from this noise by the probabilities of all classes",
        f"q = torch.zeros({len(q)}, dtype=torch.float64)",
        f"q[{needed}] = torch.tensor({q[needed].tolist()}, dtype=torch.float64)  # only these are needed",
    ]


def _formula(s: Settings, q: Tensor) -> list[str] | None:
    n = len(q)
    match s.noise:
        case "uniform":
            return [f"q = torch.full(({n},), 1 / {n}, dtype=torch.float64)"]
        case "log_uniform":
            return [f"q = (1 / torch.arange(1, {n + 1}, dtype=torch.float64)).log1p() / math.log1p({n})"]
        case "custom":
            given = [f"q[{c}] = {weight!r}" for c, weight in s.weights]
            return [f"q = torch.ones({n}, dtype=torch.float64)", *given, "q = q / q.sum()"]
        case _ if n <= MOST_LITERALS:
            return [f"q = torch.tensor({q.tolist()}, dtype=torch.float64)"]
        case _:
            return None
