"""Fields: every setting as data, with its words on the page, its letter in the formulas and what it may be."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ssm.explorer.problems import SCORE_LIMIT
from ssm.explorer.problems.tables import DIGEST, MOST_PACKED, MOST_ROWS
from ssm.explorer.settings.kinds import Choice, Field, PerClass, Real, Text, Whole

MOST_DRAWS = 10_000

_PROBLEMS = {
    "article": "the article's example",
    "random": "random scores",
    "white": "the word after \u201cwhite\u201d in Moby-Dick",
    "own": "your own",
}
_NOISES = {
    "uniform": "uniform",
    "log_uniform": "log-uniform",
    "unigram": "unigram",
    "softmax": "softmax",
    "custom": "custom",
}
_HITS = {"rejected": "rejected when drawn", "excluded": "excluded before drawing"}
_AVERAGES = {"all": "all draws", "so_far": "the draws so far"}
_VIEWS = {"distance": "distance from the full gradient", "classes": "the five largest classes"}
_SCALES = {"scores": "scores", "weights": "weights, e^x against the target's"}
_PACKED = f"{DIGEST.pattern}|[A-Za-z0-9_-]{{0,{MOST_PACKED}}}"

_Fields = Mapping[str, Field[Any]]
FIELDS: _Fields = MappingProxyType(
    {
        "problem": Choice("problem", "", "The classes, their scores and the target.", _PROBLEMS),
        "own": Text("your own scores", "", "The table that was pasted or uploaded.", _PACKED, "a packed table"),
        "classes": Whole("classes", "n", "Classes to choose from.", 2, MOST_ROWS, log=True),
        "spread": Real("spread", "\u03c3", "Standard deviation of the random scores.", 0.0, 20.0),
        "target": Whole("target", "t", "The right class.", 0, MOST_ROWS - 1, unset="the problem's own"),
        "edits": PerClass("dragged scores", "x", "Scores moved by hand.", "score", -SCORE_LIMIT, SCORE_LIMIT),
        "samples": Whole("samples", "k", "Classes drawn to stand for all others.", 1, 10_000, log=True),
        "noise": Choice("noise", "q", "The distribution that samples are drawn from.", _NOISES),
        "power": Real("power", "a", "Noise is count^a: 0 is uniform, 1 the class frequencies.", 0.0, 2.0),
        "temperature": Real(
            "temperature", "\u03c4", "Noise is softmax(x / \u03c4): 1 is the model itself.", 0.05, 100.0, log=True
        ),
        "weights": PerClass("weights", "w", "Every class weighs 1 until its bar is dragged.", "weight", 1e-6, 1e6),
        "hits": Choice("accidental hits", "", "What happens to samples that are the target.", _HITS),
        "draws": Whole("draws", "R", "How often the samples are drawn anew.", 10, MOST_DRAWS, log=True),
        "seed": Whole("seed", "", "The same seed replays the same draws.", 0, 2**32 - 1),
        "device": Text("device", "", "Where torch computes.", "cpu|cuda:[0-9]{1,2}", "cpu, or cuda: and a number"),
        "draw": Whole("draw", "i", "The draw that the panels show.", 1, MOST_DRAWS),
        "average": Choice("average", "", "The draws that the outlined average covers.", _AVERAGES),
        "view": Choice("convergence", "", "What the convergence panel follows.", _VIEWS),
        "scale": Choice("scores or weights", "", "What the score panels draw.", _SCALES),
    }
)
