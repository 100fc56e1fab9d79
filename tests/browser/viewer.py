"""A viewer without a browser: what the page says to Streamlit, over a websocket, and what it hears."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

SECONDS_TO_ANSWER = 120.0

Answer = dict[str, Any]


class Viewer:
    """One session: it asks for links and waits for the stage's answers."""

    def __init__(self, line: ClientConnection) -> None:
        """Take over a connection on which nothing has been said yet."""
        self.line = line
        self.stage = ""  # the component's name in Streamlit
        self.asks = itertools.count(1)

    async def open(self, query: str = "") -> None:
        """Come with a link, as a page that is just opened."""
        await self._say(query)
        async with asyncio.timeout(SECONDS_TO_ANSWER):
            while not self.stage:
                await self._hear()

    async def ask(self, query: str) -> int:
        """Ask for a link, as a hand that rests; give the number of the question."""
        number = next(self.asks)
        await self._say(state={"ask": {"ask": number, "query": query}})
        return number

    async def answered(self, number: int) -> Answer:
        """Wait for the answer to a question."""
        async with asyncio.timeout(SECONDS_TO_ANSWER):
            while True:
                answer = await self._hear()
                if answer and answer["ask"] == number:
                    return answer

    async def wants(self, query: str) -> Answer:
        """Ask for a link and wait for its answer."""
        return await self.answered(await self.ask(query))

    async def _say(self, query: str = "", state: dict[str, Any] | None = None) -> None:
        message = BackMsg()
        message.rerun_script.query_string = query
        if state:
            widget = message.rerun_script.widget_states.widgets.add()
            widget.id, widget.json_value = self.stage, json.dumps(state)
        await self.line.send(message.SerializeToString())

    async def _hear(self) -> Answer | None:
        """The next message, as far as it is the stage's."""
        message = ForwardMsg.FromString(bytes(await self.line.recv(decode=False)))
        component = message.delta.new_element.bidi_component
        if not component.component_name.startswith("ssm_"):  # each page's stage has its own name
            return None
        self.stage = component.id
        answer: Answer | None = json.loads(component.json)["answer"]
        return answer


@asynccontextmanager
async def entered(url: str, query: str = "") -> AsyncIterator[Viewer]:
    """Open the app at `url` with a link, for the length of a `with`."""
    stream = url.replace("http", "ws", 1) + "/_stcore/stream"
    async with connect(stream, subprotocols=["streamlit"], max_size=None) as line:  # type: ignore[list-item]
        viewer = Viewer(line)
        await viewer.open(query)
        yield viewer
