"""The chapters, in the order in which they are read."""

from ssm.explorer.story.judgement import BIASED, WHEN
from ssm.explorer.story.sampling import BACKWARD, CORRECTION, KEPT, NAIVE
from ssm.explorer.story.softmax import GROWTH, SPIKE

CHAPTERS = (SPIKE, GROWTH, NAIVE, KEPT, CORRECTION, BACKWARD, BIASED, WHEN)
