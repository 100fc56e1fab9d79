"""Export: what leaves Python for a page, and the page as one file that needs neither server nor network."""

from ssm.explorer.export.lesson import Lesson as Lesson
from ssm.explorer.export.lesson import lesson as lesson
from ssm.explorer.export.lesson import page as page
from ssm.explorer.export.saving import save as save
