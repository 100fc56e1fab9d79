"""Turns: who works, who waits, and who leaves the line."""

import threading
import time

import pytest

from ssm.explorer.ui import turns
from ssm.explorer.ui.turns import Line, Turns

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
            with self.line.turn(self.wanted):
                self.begun.append(self.name)
                self.done.wait(SECONDS)
        except GoneError:
            self.left = True


def in_line(line, viewers):
    """Wait until so many stand in line."""
    deadline = time.monotonic() + SECONDS
    while len(line) != viewers:
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


def test_who_came_first_is_first_and_one_is_at_work_at_a_time():
    line = Line()
    begun, viewers = waiting(line, "abc")
    for viewer in viewers:
        viewer.done.set()
        viewer.join(SECONDS)
        in_line(line, 2 - viewers.index(viewer))
    assert begun == ["a", "b", "c"]


def test_who_no_longer_waits_leaves_the_line():
    line = Line()
    begun, (first, second, third) = waiting(line, "abc")
    second.gone.set()
    second.join(SECONDS)
    assert second.left
    assert begun == ["a"]
    first.done.set()
    third.done.set()
    third.join(SECONDS)
    assert begun == ["a", "c"]


@pytest.mark.parametrize("long", [False, True])
def test_work_that_fails_gives_its_turn_on(long):
    line = Turns()
    with pytest.raises(ZeroDivisionError), line.work(lambda: None, long=long):
        raise ZeroDivisionError
    assert len(line.light) == len(line.long) == 0


def test_light_work_does_not_wait_for_long_work():
    line = Turns()
    _, (first,) = waiting(line.long, "a")
    with line.work(lambda: None, long=False) as on_chunk:
        on_chunk()
        assert len(line.light) == len(line.long) == 1
    first.done.set()


def test_light_work_waits_for_light_work():
    line = Turns()
    _, (first,) = waiting(line.light, "a")
    asked = []

    def wanted():
        asked.append(len(line.light))
        first.done.set()

    with line.work(wanted, long=False):
        assert asked[0] == 2
        assert len(line.light) == 1


def test_work_that_has_become_long_makes_way_and_takes_its_turn(monkeypatch):
    monkeypatch.setattr(turns, "SECONDS_OF_LIGHT_WORK", 0.0)
    line = Turns()
    with line.work(lambda: None, long=False) as on_chunk:
        time.sleep(0.001)
        assert (len(line.light), len(line.long)) == (1, 0)
        on_chunk()
        on_chunk()
        assert (len(line.light), len(line.long)) == (0, 1)
    assert len(line.light) == len(line.long) == 0


@pytest.mark.parametrize("long", [False, True])
def test_every_chunk_asks_whether_its_viewer_still_waits(long):
    asked = []
    with Turns().work(lambda: asked.append("?"), long=long) as on_chunk:
        on_chunk()
        on_chunk()
    assert asked == ["?", "?"]
