"""Jobs: long work in the background, one a viewer and a few at a time; the others wait in line, and hear how long."""

import os
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Protocol, final, runtime_checkable

from ssm import checks

SILENCE = 15.0  # seconds without a look from its page after which a job ends
MOST = 20  # jobs that are not over
KEPT = 100  # viewers whose last job is remembered, or a few more: one that is not over stays
_WORKS = 4  # of jobs that are over: so many can still be asked
_SECONDS_BETWEEN_LOOKS = 0.1  # of a job that waits: whether its turn has come
_NICENESS = 10  # of a job's thread, so that the answers to everybody else go first
_OVER = ("done", "stopped", "left", "failed")


class Work(Protocol):
    """What a job does: `advance` again and again, each for a fraction of a second, until it is `finished`."""

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to do."""

    def advance(self) -> None:
        """Do a little."""

    def found(self) -> Mapping[str, Any]:
        """What is known so far, as JSON can hold it."""

    def answer(self, text: str) -> Mapping[str, Any]:
        """What it says to something that the viewer typed; also when it is over."""

    def end(self) -> None:
        """Let nothing of it go on: it is over, done or not."""


@runtime_checkable
class Holding(Protocol):
    """Work that holds what others could use meanwhile, and can do without until it goes on."""

    def rest(self) -> None:
        """Let go of it; also where nothing is held. `advance` takes it anew."""


Make = Callable[[], Work]


@final
class _Job:
    def __init__(self, kind: str, query: str, make: Make) -> None:
        self.kind, self.query, self.make = kind, query, make
        self.state = "waiting"
        self.paused = False
        self.seen = time.monotonic()
        self.work: Work | None = None
        self.found: Mapping[str, Any] | None = None
        self.lock = threading.Lock()  # of the work
        self.thread: threading.Thread | None = None

    @property
    def over(self) -> bool:
        return self.state in _OVER

    def advance(self, work: Work) -> None:
        """Do a little."""
        with self.lock:
            work.advance()
            self.found = work.found()

    def rest(self) -> None:
        """Hold nothing while it is not this job's turn."""
        with self.lock:
            if isinstance(self.work, Holding):
                self.work.rest()
                self.found = self.work.found()


@final
class Jobs:
    """The jobs of all viewers.

    Args:
        places: how many are at work at a time.
        silence: seconds without a look after which a job ends.

    >>> Jobs().look("nobody")
    Traceback (most recent call last):
    LookupError: viewer must be one with a job, got nobody; start one
    """

    def __init__(self, places: int | None = None, silence: float = SILENCE) -> None:
        """Start without any."""
        self._places = places or max(1, os.cpu_count() or 1)
        self._silence = silence
        self._held: OrderedDict[str, _Job] = OrderedDict()
        self._line: list[_Job] = []  # the first are at work
        self._moved = threading.Condition()

    def start(self, viewer: str, kind: str, query: str, make: Make) -> None:
        """Put a viewer's job into the line; an earlier one of theirs ends.

        Args:
            viewer: what the page knows itself by.
            kind: what the job does.
            query: the link that it was asked for with.
            make: makes the work, when its turn has come.

        Raises:
            ValueError: too many others wait, or there is no thread for it.
        """
        job = _Job(kind, query, make)
        with self._moved:  # all of it at once: of two starts of one viewer, the second must see the first one's job
            self.stop(viewer)
            if (count := sum(not each.over for each in self._held.values())) >= MOST:
                checks.refuse("the line", f"at most {MOST} jobs", count, "come back later", verb="have")
            self._held[viewer] = job
            self._held.move_to_end(viewer)
            self._line.append(job)
            self._forget()
        job.thread = threading.Thread(target=self._carry_out, args=(job,), name=f"job {kind}", daemon=True)
        try:
            job.thread.start()
        except RuntimeError:
            self._over(job, "failed")
            checks.refuse("the server", "a thread for each job", checks.Said("none"), "come back later", verb="have")

    def pause(self, viewer: str) -> None:
        """Let a job rest; another may have its place."""
        job = self._of(viewer)
        with self._moved:
            if not job.over:
                job.paused = True
                self._leave(job)

    def resume(self, viewer: str) -> None:
        """Put a job that rests to the end of the line."""
        job = self._of(viewer)
        with self._moved:
            if job.paused and not job.over:
                job.paused = False
                self._line.append(job)
                self._moved.notify_all()

    def stop(self, viewer: str) -> None:
        """End a job, if there is one; what it found stays."""
        with self._moved:
            if viewer in self._held:
                self._end(self._held[viewer], "stopped")

    def look(self, viewer: str) -> dict[str, Any]:
        """How a job does; a job that nobody looks at ends.

        Args:
            viewer: whose.

        Returns:
            Its ``kind`` and ``query``, its ``state``, how many are ``ahead`` of it in the line and ``found``.

        Raises:
            LookupError: the viewer has none, or none any more.
        """
        job = self._of(viewer)
        with self._moved:
            job.seen = time.monotonic()
            ahead = max(0, self._line.index(job) - self._places + 1) if job in self._line else 0
            state = job.state if job.over else "paused" if job.paused else "waiting" if ahead else "running"
            return {"kind": job.kind, "query": job.query, "state": state, "ahead": ahead, "found": job.found}

    def answer(self, viewer: str, text: str) -> Mapping[str, Any] | None:
        """What the work of a viewer says to a text; None before it has begun, or where it is no longer here."""
        job = self._of(viewer)
        with job.lock:
            return job.work.answer(text) if job.work else None

    def _of(self, viewer: str) -> _Job:
        job = self._held.get(viewer)
        if job is None:
            checks.refuse("viewer", "one with a job", checks.Said(viewer), "start one", error=LookupError)
        return job

    def _forget(self) -> None:
        """Let go of the oldest jobs that are over; the others are bounded by `MOST`, and nobody else may end them."""
        over = [viewer for viewer, job in self._held.items() if job.over]
        for viewer in over[: max(0, len(self._held) - KEPT)]:
            del self._held[viewer]

    def _carry_out(self, job: _Job) -> None:
        try:
            _give_way()
            if self._may_go_on(job):
                self._do(job, job.make())
        finally:  # however this thread ends, its job must not hold a place
            self._over(job, "failed")  # unless it is over already
            self._free()

    def _do(self, job: _Job, work: Work) -> None:
        """Do all of it. What is done and ended is `work`: another thread may let go of the job's own."""
        job.work = work
        try:
            while self._may_go_on(job):
                job.advance(work)
                if work.finished:
                    self._over(job, "done")
        finally:
            work.end()

    def _free(self) -> None:
        """Let go of the work of jobs that are long over: it holds memory, and what it found stays."""
        with self._moved:
            over = [each for each in self._held.values() if each.over and each.work]
        for each in over[:-_WORKS]:
            with each.lock:
                each.work = None

    def _may_go_on(self, job: _Job) -> bool:
        """Wait for the turn of a job, at rest meanwhile; False when it is over."""
        while True:
            with self._moved:
                if time.monotonic() - job.seen > self._silence:
                    self._end(job, "left")
                if job.over or job in self._line[: self._places]:
                    return not job.over
            job.rest()  # outside, for it may take a while
            with self._moved:
                if not job.over:
                    self._moved.wait(_SECONDS_BETWEEN_LOOKS)

    def _over(self, job: _Job, state: str) -> None:
        with self._moved:
            self._end(job, state)

    def _end(self, job: _Job, state: str) -> None:
        if not job.over:
            job.state = state
            self._leave(job)

    def _leave(self, job: _Job) -> None:
        if job in self._line:
            self._line.remove(job)
        self._moved.notify_all()


def _give_way() -> None:
    """Go after everybody else, and never before where this process does: that would be refused."""
    if sys.platform == "linux":  # where a thread has a priority of its own
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, max(_NICENESS, os.getpriority(os.PRIO_PROCESS, thread)))
