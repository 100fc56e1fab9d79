"""Settings: everything a viewer can choose, in one frozen record that is also the link."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qsl

import torch

from ssm import checks, noise
from ssm.checks import Hits
from ssm.explorer import problems
from ssm.explorer.problems import Problem, tables
from ssm.explorer.settings import fields
from ssm.explorer.settings.kinds import Pairs
from ssm.noise import Noise

DEFAULT_SEED = 810  # draw 1 of the article's example is then the article's own: bird, cat, dog, in both hits modes
MOST_WORK = 10_000_000
FIELDS = fields.FIELDS
MOST_QUERY = 100_000
VERSION = "1"

_SILENT = frozenset({"v", "embed", "embed_options", "theme"})


@dataclass(frozen=True)
class Settings:
    """Everything a viewer can choose. Each name is also a key of the link.

    `FIELDS` tells what each may be. A target that is left out, or None, becomes the problem's own; it stays None only
    where that problem is a table too large for a link, whose mark is all that is known here.

    Raises:
        ValueError: with a whole sentence, for a value that its field does not allow or that contradicts another.

    >>> Settings(samples=9, noise="softmax").to_query()
    'v=1&samples=9&noise=softmax'
    >>> Settings().target
    7
    """

    problem: str = "article"
    own: str = ""
    classes: int = 1_000
    spread: float = 2.0
    target: int | None = None
    edits: Pairs = ()
    samples: int = 3
    noise: str = "uniform"
    power: float = 0.75
    temperature: float = 1.0
    weights: Pairs = ()
    hits: Hits = "rejected"
    draws: int = 200
    seed: int = DEFAULT_SEED
    device: str = "cpu"
    draw: int = 1
    average: str = "all"
    view: str = "distance"
    scale: str = "scores"

    def __post_init__(self) -> None:
        """Hold every value against its field, then against the others; find the target's class."""
        for name, field in FIELDS.items():
            value = getattr(self, name)
            if not field.holds(value):
                instead = field.write(field.nearest(value, DEFAULTS[name]))
                checks.refuse_setting(name, field.rule, value, instead)
        values = vars(self)
        shape = _shape(values)
        _require_agreement(values, shape)
        if shape and self.target is None:
            object.__setattr__(self, "target", shape.target)

    def to_query(self) -> str:
        """The link: the version, then every value that is not its default, in the order of the fields.

        Returns:
            Text to follow a "?", in characters that need no escaping, which `from_query` reads back exactly.

        >>> Settings(edits=((3, 1.5),), draws=1_000).to_query()
        'v=1&edits=3:1.5&draws=1000'
        """
        shape = _shape(vars(self))
        usual = {**DEFAULTS, "target": shape and shape.target}
        parts = [f"v={VERSION}"]
        for name, field in FIELDS.items():
            value = getattr(self, name)
            if value != usual[name]:
                parts.append(f"{name}={field.write(value)}")
        return "&".join(parts)

    @classmethod
    def from_query(cls, query: str, own: Problem | None = None) -> tuple[Self, tuple[str, ...]]:
        """Read a link, whatever it holds.

        Args:
            query: the text after the "?"; of a key given twice the last counts.
            own: the viewer's own table, where the link holds only its mark.

        Returns:
            The settings, and one sentence for each thing in the link that was changed or left out.

        >>> settings, notes = Settings.from_query("v=1&samples=0")
        >>> settings.samples, notes
        (1, ('samples must be a whole number from 1 to 10,000, got 0; 1 is used',))
        """
        given, notes = _parts(query)
        values = dict(DEFAULTS)
        for name, field in FIELDS.items():
            if name in given:
                values[name], more = field.mend(name, given[name], DEFAULTS[name])
                notes.extend(more)
        notes.extend(_mend_own(values, own))
        shape = _shape(values, own)
        for conflict in _conflicts(values, shape):
            values[conflict.name] = conflict.instead
            notes.append(checks.replaced(*conflict[:3], conflict.spelled))
        if shape and values["target"] is None:
            values["target"] = shape.target
        return cls(**values), tuple(notes)


DEFAULTS: Mapping[str, Any] = MappingProxyType({name: getattr(Settings, name) for name in FIELDS})


def problem_of(settings: Settings, own: Problem | None = None) -> Problem:
    """The problem that settings ask for, with the dragged scores and the chosen target in it.

    Args:
        settings: what the viewer chose.
        own: the viewer's own table, where the settings hold only its mark.

    Returns:
        Scores of shape [classes].

    Raises:
        ValueError: the table is not here, or the settings name classes that it does not have.

    >>> problem = problem_of(Settings(edits=((0, 2.5),), target=5))
    >>> problem.names[problem.target], problem.scores[0].item()
    ('dog', 2.5)
    """
    problem = _unedited(settings, own)
    _require_agreement(vars(settings), _shape_of(problem))
    scores = problem.scores.clone()
    for c, score in settings.edits:
        scores[c] = score
    target = problem.target if settings.target is None else settings.target
    return replace(problem, scores=scores, target=target)


def noise_of(settings: Settings, problem: Problem) -> Noise:
    """The noise that settings ask for, over the classes of a problem.

    Args:
        settings: what the viewer chose.
        problem: the problem, dragged scores and all: softmax noise follows them.

    Returns:
        Noise over the problem's classes.

    Raises:
        ValueError: unigram noise over a problem without counts.

    >>> settings = Settings(noise="custom", weights=((7, 3.0),))
    >>> noise_of(settings, problem_of(settings)).probs[7].item()
    0.25
    """
    match settings.noise:
        case "uniform":
            return noise.uniform(problem.classes)
        case "log_uniform":
            return noise.log_uniform(problem.classes)
        case "unigram":
            return noise.unigram(checks.counted(problem.counts), settings.power)
        case "softmax":
            return noise.softmax(problem.scores, settings.temperature)
        case _:
            weights = torch.ones(problem.classes, dtype=torch.float64)
            for c, weight in settings.weights:
                weights[c] = weight
            return noise.custom(weights)


def refuse_overwork(settings: Settings) -> None:
    """Stop before more work than one viewer may ask of a server that others share.

    Args:
        settings: what the viewer chose.

    Raises:
        ValueError: samples times draws is more than `MOST_WORK`.

    >>> refuse_overwork(Settings(samples=1_000, draws=10_000))
    """
    checks.work(settings.draws, settings.samples, MOST_WORK)


def _parts(query: str) -> tuple[dict[str, str], list[str]]:
    """The keys and texts of a link, and what is wrong with it as a whole."""
    if len(query) > MOST_QUERY:
        return {}, [checks.long_link(len(query), MOST_QUERY)]
    given = dict(parse_qsl(query.removeprefix("?"), keep_blank_values=True, errors="replace"))
    notes = []
    if given.get("v", VERSION) != VERSION:
        notes.append(checks.replaced("v", "1, the version of this page's links", given["v"], "1"))
    unknown = [key for key in given if key not in FIELDS and key not in _SILENT]
    if unknown:
        notes.append(checks.unknown_keys(unknown))
    return given, notes


def _mend_own(values: dict[str, Any], own: Problem | None) -> list[str]:
    """Fall back on the article's example where the viewer's own table cannot be had."""
    try:
        if values["problem"] == "own":
            _own_table(values["own"], own)
    except ValueError as error:
        for name in ("problem", "own", "target", "edits", "weights"):
            values[name] = DEFAULTS[name]
        return [checks.article_instead(error)]
    return []


def _own_table(packed: str, own: Problem | None) -> Problem:
    if not tables.DIGEST.fullmatch(packed):
        return tables.unpack(packed)
    if own is None or own.digest != packed:
        checks.refuse_absent_table()
    return own


def _unedited(settings: Settings, own: Problem | None) -> Problem:
    match settings.problem:
        case "random":
            return problems.random(settings.classes, settings.spread)
        case "own":
            return _own_table(settings.own, own)
        case preset:
            return problems.PRESETS[preset]()


class _Shape(NamedTuple):
    """What other settings must agree with."""

    classes: int
    target: int  # the problem's own
    counted: bool


def _shape(values: Mapping[str, Any], own: Problem | None = None) -> _Shape | None:
    """The shape of a problem without computing its scores; None where its table is not here."""
    match values["problem"]:
        case "random":
            return _Shape(values["classes"], problems.RANDOM_TARGET, counted=True)
        case "own" if own is None and tables.DIGEST.fullmatch(values["own"]):
            return None
        case "own":
            return _shape_of(_own_table(values["own"], own))
        case preset:
            return _shape_of(problems.PRESETS[preset]())


def _shape_of(problem: Problem) -> _Shape:
    return _Shape(problem.classes, problem.target, problem.counts is not None)


class _Conflict(NamedTuple):
    """A value that its field allows and another setting does not."""

    name: str
    rule: str
    value: object
    instead: Any

    @property
    def spelled(self) -> str:
        return "the rest" if isinstance(self.instead, tuple) else str(self.instead)


def _conflicts(values: Mapping[str, Any], shape: _Shape | None) -> Iterator[_Conflict]:
    draw, draws = values["draw"], values["draws"]
    if draw > draws:
        yield _Conflict("draw", f"at most the number of draws, {draws:,}", draw, draws)
    if shape is None:
        return
    last = shape.classes - 1
    target = values["target"]
    if target is not None and target > last:
        yield _Conflict("target", f"a class from 0 to {last:,}", target, last)
    for name in ("edits", "weights"):
        inside = tuple(pair for pair in values[name] if pair[0] <= last)
        if inside != values[name]:
            outside = values[name][len(inside)][0]
            yield _Conflict(name, f"for classes from 0 to {last:,}", outside, inside)
    if values["noise"] == "unigram" and not shape.counted:
        rule = "other than unigram where classes have no counts"
        yield _Conflict("noise", rule, "unigram", "uniform")


def _require_agreement(values: Mapping[str, Any], shape: _Shape | None) -> None:
    for conflict in _conflicts(values, shape):
        checks.refuse_setting(*conflict[:3], conflict.spelled)
