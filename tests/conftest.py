"""What all tests share: the same verdict for the same commit, and the browser last."""

import os
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis.internal.conjecture import providers

# Tests run beside one another, each of them and what it starts on one thread.
os.environ.setdefault("OMP_NUM_THREADS", "1")

BROWSER = Path(__file__).parent / "browser"

# Shared machines stall: no example fails for its time. The examples are a function of the test, so that a
# commit which passed passes again.
settings.register_profile("ssm", deadline=None, derandomize=True)
settings.load_profile("ssm")
# Fresh examples and ten times as many: `make fuzz`.
settings.register_profile("fuzz", deadline=None, max_examples=1000, print_blob=True)

# Hypothesis also tries the constants of all local modules that are imported by then, so that the examples of a test
# would depend on the tests before it and on which files are run. It has no setting for that; tests/test_examples.py
# holds that this works.
providers._get_local_constants = lambda: providers._local_constants


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests in tests/browser, and run them after the quick ones."""
    for item in items:
        if BROWSER in item.path.parents:
            item.add_marker("browser")
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)
