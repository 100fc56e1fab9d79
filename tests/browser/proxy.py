"""A small reverse proxy: it serves the app under a path that the server knows nothing of, and its line can be cut."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

END = b"\r\n\r\n"
ABSENT = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Proxy:
    """One request a connection, its path stripped of the prefix; a websocket's bytes pass as they are."""

    def __init__(self, port: int, prefix: str) -> None:
        """Stand before the server on `port`."""
        self.port, self.prefix = port, prefix.encode()
        self.url = ""
        self.is_up = True
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()

    def cut(self) -> None:
        """End every connection and refuse new ones."""
        self._call(self._cut())

    def mend(self) -> None:
        """Let connections through again."""
        self.is_up = True

    @contextmanager
    def running(self) -> Iterator[None]:
        """Serve on a port of its own for the length of a `with`."""
        thread = threading.Thread(target=self._loop.run_forever)
        thread.start()
        server = self._call(asyncio.start_server(self._pass, "127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}{self.prefix.decode()}"
        try:
            yield
        finally:
            server.close()
            self.cut()
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join()
            self._loop.close()

    def _call(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=20)

    async def _cut(self) -> None:
        self.is_up = False
        for writer in self._open:
            writer.transport.abort()
        while self._open:
            await asyncio.sleep(0.01)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer), suppress(OSError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(END)).removesuffix(END)
            method, path, rest = head.split(b" ", 2)
            if not self.is_up:
                return
            if not path.startswith(self.prefix + b"/"):
                writer.write(ABSENT)
                await writer.drain()
                return
            await self._join(b" ".join((method, path.removeprefix(self.prefix), once(rest))) + END, reader, writer)

    async def _join(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, here = await asyncio.open_connection("127.0.0.1", self.port)
        self._open |= {writer, here}
        try:
            here.write(head)
            await asyncio.wait(
                [asyncio.create_task(copy(reader, here)), asyncio.create_task(copy(there, writer))],
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            here.close()
            self._open -= {writer, here}


def once(head: bytes) -> bytes:
    """A request's head that asks for no second request on its connection."""
    if b"\r\nupgrade: websocket" in head.lower():
        return head
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
    return b"\r\n".join([*lines, b"Connection: close"])


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass bytes on until there are no more."""
    with suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()


@contextmanager
def proxied(port: int, prefix: str = "") -> Iterator[Proxy]:
    """Put a proxy before the server on `port` for the length of a `with`."""
    proxy = Proxy(port, prefix)
    with proxy.running():
        yield proxy
