"""Jobs: one a viewer, a few at a time, the others in line; paused, stopped, and ended when nobody looks any more."""

import contextlib
import os
import sys
import threading
import time

import pytest

from ssm.explorer.ui import jobs
from ssm.explorer.ui.jobs import Jobs


class Count:
    """Work that counts, a hundredth of a second each."""

    def __init__(self, most=10**6):
        self.count, self.most, self.ended = 0, most, 0

    @property
    def finished(self):
        return self.count >= self.most

    def advance(self):
        time.sleep(0.01)
        self.count += 1

    def found(self):
        return {"count": self.count}

    def answer(self, text):
        return {"said": text}

    def end(self):
        self.ended += 1


class Fails(Count):
    """Work that goes wrong."""

    def advance(self):
        raise RuntimeError


class Gives(Count):
    """Work that holds something until it is told to rest."""

    def __init__(self):
        super().__init__()
        self.holds = False

    def advance(self):
        self.holds = True
        super().advance()

    def rest(self):
        self.holds = False


class Slow(Count):
    """Work that does not know before the gate opens whether it is finished."""

    def __init__(self):
        super().__init__()
        self.gate = threading.Event()

    @property
    def finished(self):
        self.gate.wait(10)
        return False


def until(holds, seconds=5.0):
    """Wait for something to hold."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come to hold"
        time.sleep(0.01)


@pytest.fixture
def line():
    """One place."""
    made = Jobs(places=1)
    yield made
    for viewer in list(made._held):
        made.stop(viewer)


def start(line, viewer, work=None):
    """Start a job that counts."""
    work = work or Count()
    line.start(viewer, "count", "v=1", lambda: work)
    return work


def thread_of(line, viewer):
    """The thread of a job."""
    return line._held[viewer].thread


def counted(line, viewer):
    """How far a job has come."""
    found = line.look(viewer)["found"]
    return found["count"] if found else 0


def test_a_job_goes_on_and_tells_what_it_found(line):
    start(line, "ann")
    until(lambda: counted(line, "ann") > 3)
    seen = line.look("ann")
    assert (seen["kind"], seen["query"], seen["state"], seen["ahead"]) == ("count", "v=1", "running", 0)


def test_a_job_that_is_done_says_so_and_can_still_be_asked(line):
    start(line, "ann", Count(most=3))
    until(lambda: line.look("ann")["state"] == "done")
    assert line.look("ann")["found"] == {"count": 3}
    assert line.answer("ann", "well?") == {"said": "well?"}


def test_who_comes_later_waits_and_hears_how_many_go_first(line):
    for viewer in ("ann", "bob", "cyd"):
        start(line, viewer)
    until(lambda: counted(line, "ann") > 0)
    assert [line.look(viewer)["ahead"] for viewer in ("ann", "bob", "cyd")] == [0, 1, 2]
    assert line.look("bob") == {"kind": "count", "query": "v=1", "state": "waiting", "ahead": 1, "found": None}
    line.stop("ann")
    until(lambda: counted(line, "bob") > 0)
    assert line.look("cyd")["ahead"] == 1


def test_two_places_are_for_two():
    two = Jobs(places=2)
    for viewer in ("ann", "bob", "cyd"):
        start(two, viewer)
    until(lambda: counted(two, "ann") > 2 and counted(two, "bob") > 2)
    assert two.look("cyd")["state"] == "waiting"
    for viewer in ("ann", "bob", "cyd"):
        two.stop(viewer)


def test_a_viewer_has_one_job_and_a_new_one_ends_the_old(line):
    old = start(line, "ann")
    until(lambda: old.count > 0)
    thread = thread_of(line, "ann")
    new = start(line, "ann")
    until(lambda: new.count > 0)
    thread.join(1)
    assert not thread.is_alive()


def test_a_job_that_rests_stands_still_and_leaves_its_place(line):
    ann, bob = start(line, "ann"), start(line, "bob")
    until(lambda: ann.count > 0)
    line.pause("ann")
    until(lambda: bob.count > 0)
    assert line.look("ann")["state"] == "paused"
    rested = ann.count
    until(lambda: bob.count > 10)
    assert ann.count == rested
    line.stop("bob")
    line.resume("ann")
    until(lambda: ann.count > rested)


def test_a_job_that_rests_holds_nothing_until_it_goes_on(line):
    work = start(line, "ann", Gives())
    until(lambda: work.count > 0)
    line.pause("ann")
    until(lambda: not work.holds)
    rested = work.count
    until(lambda: line.look("ann")["found"] == {"count": rested})
    line.resume("ann")
    until(lambda: work.count > rested and work.holds)


def test_a_stopped_job_ends_within_a_second_and_keeps_what_it_found(line):
    work = start(line, "ann")
    until(lambda: work.count > 0)
    thread = thread_of(line, "ann")
    line.stop("ann")
    thread.join(1)
    assert not thread.is_alive()
    assert line.look("ann")["state"] == "stopped"
    assert counted(line, "ann") == work.count


def test_a_job_that_waits_can_be_stopped_too(line):
    start(line, "ann")
    start(line, "bob")
    thread = thread_of(line, "bob")
    line.stop("bob")
    thread.join(1)
    assert not thread.is_alive()
    assert line.look("bob")["found"] is None


@pytest.mark.parametrize("rests", [False, True], ids=["at work", "at rest"])
def test_a_job_that_nobody_looks_at_ends(rests):
    line = Jobs(places=1, silence=0.3)
    work = start(line, "ann")
    until(lambda: work.count > 0)
    thread = thread_of(line, "ann")
    if rests:
        line.pause("ann")
    thread.join(2)
    assert not thread.is_alive()
    assert line.look("ann")["state"] == "left"


def test_a_job_that_is_looked_at_does_not_end():
    line = Jobs(places=1, silence=0.3)
    work = start(line, "ann")
    end = time.monotonic() + 0.9
    while time.monotonic() < end:
        assert line.look("ann")["state"] == "running"
        time.sleep(0.05)
    before = work.count
    until(lambda: work.count > before)
    line.stop("ann")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_work_that_goes_wrong_says_so_and_leaves_its_place(line):
    wrong = start(line, "ann", Fails())
    until(lambda: line.look("ann")["state"] == "failed")
    thread_of(line, "ann").join(5)  # what it raises is seen in this test and no other
    assert wrong.ended == 1
    work = start(line, "bob")
    until(lambda: work.count > 0)


def test_a_full_line_is_refused(line, monkeypatch):
    monkeypatch.setattr(jobs, "MOST", 2)
    start(line, "ann")
    start(line, "bob")
    with pytest.raises(ValueError, match=r"^the line must have at most 2 jobs, got 2; come back later$"):
        start(line, "cyd")
    start(line, "bob")  # instead of their own


def test_only_the_newest_of_what_is_over_holds_its_work(line, monkeypatch):
    monkeypatch.setattr(jobs, "_WORKS", 1)
    for viewer in ("ann", "bob", "cyd"):
        start(line, viewer, Count(most=1))
        until(lambda viewer=viewer: line.look(viewer)["state"] == "done")
        thread_of(line, viewer).join(1)
    assert line.answer("ann", "?") is None
    assert line.answer("cyd", "?") == {"said": "?"}
    assert line.look("ann")["found"] == {"count": 1}


def test_whoever_starts_many_jobs_ends_none_of_the_others(line, monkeypatch):
    monkeypatch.setattr(jobs, "KEPT", 3)
    work = start(line, "ann")
    start(line, "bob")
    line.pause("bob")
    start(line, "cyd")
    for i in range(5):
        start(line, f"made up {i}")
        line.stop(f"made up {i}")
    assert [line.look(viewer)["state"] for viewer in ("ann", "bob", "cyd")] == ["running", "paused", "waiting"]
    before = work.count
    until(lambda: work.count > before)
    assert len(line._held) == 4  # the three that are not over, and the newest
    with pytest.raises(LookupError):
        line.look("made up 3")


@pytest.mark.skipif(sys.platform != "linux", reason="a thread has no priority of its own")
def test_a_job_goes_on_where_the_server_itself_gives_way_to_others(line, monkeypatch):
    """Only the superuser may raise a priority: here nobody may."""
    given = {}

    def lower(_which, thread, nice):
        if nice < 15:
            raise PermissionError
        given[thread] = nice

    monkeypatch.setattr(os, "getpriority", lambda _which, _thread: 15)
    monkeypatch.setattr(os, "setpriority", lower)
    work = start(line, "ann")
    until(lambda: work.count > 0)
    assert given == {thread_of(line, "ann").native_id: 15}


def test_a_job_without_a_thread_is_refused_and_holds_no_place(line, monkeypatch):
    def none(_thread):
        raise RuntimeError

    said = "the server must have a thread for each job, got none; come back later"
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", none)
        with pytest.raises(ValueError, match=f"^{said}$"):
            start(line, "ann")
    assert line.look("ann")["state"] == "failed"
    work = start(line, "bob")
    until(lambda: work.count > 0)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_ends_for_whatever_reason_leaves_its_place(line):
    class Leaves(Count):
        def advance(self):
            raise SystemExit

    left, work = start(line, "ann", Leaves()), start(line, "bob")
    until(lambda: work.count > 0)
    assert line.look("ann")["state"] == "failed"
    thread_of(line, "ann").join(5)  # what it raises is seen in this test and no other
    assert left.ended == 1


def test_work_that_others_let_go_of_while_it_is_done_is_ended_all_the_same(monkeypatch):
    """A stopped job's thread is still there when another job ends and the old works are let go of."""
    monkeypatch.setattr(jobs, "_WORKS", 1)
    two = Jobs(places=2)
    slow = start(two, "ann", Slow())
    until(lambda: slow.count > 0)
    thread = thread_of(two, "ann")
    two.stop("ann")
    start(two, "bob", Count(most=1))
    until(lambda: two.look("bob")["state"] == "done")
    thread_of(two, "bob").join(1)
    assert two._held["ann"].work is None
    slow.gate.set()
    thread.join(1)
    assert slow.ended == 1


def test_two_starts_of_one_viewer_at_once_leave_one_job(line, monkeypatch):
    """Each waits, once it has stopped what there was, for the other to have done so too."""
    stop, both = line.stop, threading.Barrier(2, timeout=0.3)

    def stop_and_wait(viewer):
        stop(viewer)
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait()

    with monkeypatch.context() as patch:
        patch.setattr(line, "stop", stop_and_wait)
        threads = [threading.Thread(target=start, args=(line, "ann")) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(2)
    assert line._line == [line._held["ann"]]


@pytest.mark.parametrize("what", ["look", "pause", "resume"])
def test_who_has_no_job_is_told_so(line, what):
    with pytest.raises(LookupError, match=r"^viewer must be one with a job, got ann; start one$"):
        getattr(line, what)("ann")


def test_whatever_ends_a_job_its_work_is_told_once(line):
    line._silence = 0.2
    works = {"done": start(line, "ann", Count(most=3))}
    until(lambda: works["done"].ended)
    works["left"] = start(line, "cyd")
    until(lambda: works["left"].ended)
    works["stopped"] = start(line, "dan")
    until(lambda: works["stopped"].count > 0 and not works["stopped"].ended)
    line.stop("dan")
    until(lambda: all(work.ended for work in works.values()))
    assert {name: work.ended for name, work in works.items()} == dict.fromkeys(works, 1)


def test_to_stop_what_is_not_there_is_nothing(line):
    line.stop("ann")
    assert line._held == {}
