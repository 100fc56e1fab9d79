"""What a host sets up: the container's files are the app, and the sites that may frame it are told to browsers."""

import json
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from http.client import HTTPConnection

import pytest

from ssm.explorer.ui.headers import SITES, frame_ancestors, headers
from tests.browser.server import ROOT, free_port, started

LINES = (ROOT / "hosting/Containerfile").read_text("utf-8").splitlines()
POLICY = "Content-Security-Policy"


def command(word):
    """The last line of a kind in its exec form."""
    return json.loads([line for line in LINES if line.startswith(word)][-1].partition("CMD")[2])


def unpack(folder):
    """Copy what the container copies, and nothing else."""
    for line in LINES:
        if line.startswith("COPY"):
            _, source, place = line.split()
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, folder / place, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / source, folder / place)


@contextmanager
def answer(port, path):
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path)
    yield connection.getresponse()
    connection.close()


@pytest.mark.slow
def test_what_the_container_copies_is_an_app_that_starts_and_is_well(tmp_path, monkeypatch):
    monkeypatch.setenv(SITES, "https://moodle.example.org")
    unpack(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *(".streamlit", "app.py", "assets", "pages", "requirements.txt", "ssm")
    ]
    port = free_port()
    look = [word.replace("8501", str(port)) for word in command("HEALTHCHECK")[1:]]
    with started(port, tmp_path):
        subprocess.run([sys.executable, *look], check=True)
        with answer(port, "/stage.json") as found:
            assert found.status == 200
            assert found.headers[POLICY].endswith("frame-ancestors 'self' https://moodle.example.org")
            assert set(json.loads(found.read())["pages"]) >= {"explore", "story"}
    assert subprocess.run([sys.executable, *look], check=False, capture_output=True).returncode != 0


def test_the_container_runs_what_make_runs_open_to_its_network_and_not_as_root():
    make = (ROOT / "Makefile").read_text("utf-8")
    run = re.search(r"^run:.*\n\t@exec \$\(PY\) (.*) --server.address", make, re.M)
    assert run
    assert " ".join(command("CMD")) == f"python {run[1]} --server.address 0.0.0.0"
    assert LINES.index("USER app") > max(i for i, line in enumerate(LINES) if line.startswith("RUN"))


def test_nginx_and_the_readme_name_the_same_two_processes():
    conf = (ROOT / "hosting/nginx.conf").read_text("utf-8")
    readme = (ROOT / "README.md").read_text("utf-8")
    ports = re.findall(r"server 127\.0\.0\.1:(\d+);", conf)
    assert len(ports) == 2
    assert all(f"make run PORT={port}" in readme for port in ports)


@pytest.mark.parametrize(
    ("sites", "listed"),
    {
        "*": "*",
        "'self'": "'self'",
        "https://a.org": "'self' https://a.org",
        "a.org  *.b.org:8443": "'self' a.org *.b.org:8443",
        "'self' http://localhost:8000": "'self' http://localhost:8000",
    }.items(),
)
def test_sites_are_listed_and_the_app_always_frames_itself(sites, listed):
    assert frame_ancestors(sites) == listed
    assert headers(frame_ancestors(sites))[POLICY].endswith(f"; frame-ancestors {listed}")


@pytest.mark.parametrize(
    "sites", ["", "   ", "*, a.org", "a.org; script-src *", "javascript:alert(1)", "* a.org", "a..org"]
)
def test_what_names_no_site_is_refused_in_a_sentence(sites):
    with pytest.raises(ValueError, match=f"^{SITES} must be .*leave it out for any site"):
        frame_ancestors(sites)


def test_a_server_with_a_wrong_list_ends_and_says_why():
    script = "from ssm.explorer.ui import headers; headers.at_start()"
    environment = {SITES: "a.org; script-src *", "PATH": "/usr/bin"}
    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"{SITES} must be ")
    assert "Traceback" not in ended.stderr
