"""The Story: eight chapters from the full softmax to when to leave the sampled one."""

from ssm.explorer.figures import PANELS
from ssm.explorer.pages.record import Page
from ssm.explorer.story import CHAPTERS

_SHOWN = {name for chapter in CHAPTERS for name in chapter.frame.panels}

STORY = Page(
    name="story",
    title="Story",
    path="story",
    question="Why sample a softmax, what does it cost, and when should one not?",
    panels=tuple(name for name in PANELS if name in _SHOWN),
    sentence=[],
    strip=(),
    frame=CHAPTERS[0].frame,
    chapters=CHAPTERS,
)
