"""The chapters, in the order in which they are read."""

from ssm.explorer.story.softmax import SPIKE

CHAPTERS = (SPIKE,)
