"""The Story: a chapter at a time, on the same stage."""

from ssm.explorer.pages import STORY
from ssm.explorer.ui.explorer import stage

stage(STORY)
