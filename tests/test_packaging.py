"""What others install: a wheel with the library alone, and the source it is built from, whose tests run."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path
from typing import NamedTuple

import pytest

import ssm

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
MADE_HERE = (".git", ".venv", "node_modules", "__pycache__", "*.egg-info", ".*_cache", ".hypothesis", "build", "dist")
PAGE = ("streamlit", "plotly", "pandas", "starlette")  # what a user of the library need not have
WITHOUT = f"import sys; sys.modules.update(dict.fromkeys({PAGE}))"  # to import what is None is an ImportError
BUILD = "import sys; from setuptools import build_meta; getattr(build_meta, sys.argv[1])(sys.argv[2])"
# The tests of the files directly in ssm/.
LIBRARY_TESTS = sorted(
    f"tests/{path.name}" for path in (ROOT / "tests").glob("test_*.py") if (ROOT / "ssm" / path.name[5:]).exists()
)
USER = """
import torch
from torch import Tensor, nn

import ssm
from ssm import SampledSoftmax, optim


class Model(nn.Module):
    def __init__(self, counts: list[int]) -> None:
        super().__init__()
        self.body = nn.Embedding(len(counts), 8, sparse=True)
        self.head = SampledSoftmax(8, len(counts), samples=5, noise=ssm.noise.unigram(counts))

    def forward(self, now: Tensor, after: Tensor) -> Tensor:
        loss: Tensor = self.head(self.body(now), after)
        return loss.mean()


def train(counts: list[int], text: Tensor) -> float:
    model = Model(counts)
    found = optim.groups(model)
    optimiser = optim.RowAdam(found.sparse, lr=0.01, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimiser, 0.9)
    norm: Tensor = torch.zeros(())
    for now, after in zip(torch.split(text[:-1], 2), torch.split(text[1:], 2), strict=True):
        optimiser.zero_grad()
        torch.autograd.backward(model(now, after))
        norm = optim.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
    best: Tensor = model.head.predict(model.body(text), top=2)
    version: str = ssm.__version__
    assert version and best.shape == (len(text), 2)
    return norm.item()


assert 0 < train([3, 1, 2, 1], torch.tensor([0, 1, 0, 2, 3, 0, 2])) < float("inf")
"""
WRONG = "from ssm import optim\n\noptim.RowAdam(1, lr='fast')\n"


class Built(NamedTuple):
    """What is handed out: a wheel, and the unpacked source that it was built from."""

    wheel: Path
    source: Path


def run(*words: str | Path, cwd: Path) -> str:
    """Run a program that knows nothing of this folder, and return what it prints."""
    environment = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "MYPYPATH"}}
    answer = subprocess.run(words, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Built as an index would: the sdist from the tree, and the wheel from the sdist; nothing is fetched."""
    folder = tmp_path_factory.mktemp("built")
    shutil.copytree(ROOT, folder / "tree", ignore=shutil.ignore_patterns(*MADE_HERE))
    run(sys.executable, "-c", BUILD, "build_sdist", folder, cwd=folder / "tree")
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(folder / "unpacked", filter="data")
    (source,) = (folder / "unpacked").iterdir()
    run(sys.executable, "-c", BUILD, "build_wheel", folder, cwd=source)
    (wheel,) = folder.glob("*.whl")
    return Built(wheel, source)


@pytest.fixture(scope="module")
def user(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of someone who installed the wheel; torch is this one's."""
    folder = tmp_path_factory.mktemp("user") / "venv"
    venv.create(folder)
    paths = sysconfig.get_paths(vars={"base": str(folder), "platbase": str(folder)})
    site = Path(paths["purelib"])
    with zipfile.ZipFile(built.wheel) as packed:
        packed.extractall(site)
    (site / "torch.pth").write_text(sysconfig.get_path("purelib"))
    return Path(paths["scripts"]) / "python"


def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as packed:
        (name,) = (name for name in packed.namelist() if name.endswith(".dist-info/METADATA"))
        return Parser().parsestr(packed.read(name).decode())


@pytest.mark.slow
def test_the_wheel_says_what_it_is(built: Built) -> None:
    said = metadata(built.wheel)
    assert (said["Name"], said["Version"]) == ("sampled-softmax", ssm.__version__)
    needs = [each for each in said.get_all("Requires-Dist", []) if "extra ==" not in each]
    assert {re.split(r"\W", each)[0] for each in needs} == {"torch", "numpy"}
    urls = [each.partition(", ") for each in said.get_all("Project-URL", [])]
    assert urls
    for label, _, url in urls:
        assert len(label) <= 32  # the index takes no longer ones
        assert url.startswith("https://")
    assert "Typing :: Typed" in said.get_all("Classifier", [])


@pytest.mark.slow
def test_the_wheel_has_the_library_and_nothing_that_needs_the_page(built: Built) -> None:
    with zipfile.ZipFile(built.wheel) as packed:
        names = set(packed.namelist())
    assert {path.relative_to(ROOT).as_posix() for path in (ROOT / "ssm").glob("*.py")} <= names
    assert {"ssm/py.typed", "ssm/bench/__main__.py", "ssm/explorer/problems/data/white.json"} <= names
    tops = {name.partition("/")[0] for name in names}
    assert tops == {"ssm", f"sampled_softmax-{ssm.__version__}.dist-info"}
    assert not [name for name in names if name.startswith("ssm/explorer/ui")]


@pytest.mark.slow
def test_the_library_needs_no_package_of_the_page(user: Path, tmp_path: Path) -> None:
    # All that the wheel has but the figures, which are drawn with plotly, and what is told with them.
    walk = (
        "import importlib, pkgutil, ssm; names = [each.name for each in pkgutil.walk_packages(ssm.__path__, 'ssm.')"
        " if not {'figures', 'story', 'pages', 'export', '__main__'} & set(each.name.split('.'))]"
    )
    check = "[importlib.import_module(name) for name in names]; print(ssm.__file__, ssm.__version__, *names)"
    where, version, *names = run(user, "-c", f"{WITHOUT}; {walk}; {check}", cwd=tmp_path).split()
    assert Path(where).is_relative_to(user.parents[1])
    assert version == ssm.__version__
    assert {"ssm.head", "ssm.optim", "ssm.bench.report", "ssm.explorer.experiment"} <= set(names)


@pytest.mark.slow
def test_a_users_script_runs_and_is_typed(user: Path, tmp_path: Path) -> None:
    for name, text in (("script.py", USER), ("wrong.py", WRONG)):
        (tmp_path / name).write_text(text, "utf-8")
    run(user, "script.py", cwd=tmp_path)
    mypy = (sys.executable, "-m", "mypy", "--strict", "--python-executable", user)
    assert run(*mypy, "script.py", cwd=tmp_path).startswith("Success")
    answer = subprocess.run([*mypy, "wrong.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert re.findall(r"\[([a-z-]+)\]", answer.stdout) == ["arg-type", "arg-type"]


@pytest.mark.slow
def test_the_librarys_tests_run_from_the_sdist(built: Built) -> None:
    tests = f"{WITHOUT}; import pytest; sys.exit(pytest.main(sys.argv[1:]))"
    some = ["tests/test_checks.py", "tests/test_estimators.py", "tests/test_optim.py"]
    assert {"tests/test_head.py", "tests/test_exact.py", *some} <= set(LIBRARY_TESTS)
    command = [sys.executable, "-c", tests, "-q", "-p", "no:cacheprovider"]
    collected = run(*command, "--collect-only", *LIBRARY_TESTS, "ssm/head.py", cwd=built.source)
    assert all(f"{name}::" in collected for name in LIBRARY_TESTS)
    passed = run(*command, "-m", "not slow", *some, "ssm/optim.py", cwd=built.source)
    assert re.search(r"^\d+ passed(, \d+ deselected)? in", passed, re.MULTILINE)


def floors(words: list[str]) -> dict[str, str]:
    """The least version of each requirement."""
    found = [re.fullmatch(r"([\w-]+)>=([\d.]+)(?:,<\d+)?", each) for each in words]
    assert all(found), words
    return {match[1]: match[2] for match in found if match}


def test_the_lowest_versions_are_those_that_the_tests_run_with() -> None:
    pinned = dict(re.findall(r"^([\w-]+)==(\d+\.\d+)", (ROOT / "requirements.txt").read_text("utf-8"), re.MULTILINE))
    assert floors(PROJECT["dependencies"] + PROJECT["optional-dependencies"]["app"]) == pinned


def test_the_readme_installs_what_there_is() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert set(re.findall(r"pip install '?\.\[(\w+)\]", readme)) == set(PROJECT["optional-dependencies"])
