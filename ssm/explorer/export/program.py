"""The program behind a picture: what torch alone needs to find the numbers of a state again, cell by cell."""

from collections.abc import Callable
from inspect import getsource
from typing import NamedTuple

from ssm import checks
from ssm.explorer import settings as choices
from ssm.explorer.experiment import five_steps, formulas, portable
from ssm.explorer.export.spec import PREVIEW_CLASSES
from ssm.explorer.problems import Problem
from ssm.explorer.settings import FIELDS, Settings

MOST_LITERALS = 200  # numbers that are written out; more are read from a file
DATA = "problem.json"

_READS = "import json\n", "from pathlib import Path\n"
_LOGISTIC = {"nce", "negative_sampling"}
_FULL = """
loss_full = float((x - x[t]).logsumexp(0))
gradient_full = torch.softmax(x, 0)  # the forest: p_c of every class
gradient_full[t] = 0
gradient_full[t] = -gradient_full.sum()  # the spike: p_t - 1

print("loss_full", loss_full)
print("gradient_full", gradient_full)
"""
_ONE = """
def one(i: int) -> tuple[Tensor, float, Tensor]:
    \"\"\"Draw i, counted from 1: its samples, its loss and its gradient by every score.\"\"\"
    samples = draw({source}, uniforms(seed, i - 1, k))
    scores = x.clone().requires_grad_()
    loss = {estimator}(scores, t, samples, q)
    loss.backward()
    return samples, float(loss.detach()), scores.grad


def off(gradient: Tensor) -> float:
    \"\"\"The L2 distance from the full gradient.\"\"\"
    return float((gradient - gradient_full).norm())


samples, loss_draw, gradient = one({draw})
error_draw = off(gradient)
relative_draw = error_draw / float(gradient_full.norm())

print("samples", samples.tolist())
print("loss_draw", loss_draw)
print("gradient", gradient)
print("error_draw", error_draw, "relative_draw", relative_draw)
"""
_MEAN = """
mean, loss_mean = torch.zeros_like(x), 0.0
for i in range(1, {after}):
    _, loss, gradient_of_i = one(i)
    mean += gradient_of_i / {averaged}
    loss_mean += loss / {averaged}
error_mean = off(mean)
relative_mean = error_mean / float(gradient_full.norm())

print("loss_mean", loss_mean)
print("mean", mean)
print("error_mean", error_mean, "relative_mean", relative_mean)
"""


class Cell(NamedTuple):
    """A piece of the program, and a sentence on it."""

    says: str
    code: str


def cells(settings: Settings, table: Problem | None = None, link: str = "") -> list[Cell]:
    """The program in pieces.

    Args:
        settings: what the viewer chose.
        table: the viewer's own, where the settings name one that is not in the link.
        link: where the picture is, for the first sentence.

    Returns:
        Pieces that run one after the other.

    Raises:
        ValueError: the settings do not fit their problem, or the table is not here or too large.

    >>> [cell.says for cell in cells(Settings())][-1]
    'The average of 200 draws.'
    """
    s, problem = settings, choices.problem_of(settings, table)
    noise = choices.noise_of(s, problem)  # refuses what cannot be drawn from
    del noise
    numbers: list[Callable[..., object]] = [portable.words, portable.fraction, portable.uniforms]
    numbers += [portable.normals] if s.problem == "random" else []
    averaged = s.draws if s.average == "all" else s.draw
    source = "q_others" if s.handling == "excluded" else "q"
    one = _ONE.format(source=source, estimator=s.estimator, draw=s.draw)
    title = _title(s, problem)
    return [
        Cell(f"{title} {link}".strip(), _imports(s, problem)),
        Cell(
            "Random numbers by their position (Philox): a seed gives the same draws everywhere.",
            _sources(*numbers, five_steps.draw),
        ),
        Cell("The problem: scores x and the target t.", "\n".join(_problem(s, problem))),
        Cell("The noise q, from which k classes are drawn.", "\n".join(_noise(s, problem))),
        Cell("The full softmax: a score for every class.", _FULL.strip()),
        Cell(
            f"One draw of {_name(s)}.",
            _sources(getattr(formulas, s.estimator)) + "\n\n\n" + one.strip(),
        ),
        Cell(f"The average of {averaged:,} draws.", _MEAN.format(averaged=averaged, after=averaged + 1).strip()),
    ]


def program(settings: Settings, table: Problem | None = None, link: str = "") -> str:
    """The program as one file of Python.

    Args:
        settings: as `cells`.
        table: likewise.
        link: likewise.

    Returns:
        Its text.

    Raises:
        ValueError: as `cells`.

    >>> "import ssm" in program(Settings())
    False
    """
    (first, *rest) = cells(settings, table, link)
    parts = [f'"""{first.says}"""\n\n{first.code}', *(f"# {says}\n\n{code}" for says, code in rest)]
    return "\n\n\n".join(parts) + "\n"


def _title(s: Settings, problem: Problem) -> str:
    what = _name(s)
    size = f"{problem.classes:,} classes, {s.samples:,} samples, {s.noise.replace('_', '-')} noise, seed {s.seed}"
    return f"{what[0].upper()}{what[1:]}: {size}. Needs torch alone."


def _imports(s: Settings, problem: Problem) -> str:
    first, last = _READS if _is_read(s, problem) else ("", "")
    logistic = "\nfrom torch.nn.functional import logsigmoid" if s.estimator in _LOGISTIC else ""
    return f"{first}import math\n{last}\nimport torch\nfrom torch import Tensor{logistic}"


def _is_read(s: Settings, problem: Problem) -> bool:
    """Whether the classes are too many to be written out, and follow from no seed."""
    return s.problem != "random" and problem.classes > MOST_LITERALS


def _name(s: Settings) -> str:
    return str(FIELDS["estimator"].span()["choices"][s.estimator])


def _sources(*functions: Callable[..., object]) -> str:
    return "\n\n\n".join(getsource(function).strip() for function in functions)


def _problem(s: Settings, problem: Problem) -> list[str]:
    if s.problem == "random":
        x = [f"x = {s.spread!r} * normals(0, {problem.classes})"]
    elif _is_read(s, problem):
        x = _read(s, problem)
    else:
        return [
            f"x = torch.tensor({problem.scores.tolist()}, dtype=torch.float64)",
            f"names = {list(problem.names)!a}",
            f"t = {problem.target}  # {problem.names[problem.target]!a}",
        ]
    return [*x, *(f"x[{c}] = {score!r}  # dragged" for c, score in s.edits), f"t = {problem.target}"]


def _read(s: Settings, problem: Problem) -> list[str]:
    """Lines that read what is too long to be written out, and that the server lists."""
    if problem.classes > PREVIEW_CLASSES:
        rule, way_out = f"at most {PREVIEW_CLASSES:,} classes for a program", "take fewer of them"
        checks.refuse("the table", rule, problem.classes, way_out, verb="have")
    where = Settings(problem=s.problem, table=s.table).to_query()
    return [
        f"# Too many classes to write out here: save {DATA}?{where}, of the server that",
        f"# made this program, as {DATA} beside it.",
        f'problem = json.loads(Path("{DATA}").read_text("utf-8"))',
        'x = torch.tensor(problem["scores"], dtype=torch.float64)',
    ]


def _noise(s: Settings, problem: Problem) -> list[str]:
    lines = [f"k, seed = {s.samples}, {s.seed}", *_formula(s, problem)]
    if s.handling == "excluded":
        lines += ["q_others = q.clone()  # the target cannot be drawn", "q_others[t] = 0", "q_others /= q_others.sum()"]
    return lines


def _formula(s: Settings, problem: Problem) -> list[str]:
    n = problem.classes
    match s.noise:
        case "uniform":
            return [f"q = torch.full(({n},), 1 / {n}, dtype=torch.float64)"]
        case "log_uniform":
            return [f"q = (1 / torch.arange(1, {n + 1}, dtype=torch.float64)).log1p() / math.log1p({n})"]
        case "unigram":
            return [_counts(s, problem), f"q = counts**{s.power!r}", "q /= q.sum()"]
        case "softmax":
            return [f"q = torch.softmax(x / {s.temperature!r}, 0)"]
        case _:
            given = [f"q[{c}] = {weight!r}" for c, weight in s.weights]
            return [f"q = torch.ones({n}, dtype=torch.float64)", *given, "q /= q.sum()"]


def _counts(s: Settings, problem: Problem) -> str:
    n = problem.classes
    if s.problem == "random":
        return f"counts = 1e6 / torch.arange(1, {n + 1}, dtype=torch.float64)  # Zipf's law"
    if problem.counts is None or _is_read(s, problem):
        return 'counts = torch.tensor(problem["counts"], dtype=torch.float64)'
    return f"counts = torch.tensor({problem.counts.tolist()}, dtype=torch.float64)"
