"""Story: chapters as data, each a claim with the state in which it is seen, and where in them a reader is."""

from ssm.explorer.story.chapters import CHAPTERS as CHAPTERS
from ssm.explorer.story.place import Opened as Opened
from ssm.explorer.story.place import Place as Place
from ssm.explorer.story.place import opened as opened
from ssm.explorer.story.record import MOST_WORDS as MOST_WORDS
from ssm.explorer.story.record import Chapter as Chapter
from ssm.explorer.story.record import Level as Level
from ssm.explorer.story.record import Options as Options
