"""An upload as the page makes it, to servers that may write no file of its size."""

import asyncio
import re
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect

MOST_BYTES = 2**18  # that what was started in `small_files` may write into one file
UPLOAD = 20 * 2**20 * b"x"


@contextmanager
def small_files() -> Iterator[None]:
    """What is started inside a `with` may write no more than `MOST_BYTES` into any file, named or not."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_BYTES, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def uploaded(url: str, data: bytes, cookie: str = "ssm_viewer=none") -> int:
    """Open a session as the page does, send it a file, and return the status of the answer."""
    stream, server = url.replace("http", "ws", 1) + "/_stcore/stream", urlsplit(url).netloc
    said = {"Cookie": cookie}
    async with connect(stream, subprotocols=["streamlit"], additional_headers=said, max_size=None) as line:  # type: ignore[list-item]
        message, session = BackMsg(), ""
        message.rerun_script.query_string = ""
        await line.send(message.SerializeToString())
        while not session:
            heard = ForwardMsg.FromString(bytes(await line.recv(decode=False)))
            session = heard.new_session.initialize.session_id
        return await asyncio.to_thread(put, server, f"/_stcore/upload_file/{session}/a-file", data, cookie)


def put(server: str, path: str, data: bytes, cookie: str) -> int:
    """Send a file in a form, with the token that Streamlit wants beside it."""
    connection = HTTPConnection(server, timeout=60)
    connection.request("GET", "/_stcore/health", headers={"Cookie": cookie})
    answer = connection.getresponse()
    answer.read()
    (token,) = re.findall(r"_streamlit_xsrf=([^;]+)", str(answer.headers))
    form = (
        b'--here\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n' + data + b"\r\n--here--\r\n"
    )
    headers = {
        "Cookie": f"{cookie}; _streamlit_xsrf={token}",
        "X-Xsrftoken": token,
        "Content-Type": "multipart/form-data; boundary=here",
    }
    connection.request("PUT", path, form, headers)
    status = connection.getresponse().status
    connection.close()
    return status
