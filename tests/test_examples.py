"""The examples of hypothesis are those of the commit, whatever was imported or run before."""

import importlib

from hypothesis import given, settings
from hypothesis import strategies as st

MODULE = "SPEED, SIZE = {0.1 * i for i in range(9)}, 1_234_567\n" + "\n".join(f"X{i} = {i}.25" for i in range(50))


def examples():
    """Return what a test is given, as a list."""
    found = []

    @settings(max_examples=300)
    @given(number=st.floats(-1e4, 1e4), whole=st.integers(0, 10**7), word=st.text(max_size=5))
    def note(number, whole, word):
        found.append((number, whole, word))

    note()
    return found


def test_examples_do_not_depend_on_what_is_imported(tmp_path, monkeypatch):
    before = examples()
    (tmp_path / "another_room.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("another_room")
    assert examples() == before
