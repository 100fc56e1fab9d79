"""The Story: eight chapters from the full softmax to when to leave the sampled one."""

from ssm.explorer.pages.record import Page
from ssm.explorer.story import CHAPTERS

STORY = Page(
    name="story",
    title="Story",
    path="story",
    question="Why sample a softmax, what does it cost, and when should one not?",
    panels=tuple(dict.fromkeys(name for chapter in CHAPTERS for name in chapter.frame.panels)),
    sentence=[],
    strip=(),
    chapters=CHAPTERS,
)
