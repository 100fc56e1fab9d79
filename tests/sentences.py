"""Refusals as tests see them: the whole sentence or nothing."""

import re

import pytest


def refuses(sentence):
    """Expect a ValueError that says exactly this."""
    return pytest.raises(ValueError, match=rf"\A{re.escape(sentence)}\Z")
