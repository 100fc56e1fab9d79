"""The page as one file: what is in it, how it is escaped, bundled, written, and refused."""

import asyncio
import json
import re
import subprocess
import sys
import threading
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from ssm.explorer import experiment, export, problems
from ssm.explorer.export import markup
from ssm.explorer.export.bundle import bundle
from ssm.explorer.export.lesson import FILES
from ssm.explorer.export.markup import ASSETS
from ssm.explorer.pages import BIAS, EXPLORER, STORY
from ssm.explorer.problems import tables
from ssm.explorer.settings import Frame, Settings
from ssm.explorer.story import CHAPTERS
from ssm.explorer.ui import downloads
from tests.sentences import refuses

ROOT = Path(__file__).parents[1]
NODE = Path(sys.executable).with_name("node")
MOST_BYTES = 2_500_000
HOSTILE = "</script><script>alert(1)</script><!-- &lt;"


class Reader(HTMLParser):
    """The elements of a document as a browser's parser sees them: scripts end where they end for it."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.addresses: list[str] = []
        self.text = ""
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag
        self.addresses += [value or "" for name, value in attrs if name in {"src", "href", "action"}]
        if tag == "script":
            self.scripts.append((dict(attrs), ""))

    def handle_endtag(self, tag: str) -> None:
        self._inside = f"after {tag}"

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            attrs, text = self.scripts[-1]
            self.scripts[-1] = attrs, text + data
        elif self._inside != "style":
            self.text += data


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    return reader


def held(html: str) -> Any:
    """What the file holds for its page."""
    return next(json.loads(text) for attrs, text in read(html).scripts if "data-held" in attrs)


def made(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ssm.explorer.export", *words]
    return subprocess.run(
        command, cwd=folder, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )


def test_the_articles_example_is_one_file_of_less_than_2_5_mb():
    html = export.page("v=1&samples=9")
    assert len(html.encode()) < MOST_BYTES
    assert read(html).addresses == ["data:,"]  # the icon's: nothing is fetched


def test_it_holds_torchs_numbers_for_its_settings():
    settings = Settings(samples=9, noise="softmax", edits=((3, 2.5),))
    first = held(export.page(settings.to_query()))["answers"][0]
    assert first["view"] == json.loads(json.dumps(experiment.as_plain(experiment.run(settings, None, EXPLORER.needs))))
    assert first["settings"]["edits"] == [[3, 2.5]]


@pytest.mark.parametrize("page", FILES.values(), ids=lambda page: page.name)
def test_it_knows_its_own_page_alone_and_needs_no_server(page):
    file = held(export.page("v=1", page))
    assert list(file["spec"]["pages"]) == [file["page"]] == [page.name]
    assert "device" in file["frame"]["hidden"]
    assert "own" not in file["spec"]["problems"]
    assert set(file["problems"]) == {"article", "white"}
    assert len(file["problems"]["white"]["names"]) == problems.white().classes


def test_a_story_holds_every_state_that_a_chapter_leads_to():
    file = held(export.page("chapter=3", STORY))
    states = {chapter.settings for chapter in CHAPTERS} | {chapter.myth.settings for chapter in CHAPTERS}
    states |= {chapter.predict.settings for chapter in CHAPTERS if chapter.predict}
    assert {settings.to_query() for settings in states} <= {answer["query"] for answer in file["answers"]}
    assert (file["frame"]["chapter"], file["answers"][0]["query"]) == (3, CHAPTERS[2].settings.to_query())
    assert all(answer["view"] for answer in file["answers"])


def test_names_and_notes_are_no_markup():
    table = tables.parse(f'"{HOSTILE}",1\nowl,2\nant,0')
    settings = Settings(problem="own", table=tables.link(table))
    html = export.page(f"{settings.to_query()}&{Frame(note=HOSTILE).to_query()}")
    scripts = read(html).scripts
    assert [attrs.get("type") for attrs, _ in scripts] == [None, "application/json", "module"]
    file = held(html)
    assert HOSTILE in file["problems"]["own"]["names"]
    assert file["frame"]["note"] == HOSTILE
    assert "own" in file["spec"]["problems"]


def test_a_frame_travels():
    frame = Frame(panels=("noise",), hidden=("noise",), locked=("samples",), player=False, sentence=False, note="Look.")
    found = held(export.page(f"v=1&{frame.to_query()}"))["frame"]
    assert (found["panels"], found["locked"], found["note"]) == (["noise"], ["samples"], "Look.")
    assert (found["player"], found["sentence"]) == (False, False)
    assert {"noise", "device"} <= set(found["hidden"])


@pytest.mark.parametrize(
    ("query", "page", "link"),
    [
        ("samples=9&v=1&locked=noise", EXPLORER, "?v=1&samples=9&locked=noise"),
        ("v=1&samples=9", BIAS, "bias?v=1&samples=9"),
        ("chapter=2", STORY, f"story?{CHAPTERS[1].settings.to_query()}&chapter=2"),
    ],
)
def test_a_line_says_what_made_it(query, page, link):
    said = read(export.lesson(query, page, today=date(2030, 1, 2)).html).text
    assert re.search(r"Made by the Sampled Softmax Explorer \d\S+ with torch \d\S+ on 2030-01-02\.", said)
    assert f"Its settings: {link}\n" in said


def test_the_same_link_on_the_same_day_is_the_same_file():
    day = date(2030, 1, 2)
    assert export.lesson("v=1", today=day) == export.lesson("v=1", today=day)
    assert export.lesson("v=1", today=day) != export.lesson("v=1", today=date(2030, 1, 3))


def test_too_much_work_is_cut_to_size_as_in_the_app():
    query = "v=1&samples=5000&draws=10000"
    made = export.lesson(query)
    assert held(made.html)["answers"][0]["settings"]["draws"] == 2_000
    assert made.notes[-1].endswith("; 2,000 draws are used")


def test_a_bundle_computes_what_its_modules_compute(tmp_path):
    (tmp_path / "bundle.mjs").write_text(bundle(ASSETS, "kernel/view.js"), "utf-8")
    program = """
    const [path, constants] = JSON.parse(process.argv[1]);
    const { view, checkpoints } = await import(path), { random } = await import(process.argv[2]);
    const s = { problem: "random", target: 3, edits: [], samples: 5, noise: "unigram", power: 0.75,
      temperature: 1, weights: [], estimator: "sampled_softmax", hits: "rejected", draws: 40, seed: 7, draw: 2,
      average: "all", view: "distance", scale: "scores" };
    process.stdout.write(JSON.stringify([checkpoints(9, 1.1), view(random(50, 2), s, { constants })]));
    """
    constants = dict(experiment.CONSTANTS)

    def found(path: Path) -> Any:
        words = (json.dumps([path.as_uri(), constants]), (ASSETS / "kernel/problem.js").as_uri())
        command = [str(NODE), "--input-type=module", "-e", program, *words]
        return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    assert found(tmp_path / "bundle.mjs") == found(ASSETS / "kernel/view.js")


def test_a_bundle_keeps_names_that_are_changed_on_the_way(tmp_path):
    (tmp_path / "a.js").write_text("export const one = 1;\nexport const two = 2;\n", "utf-8")
    passed_on = 'import { one as first } from "./a.js";\nexport { two as second } from "./a.js";\n'
    (tmp_path / "b.js").write_text(f"{passed_on}const one = 9;\nexport const sum = first + one;\n", "utf-8")
    program = bundle(tmp_path, "b.js") + "process.stdout.write(`${second} ${sum}`);"
    command = [str(NODE), "--input-type=module", "-e", program]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "2 10"


def test_the_pages_bundle_imports_nothing():
    text = bundle(ASSETS, "stage/file.js")
    assert not re.search(r"^(import|export \{)", text, re.MULTILINE)
    assert "setStateValue" not in text  # Streamlit's line stays behind
    assert text.count("= (() => {\n") == len(set(re.findall(r"^const (\$\w+) = \(\(\) => \{$", text, re.MULTILINE)))


@pytest.mark.parametrize(
    "line",
    [
        'import all from "./b.js";',
        'import * as all from "./b.js";',
        "export default 1;",
        "export let a = 1;",
        'const a = await import("./b.js");',
        "const a = import.meta.url;",
    ],
)
def test_a_bundle_refuses_a_form_that_it_does_not_know(tmp_path, line):
    (tmp_path / "a.js").write_text(f"{line}\n", "utf-8")
    with pytest.raises(
        ValueError, match=r"^modules of a bundle such as a\.js must use import \{ a as b \} from, .*, got "
    ):
        bundle(tmp_path, "a.js")


def test_a_bundle_refuses_a_circle(tmp_path):
    (tmp_path / "a.js").write_text('import { b } from "./b.js";\nexport const a = 1;\n', "utf-8")
    (tmp_path / "b.js").write_text('import { a } from "./a.js";\nexport const b = 1;\n', "utf-8")
    with refuses("imports must go in one direction, got 'a.js > b.js > a.js'; move what both need into a third"):
        bundle(tmp_path, "a.js")


def test_what_cannot_be_written_is_a_sentence_and_nothing_half_written(tmp_path):
    with refuses(
        f"the output must be in a folder that is there, got {tmp_path}/no/a.html; make the folder or name another"
    ):
        export.save("text", tmp_path / "no/a.html")
    (tmp_path / "folder").mkdir()
    with pytest.raises(ValueError, match=r"^the output must be a file, got the folder .*; name a file in it, "):
        export.save("text", tmp_path / "folder")
    with pytest.raises(ValueError, match=r"^the output must be where files may be written, got /proc/a\.html \("):
        export.save("text", Path("/proc/a.html"))
    assert [path.name for path in tmp_path.rglob("*")] == ["folder"]


def test_what_fails_on_the_way_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "lesson.html"
    export.save("old", path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(ValueError, match="No space left on device"):
        export.save("new", path)
    assert [(path.name, path.read_text("utf-8")) for path in tmp_path.iterdir()] == [("lesson.html", "old")]


def test_the_command_writes_the_file_and_says_what_it_changed(tmp_path):
    done = made(
        "http://127.0.0.1:8501/bias?v=1&samples=0&wrong=1", "-o", "bias.html", "--page", "bias", folder=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert "samples must be" in done.stderr
    assert "wrong" not in done.stderr  # a key of nobody's is quiet
    html = (tmp_path / "bias.html").read_text("utf-8")
    assert held(html)["page"] == "bias"
    assert done.stdout == f"bias.html: {len(html.encode()):,} bytes\n"


def test_the_command_refuses_in_a_sentence(tmp_path):
    done = made("v=1", "-o", "no/lesson.html", folder=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("the output must be in a folder that is there, got ")
    assert list(tmp_path.iterdir()) == []


def test_without_the_pages_own_files_nothing_is_made(monkeypatch, tmp_path):
    monkeypatch.setattr(markup, "ASSETS", absent := tmp_path / "assets")
    with refuses(
        f"the page's modules must be in the folder assets, got none at {absent}; export from a clone of the "
        "repository: a wheel has the library alone"
    ):
        export.page("v=1")


def lesson(query, *, still_there=True):
    """The server's answer to somebody who asks for a file, and may have gone meanwhile."""

    async def receive():
        if still_there:
            await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    scope = {"type": "http", "method": "GET", "path": "/", "query_string": query, "headers": []}
    return asyncio.run(downloads.lesson_html(Request(scope, receive)))


def test_the_server_hands_out_the_same_file():
    answer = lesson(b"page=bias&v=1&samples=4")
    assert answer.headers["content-disposition"] == 'attachment; filename="lesson.html"'
    assert bytes(answer.body).decode() == export.page("v=1&samples=4", BIAS)


def test_of_a_table_that_is_gone_there_is_no_file():
    answer = lesson(b"v=1&problem=own&own=sha256-" + 64 * b"0")
    assert answer.status_code == 404
    assert bytes(answer.body).decode().startswith("The table of this page is not on the server any more.")


def test_nobody_makes_a_file_that_nobody_waits_for(monkeypatch):
    monkeypatch.setattr(downloads, "_lesson", lambda _: pytest.fail("it was made"))
    assert bytes(lesson(b"v=1", still_there=False).body) == b""


def test_who_waits_for_a_file_keeps_no_thread(monkeypatch):
    """Everybody's modules come through the few threads that there are."""
    begun, go = [], threading.Event()

    def made(query):
        begun.append(query)
        go.wait(20)
        return Response(query)

    monkeypatch.setattr(downloads, "_lesson", made)

    async def several():
        async def receive():
            await asyncio.sleep(60)

        scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"v=1", "headers": []}
        asked = [asyncio.create_task(downloads.lesson_html(Request(scope, receive))) for _ in range(4)]
        await asyncio.sleep(0.5)
        alone = len(begun)
        go.set()
        return alone, [bytes((await each).body) for each in asked]

    alone, answers = asyncio.run(several())
    assert (alone, answers) == (1, [b"v=1"] * 4)
