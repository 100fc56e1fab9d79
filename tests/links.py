"""Links as tests use them: the corpus that must load for ever, what a link restores, and links that nobody meant."""

import json
import random
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from ssm.explorer.pages import PAGES
from ssm.explorer.settings import Frame, Settings
from ssm.explorer.story import CHAPTERS, opened

CORPUS = Path(__file__).parent / "data/links.txt"
_BAD = (
    "javascript:alert(1)",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "%",
    "%zz",
    "%ff%fe",
    "%00",
    "&&==&",
    "\u202e\u0663",
    "1e999",
    "-1",
    "",
)


class Link(NamedTuple):
    """A line of the corpus: the path of the page, the link, and what it restores."""

    path: str
    query: str
    expected: dict[str, Any]


def corpus() -> list[Link]:
    """Read the corpus: path, link and JSON, separated by blanks."""
    lines = (line for line in CORPUS.read_text("utf-8").splitlines() if line and not line.startswith("#"))
    parts = (line.split(" ", 2) for line in lines)
    return [Link(path.removeprefix("/"), query, json.loads(expected)) for path, query, expected in parts]


class Restored(NamedTuple):
    """What a link restores, what the frame would be without it, and the chapter (0 where there is none)."""

    settings: Settings
    frame: Frame
    usual: Frame
    chapter: int
    notes: tuple[str, ...]


def restored(path: str, query: str) -> Restored:
    """Read a link as the page with that path does."""
    page = next(page for page in PAGES if page.path == path)
    came = urlencode(dict(parse_qsl(query.removeprefix("?"), keep_blank_values=True, errors="replace")))
    place, link, noted = opened(came) if page.chapters else (None, came, ())
    usual = place.here.frame if place else page.frame
    frame, complaints = Frame.from_query(link, usual)
    settings, notes = Settings.from_query(link)
    return Restored(settings, frame, usual, place.chapter if place else 0, (*noted, *complaints, *notes))


def told(path: str, query: str) -> dict[str, Any]:
    """The same as the corpus spells it: what the link says and the page, or the chapter, does not."""
    settings, frame, usual, chapter, notes = restored(path, query)
    written = chapter > 0 and settings == CHAPTERS[chapter - 1].settings
    own = {"as_written": True} if written else _changed(settings, Settings())
    around = _changed(replace(frame, hidden=tuple(name for name in frame.hidden if name not in usual.hidden)), usual)
    if not around.get("hidden", True):
        del around["hidden"]
    beside = {name: value for name, value in {"chapter": chapter, "notes": list(notes)}.items() if value}
    found: dict[str, Any] = json.loads(json.dumps(own | around | beside))
    return found


def _changed(record: Settings | Frame, usual: Settings | Frame) -> dict[str, Any]:
    values = {each.name: getattr(record, each.name) for each in fields(record)}
    return {name: value for name, value in values.items() if value != getattr(usual, name)}


def fuzzed(count: int, seed: int = 0) -> list[Link]:
    """Links that nobody meant: those of the corpus cut short, doubled, shuffled and filled with rubbish."""
    chance = random.Random(seed)
    known = corpus()
    return [_spoiled(chance.choice(known), chance) for _ in range(count)]


def _spoiled(link: Link, chance: random.Random) -> Link:
    parts = link.query.removeprefix("?").split("&")
    for _ in range(chance.randint(1, 3)):
        parts = chance.choice(_WAYS)(parts, chance)
    return Link(link.path, "?" + "&".join(parts), {})


def _cut(parts: list[str], chance: random.Random) -> list[str]:
    text = "&".join(parts)
    return text[: chance.randint(0, len(text))].split("&")


def _doubled(parts: list[str], chance: random.Random) -> list[str]:
    key = chance.choice(parts).partition("=")[0]
    return [*parts, f"{key}={chance.choice(_BAD)}", chance.choice(parts)]


def _shuffled(parts: list[str], chance: random.Random) -> list[str]:
    return chance.sample(parts, len(parts))


def _filled(parts: list[str], chance: random.Random) -> list[str]:
    """10 kB of rubbish, as a value of some key or as a key."""
    rubbish = "".join(chance.choices("abcXYZ019<>%&=;:,.'\"/\\ \u00e9\u2603", k=10_000))
    return [*parts, f"{chance.choice(['note', 'own', 'edits', 'panels', 'samples', 'x'])}={rubbish}"]


def _wrong(parts: list[str], chance: random.Random) -> list[str]:
    """Any field, ours or not, with a value that means harm or nothing."""
    names = [*Settings.__dataclass_fields__, *Frame.__dataclass_fields__, "v", "own", "chapter", "embed", "x"]
    return [*parts, f"{chance.choice(names)}={chance.choice(_BAD)}"]


_WAYS = (_cut, _doubled, _shuffled, _filled, _wrong)
