"""The running app: the server as `make run` starts it, on a free port of its own."""

import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[2]
SECONDS_TO_START = 90.0


def free_port() -> int:
    """Return a port of 127.0.0.1 that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def is_healthy(port: int, path: str = "") -> bool:
    """Tell whether the server on `port` answers that it is ready, below a path of its own."""
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", f"{path}/_stcore/health")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def wait_until_healthy(process: subprocess.Popen[bytes], port: int, path: str, log: IO[bytes]) -> None:
    """Return when the server is ready; raise RuntimeError with its log when it ends or is late."""
    deadline = time.monotonic() + SECONDS_TO_START
    while not is_healthy(port, path):
        if process.poll() is not None or time.monotonic() > deadline:
            log.seek(0)
            message = f"the app did not start:\n{log.read().decode(errors='replace')[-4000:]}"
            raise RuntimeError(message)
        time.sleep(0.1)


@contextmanager
def started(port: int, root: Path = ROOT, path: str = "") -> Iterator[subprocess.Popen[bytes]]:
    """Run the app in `root` for the length of a `with`, and give its process as soon as it is ready."""
    options = ("--server.address", "127.0.0.1", "--server.port", str(port), "--server.baseUrlPath", path)
    command = (sys.executable, "-m", "streamlit", "run", "app.py", *options)
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, cwd=root, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        try:
            wait_until_healthy(process, port, path, log)
            yield process
        finally:
            process.terminate()
            process.wait(timeout=60)


@contextmanager
def running_app(port: int | None = None, root: Path = ROOT, path: str = "") -> Iterator[str]:
    """Run the app in `root` for the length of a `with`, and give its address.

    A given `port` lets a test stop the server and start it again where the page expects it; a `path` ("/tools") puts
    the app below it.
    """
    port = port or free_port()
    with started(port, root, path):
        yield f"http://127.0.0.1:{port}{path}"
