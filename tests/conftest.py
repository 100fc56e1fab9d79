"""What all tests share: the same verdict for the same commit, and the browser last."""

from pathlib import Path

import pytest
from hypothesis import settings

BROWSER = Path(__file__).parent / "browser"

# Shared machines stall: no example fails for its time. The examples are a function of the test, so that a
# commit which passed passes again.
settings.register_profile("ssm", deadline=None, derandomize=True)
settings.load_profile("ssm")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests in tests/browser, and run them after the quick ones."""
    for item in items:
        if BROWSER in item.path.parents:
            item.add_marker("browser")
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)
