"""The house: the two commands, the pins, the vendored file, the colours and the finding of a browser."""

import hashlib
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
from plotly.offline import get_plotlyjs_version
from streamlit import config

from tests.browser import chromium

ROOT = Path(__file__).parents[1]
VENDORED = ROOT / "assets/vendor/plotly-basic.min.js"
CONFIG = tomllib.loads((ROOT / ".streamlit/config.toml").read_text("utf-8"))
PIN = re.compile(r"([\w-]+)==([\w.]+)")


def pins(path: str) -> dict[str, str]:
    """Return name and version of each requirement; a line that pins none is an error."""
    lines = [line.partition("#")[0].strip() for line in (ROOT / path).read_text("utf-8").splitlines()]
    matches = {line: PIN.fullmatch(line) for line in lines if line and not line.startswith("-r ")}
    assert all(matches.values()), matches
    return {match[1]: match[2] for match in matches.values() if match}


def make(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run make in `folder` as a fresh terminal would, and return what it answered."""
    inherited = {"HOST", "PORT", "PYTHON", "MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES"}
    environment = {name: value for name, value in os.environ.items() if name not in inherited}
    command = ["make", "-f", str(ROOT / "Makefile"), *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder where everything was installed after the lists of requirements were written."""
    (tmp_path / "tests").mkdir()
    (tmp_path / ".venv").mkdir()
    for age, name in enumerate(("requirements.txt", "tests/requirements.txt", ".venv/app.stamp", ".venv/tests.stamp")):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (age, age))
    return tmp_path


@pytest.mark.parametrize("path", ["requirements.txt", "tests/requirements.txt"])
def test_what_is_installed_is_what_is_pinned(path: str) -> None:
    for name, pinned in pins(path).items():
        assert version(name).partition("+")[0] == pinned


def test_the_app_needs_four_packages() -> None:
    assert set(pins("requirements.txt")) == {"streamlit", "torch", "plotly", "numpy"}


def test_a_second_run_installs_nothing(installed: Path) -> None:
    start = "exec .venv/bin/python -m streamlit run app.py --server.address 127.0.0.1 --server.port 8501\n"
    assert make(installed, "-n", "run").stdout == start


def test_a_new_requirement_is_installed(installed: Path) -> None:
    os.utime(installed / "requirements.txt", (9, 9))
    install = "pip --disable-pip-version-check install --progress-bar on -r requirements.txt\n"
    assert install in make(installed, "-n", "run").stdout


def test_host_and_port_change_the_address(installed: Path) -> None:
    answer = make(installed, "-n", "run", "HOST=0.0.0.0", "PORT=9000")
    assert "--server.address 0.0.0.0 --server.port 9000" in answer.stdout


def test_without_a_python_make_says_what_it_needs(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").touch()
    answer = make(tmp_path, "run", "PYTHON=")
    assert answer.returncode != 0
    assert answer.stdout == (
        "make needs Python 3.11 or later and found none; install it or name it: make PYTHON=/path/to/python\n"
    )


def test_continuous_integration_calls_make_test() -> None:
    script = ROOT / ".ci/run"
    commands = [line for line in script.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    assert commands == ["set -eu", 'cd "$(dirname "$0")/.."', "exec make test"]
    assert os.access(script, os.X_OK)


def test_the_vendored_plotly_is_the_one_that_plotly_py_draws_with() -> None:
    assert f"v{get_plotlyjs_version()}\n" in VENDORED.read_text("utf-8")[:200]


def test_the_vendored_plotly_is_unchanged_and_has_its_licence() -> None:
    register = (VENDORED.parent / "README.md").read_text("utf-8")
    assert f"{get_plotlyjs_version()} | `{hashlib.sha256(VENDORED.read_bytes()).hexdigest()}`" in register
    assert "MIT License" in (VENDORED.parent / "plotly.js-LICENSE.txt").read_text("utf-8")


def test_streamlit_knows_every_option_that_is_set() -> None:
    def names(table: dict[str, object], start: str = "") -> list[str]:
        return [
            name
            for key, value in table.items()
            for name in (names(value, f"{start}{key}.") if isinstance(value, dict) else [f"{start}{key}"])
        ]

    assert set(names(CONFIG)) <= set(config.get_config_options())


def test_nothing_is_reported_to_anyone() -> None:
    assert CONFIG["browser"]["gatherUsageStats"] is False


def luminance(colour: str) -> float:
    """Return the relative luminance of "#rrggbb" (WCAG 2.2)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    """Return the ratio of contrast between two colours, from 1 to 21."""
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def test_black_on_white_is_21_to_1() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_text_stands_out_from_both_grounds(name: str) -> None:
    theme = CONFIG["theme"][name]
    for ground in (theme["backgroundColor"], theme["secondaryBackgroundColor"]):
        assert contrast(theme["textColor"], ground) >= 7
        assert contrast(theme["primaryColor"], ground) >= 4.5
        assert contrast(theme["linkColor"], ground) >= 4.5


@pytest.mark.parametrize("name", ["light", "dark"])
def test_the_white_tick_stands_out_from_its_box(name: str) -> None:
    assert contrast("#ffffff", CONFIG["theme"][name]["primaryColor"]) >= 3


@pytest.fixture
def only_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The one folder where a browser is looked for, empty."""
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "playwright"))
    monkeypatch.setattr(chromium, "MAC_PATHS", ())
    chromium.find.cache_clear()
    yield tmp_path
    chromium.find.cache_clear()


def put_program(path: Path, code: int) -> str:
    """Write a program that ends with `code` at once, and return its path."""
    path.write_text(f"#!/bin/sh\nexit {code}\n")
    path.chmod(0o755)
    return str(path)


def test_a_system_chromium_is_found(only_in: Path) -> None:
    path = put_program(only_in / "google-chrome", 0)
    assert chromium.find() == path


def test_no_chromium_is_found_where_there_is_none(only_in: Path) -> None:
    assert chromium.find() is None
    assert list(only_in.iterdir()) == []


def test_a_chromium_that_does_not_start_is_passed_over(only_in: Path) -> None:
    put_program(only_in / "chromium", 1)
    assert chromium.find() is None


def test_a_named_chromium_comes_first(only_in: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_program(only_in / "chromium", 0)
    named = put_program(only_in / "mine", 0)
    monkeypatch.setenv("CHROMIUM", named)
    assert chromium.find() == named


def test_playwright_is_asked_before_the_package_manager(only_in: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[list[str]] = []
    put_program(only_in / "apt-get", 0)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(chromium, "show_and_run", tried.append)
    assert chromium.find_or_install() is None
    assert [" ".join(command) for command in tried] == [
        f"{sys.executable} -m playwright install chromium",
        "env DEBIAN_FRONTEND=noninteractive apt-get -y update",
        "env DEBIAN_FRONTEND=noninteractive apt-get -y install chromium",
    ]


def test_what_the_package_manager_installs_is_found(only_in: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_program(only_in / "apt-get", 0)
    monkeypatch.setattr(os, "geteuid", lambda: 0)

    def install(command: list[str]) -> None:
        if command[-1] == "chromium" and "apt-get" in command:
            put_program(only_in / "chromium", 0)

    monkeypatch.setattr(chromium, "show_and_run", install)
    assert chromium.find_or_install() == str(only_in / "chromium")


def test_without_any_chromium_the_tests_end_with_a_sentence(tmp_path: Path) -> None:
    missing = str(tmp_path / "nothing")
    answer = subprocess.run(
        [sys.executable, "-m", "tests.browser.chromium"],
        cwd=ROOT,
        env=os.environ | {"CHROMIUM": missing},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 1
    assert answer.stderr == (
        "the browser tests need a Chromium and none could be found or installed; install chromium or "
        "google-chrome, or name one: CHROMIUM=/path/to/chromium make test\n"
    )
