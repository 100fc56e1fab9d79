"""Settings: everything a viewer can choose, in one frozen record that is also the link."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Self

from ssm import checks
from ssm.checks import Handling, Hits
from ssm.explorer.problems import SCORE_LIMIT, Problem
from ssm.explorer.problems.columns import MOST_ROWS
from ssm.explorer.problems.tables import FINGERPRINT, MOST_PACKED
from ssm.explorer.settings import link
from ssm.explorer.settings.agreements import AtMost, Below, NeedsCounts, OnlyWith, conflicts
from ssm.explorer.settings.kinds import Choice, Notes, Real, Text, Whole, defaults_of, fields_of
from ssm.explorer.settings.link import VERSION
from ssm.explorer.settings.lists import Names, Pairs, PerClass, Several
from ssm.explorer.settings.notes import article_instead, replaced
from ssm.explorer.settings.shape import Shape, find_table, shape

DEFAULT_SEED = 810  # draw 1 of the article's example is then the article's own: bird, cat, dog, in both hits modes
MOST_DRAWS = 10_000
MOST_BATCH, MOST_DIM = 8, 8  # what a heat map can show

_PROBLEMS = {
    "article": "the article's example",
    "random": "random scores",
    "white": "the word after \u201cwhite\u201d",
    "own": "your own",
}
_NOISES = {
    "uniform": "uniform",
    "log_uniform": "log-uniform",
    "unigram": "unigram",
    "softmax": "softmax",
    "custom": "custom",
}
_ESTIMATORS = {
    "sampled_softmax": "sampled softmax",
    "naive_importance": "naive importance",
    "log_q": "log-q",
    "uncorrected": "uncorrected",
    "nce": "NCE",
    "negative_sampling": "negative sampling",
}
_OF_NOISES = {
    "uniform": "Every class alike.",
    "log_uniform": "By rank: the first classes most.",
    "unigram": "As often as counted, to a power.",
    "softmax": "The model itself: needs every score.",
    "custom": "By weights that are dragged.",
}
_OF_ESTIMATORS = {
    "sampled_softmax": "Tends to the full gradient as k grows.",
    "naive_importance": "Tends there too; wild if t is not drawn.",
    "log_q": "Another loss; its optimum is the truth.",
    "uncorrected": "Learns p / q, unless q is uniform.",
    "nce": "Scores become log-probabilities.",
    "negative_sampling": "Scores become log(p / (k q)).",
}
_REJECTING = tuple(name for name in _ESTIMATORS if checks.handling(None, name) == "rejected")
_LOSSES = {
    "full": "full softmax",
    "sampled_unigram": "sampled, unigram noise",
    "sampled_log_uniform": "sampled, log-uniform noise",
    "sampled_uniform": "sampled, uniform noise",
    "log_q": "log-q, unigram noise",
    "uncorrected": "uncorrected, unigram noise",
    "nce": "NCE, unigram noise",
    "negative_sampling": "negative sampling, unigram noise",
}
_HITS = {"rejected": "rejected when drawn", "excluded": "excluded before drawing"}
_OF_HITS = {"rejected": "A sample that is the target is thrown away.", "excluded": "The target cannot be drawn."}
_AVERAGES = {"all": "all draws", "so_far": "the draws so far"}
_VIEWS = {"distance": "all classes", "classes": "the five largest"}
_SCALES = {"scores": "scores", "weights": "weights, e^x"}
_PACKED = f"{FINGERPRINT.pattern}|[A-Za-z0-9_-]{{0,{MOST_PACKED}}}"
_OF_PROBLEM = ("target", "edits", "weights", "draw", "average")  # what another problem gives no meaning to
_CLASS = (Below("a class from 0 to {bound}"),)
_CLASSES = (Below("for classes from 0 to {bound}"),)
_COUNTS = (NeedsCounts(values=("unigram",), instead="uniform"),)
_LEFT = (
    OnlyWith(
        values=("excluded",),
        of="estimator",
        having=_REJECTING,
        instead="rejected",
        rule="other than excluded with {bound}, to which a hit is a sample like any other",
        words="Here a hit is a sample like any other.",
    ),
)
_DRAW = (AtMost("draws", "at most the number of draws, {bound}"),)


@dataclass(frozen=True)
class Settings:
    """Everything a viewer can choose: each setting with its default, its kind, its range and what it must agree with.

    A target that is left out, or None, becomes that of the problem; it stays None only where the problem is a table
    too large for a link, of which only the fingerprint is known here.

    Raises:
        ValueError: with a whole sentence, for a value that its field does not allow or that contradicts another.

    >>> Settings(samples=9, noise="softmax").to_query()
    'v=1&samples=9&noise=softmax'
    >>> Settings().target
    7
    """

    problem: Annotated[
        str, Choice("problem", "", "The classes, their scores and the target.", _PROBLEMS, resets=_OF_PROBLEM)
    ] = "article"
    table: Annotated[
        str,
        Text(
            "your own scores",
            "",
            "The table that was pasted or uploaded.",
            _PACKED,
            "a packed table",
            resets=_OF_PROBLEM,
            key="own",
        ),
    ] = ""
    classes: Annotated[int, Whole("classes", "n", "How many there are.", 2, MOST_ROWS, log=True)] = 1_000
    spread: Annotated[float, Real("spread", "\u03c3", "Standard deviation of the random scores.", 0.0, 20.0)] = 2.0
    target: Annotated[
        int | None,
        Whole("target", "t", "The right class.", 0, MOST_ROWS - 1, unset="the problem's own", agreements=_CLASS),
    ] = None
    edits: Annotated[
        Pairs,
        PerClass(
            "dragged scores", "x", "Scores moved by hand.", "score", -SCORE_LIMIT, SCORE_LIMIT, agreements=_CLASSES
        ),
    ] = ()
    samples: Annotated[int, Whole("samples", "k", "Classes drawn to stand for all others.", 1, 10_000, log=True)] = 3
    noise: Annotated[
        str, Choice("noise", "q", "Samples come from it.", _NOISES, promises=_OF_NOISES, agreements=_COUNTS)
    ] = "uniform"
    power: Annotated[
        float, Real("power", "a", "Noise is count^a: 0 is uniform, 1 the class frequencies.", 0.0, 2.0)
    ] = 0.75
    temperature: Annotated[
        float,
        Real("temperature", "\u03c4", "Noise is softmax(x / \u03c4): 1 is the model itself.", 0.05, 100.0, log=True),
    ] = 1.0
    weights: Annotated[
        Pairs,
        PerClass(
            "weights", "w", "Every class weighs 1 until its bar is dragged.", "weight", 1e-6, 1e6, agreements=_CLASSES
        ),
    ] = ()
    estimator: Annotated[
        str, Choice("estimator", "", "The loss over target and samples.", _ESTIMATORS, promises=_OF_ESTIMATORS)
    ] = "sampled_softmax"
    hits: Annotated[
        Hits,
        Choice(
            "accidental hits",
            "",
            "What happens to samples that are the target.",
            _HITS,
            promises=_OF_HITS,
            agreements=_LEFT,
        ),
    ] = "rejected"
    draws: Annotated[int, Whole("draws", "R", "How often the samples are drawn anew.", 10, MOST_DRAWS, log=True)] = 200
    seed: Annotated[int, Whole("seed", "", "The same seed replays the same draws.", 0, 2**32 - 1)] = DEFAULT_SEED
    device: Annotated[
        str, Text("device", "", "Where torch computes.", "cpu|cuda:[0-9]{1,2}", "cpu, or cuda: and a number")
    ] = "cpu"
    draw: Annotated[int, Whole("draw", "i", "The draw that the panels show.", 1, MOST_DRAWS, agreements=_DRAW)] = 1
    average: Annotated[str, Choice("average", "", "The draws that the outlined average covers.", _AVERAGES)] = "all"
    view: Annotated[str, Choice("convergence", "", "What the convergence panel follows.", _VIEWS)] = "distance"
    scale: Annotated[str, Choice("scores or weights", "", "What the score panels draw.", _SCALES)] = "scores"
    tolerance: Annotated[
        float,
        Real("tolerance", "", "The bias that is allowed, in parts of the full gradient.", 1e-4, 1.0, log=True),
    ] = 0.05
    batch: Annotated[int, Whole("batch", "B", "Examples of one step.", 1, MOST_BATCH, log=True)] = 4
    dim: Annotated[int, Whole("dimension", "d", "Numbers in an embedding.", 1, MOST_DIM, log=True)] = 4
    losses: Annotated[
        Names, Several("losses", "", "What is trained side by side.", "losses", tuple(_LOSSES), words=_LOSSES, least=1)
    ] = ("full", "sampled_unigram", "sampled_uniform", "uncorrected")
    negatives: Annotated[
        int, Whole("negatives", "", "Classes drawn at each step, for the whole batch.", 1, 1_000, log=True)
    ] = 64
    examples: Annotated[int, Whole("examples", "", "Of the step that is measured.", 1, 1_024, log=True)] = 128
    width: Annotated[
        int, Whole("width", "", "Numbers in an embedding of the step that is measured.", 8, 512, log=True)
    ] = 64

    def __post_init__(self) -> None:
        """Hold every value against its field, then against the others; find the target's class."""
        values = vars(self)
        for name, field in FIELDS.items():
            field.require(field.key or name, values[name], DEFAULTS[name])
        known = shape(values)
        require_agreement(values, known)
        if known and self.target is None:
            object.__setattr__(self, "target", known.target)

    @property
    def handling(self) -> Handling:
        """What becomes of hits: what was chosen, where the estimator leaves a choice."""
        return self.hits if self.estimator in _REJECTING else "kept"

    def to_query(self) -> str:
        """The link: the version, then every value that is not its default, in the order of the fields.

        Returns:
            Text to follow a "?", in characters that need no escaping, which `from_query` reads back exactly.

        >>> Settings(edits=((3, 1.5),), draws=1_000).to_query()
        'v=1&edits=3:1.5&draws=1000'
        """
        known = shape(vars(self))
        usual = {**DEFAULTS, "target": known and known.target}
        return "&".join([f"v={VERSION}", *link.write(vars(self), FIELDS, usual)])

    @classmethod
    def from_query(cls, query: str, table: Problem | None = None) -> tuple[Self, Notes]:
        """Read a link, whatever it holds.

        Args:
            query: the text after the "?"; of a key given twice the last counts.
            table: the viewer's own table, where the link holds only its fingerprint.

        Returns:
            The settings, and one sentence for each thing in the link that was changed or left out.

        >>> settings, notes = Settings.from_query("v=1&samples=0")
        >>> settings.samples, notes
        (1, ('samples must be a whole number from 1 to 10,000, got 0; 1 is used',))
        """
        found = link.read(query, FIELDS)
        settings, notes = cls._settled(found.values, table)
        return settings, (*found.notes, *notes)

    def patched(self, patch: Mapping[str, Any], table: Problem | None = None) -> tuple[Self, Notes]:
        """Change some settings, and what no longer agrees with them.

        Args:
            patch: new values by name; what their fields reset begins anew unless the patch has it too.
            table: the viewer's own table, where the settings hold only its fingerprint.

        Returns:
            The settings, and one sentence for each value that had to be repaired.

        Raises:
            ValueError: the patch names something that is no setting.

        >>> settings, notes = Settings(draw=150).patched({"draws": 100})
        >>> settings.draw, notes
        (100, ('draw must be at most the number of draws, 100, got 150; 100 is used',))
        """
        unknown = [name for name in patch if name not in FIELDS]
        if unknown:
            checks.refuse("patch", "of settings of this page", unknown, "leave that out")
        begun_anew = {name: DEFAULTS[name] for changed in patch for name in FIELDS[changed].resets}
        return self._settled({**vars(self), **begun_anew, **patch}, table)

    @classmethod
    def _settled(cls, given: Mapping[str, Any], table: Problem | None) -> tuple[Self, Notes]:
        """Settings from any values: each is made to hold, then to agree with the others."""
        values, notes = link.mend(given, FIELDS, DEFAULTS)
        without = _without_table(values, table)
        known = shape(values, table)
        repairs = []
        for conflict in conflicts(FIELDS, values, known):
            values[conflict.name] = conflict.instead
            repairs.append(replaced(*conflict[:3], conflict.spelled))
        if known and values["target"] is None:
            values["target"] = known.target
        return cls(**values), (*notes, *without, *repairs)


FIELDS = fields_of(Settings)
DEFAULTS = defaults_of(Settings)


def require_agreement(values: Mapping[str, Any], known: Shape | None) -> None:
    """Refuse the first value that disagrees with another."""
    for conflict in conflicts(FIELDS, values, known):
        checks.refuse(conflict.name, conflict.rule, conflict.value, f"use {conflict.spelled}")


def _without_table(values: dict[str, Any], table: Problem | None) -> Notes:
    """Fall back on the article's example where the viewer's own table cannot be had."""
    try:
        if values["problem"] == "own":
            find_table(values["table"], table)
    except ValueError as error:
        for name in ("problem", "table", *_OF_PROBLEM):
            values[name] = DEFAULTS[name]
        return (article_instead(error),)
    return ()
