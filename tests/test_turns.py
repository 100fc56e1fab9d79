"""Turns: who works, who waits, and who leaves the line."""

import threading
import time

import pytest

from ssm.explorer.ui import turns
from ssm.explorer.ui.turns import Turns

SECONDS = 10


class GoneError(Exception):
    """The viewer waits no longer."""


class Viewer(threading.Thread):
    """Somebody with long work, which begins in its turn and ends when it is told to."""

    def __init__(self, line, name, begun):
        super().__init__(name=name, daemon=True)
        self.line, self.begun = line, begun
        self.done, self.gone, self.left = threading.Event(), threading.Event(), False
        self.start()

    def wanted(self):
        if self.gone.is_set():
            raise GoneError

    def run(self):
        try:
            with self.line.work(self.wanted, long=True):
                self.begun.append(self.name)
                self.done.wait(SECONDS)
        except GoneError:
            self.left = True


def in_line(line, viewers):
    """Wait until so many stand in line."""
    deadline = time.monotonic() + SECONDS
    while len(line._line) != viewers:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def waiting(line, names):
    """Some viewers, who come one after another."""
    begun: list[str] = []
    found: list[Viewer] = []
    for name in names:
        found.append(Viewer(line, name, begun))
        in_line(line, len(found))
    return begun, found


def test_long_work_is_done_one_at_a_time_in_the_order_in_which_it_came():
    line = Turns()
    begun, viewers = waiting(line, "abc")
    for viewer in viewers:
        viewer.done.set()
        viewer.join(SECONDS)
        in_line(line, 2 - viewers.index(viewer))
    assert begun == ["a", "b", "c"]


def test_who_no_longer_waits_leaves_the_line():
    line = Turns()
    begun, (first, second, third) = waiting(line, "abc")
    second.gone.set()
    second.join(SECONDS)
    assert second.left
    assert begun == ["a"]
    first.done.set()
    third.done.set()
    third.join(SECONDS)
    assert begun == ["a", "c"]


def test_work_that_fails_gives_its_turn_on():
    line = Turns()
    with pytest.raises(ZeroDivisionError), line.work(lambda: None, long=True):
        raise ZeroDivisionError
    assert line._line == []


def test_light_work_waits_for_nobody():
    line = Turns()
    _, (first,) = waiting(line, "a")
    with line.work(lambda: None, long=False) as on_chunk:
        on_chunk()
        assert len(line._line) == 1
    first.done.set()


def test_work_that_has_become_long_takes_its_turn(monkeypatch):
    monkeypatch.setattr(turns, "SECONDS_OF_LIGHT_WORK", 0.0)
    line = Turns()
    with line.work(lambda: None, long=False) as on_chunk:
        time.sleep(0.001)
        assert len(line._line) == 0
        on_chunk()
        on_chunk()
        assert len(line._line) == 1
    assert line._line == []


@pytest.mark.parametrize("long", [False, True])
def test_every_chunk_asks_whether_its_viewer_still_waits(long):
    asked = []
    with Turns().work(lambda: asked.append("?"), long=long) as on_chunk:
        on_chunk()
        on_chunk()
    assert asked == ["?", "?"]
