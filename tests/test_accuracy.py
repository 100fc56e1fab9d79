"""The exact moments against enumeration in 50 digits: a fixed part of what `python -m tests.accuracy` tries."""

import pytest

from ssm import exact
from tests import accuracy, enumeration

CASES = list(accuracy.cases(7 * len(accuracy.WAYS), seed=1))
# Each was wrong once.
ONCE_WRONG = {
    "a difference of powers": (([0.0, 0.0, 3.0, 0.0], 2, [2.0, 1.0, 1.0, 1.5], 1), "sampled_softmax", "rejected"),
    "nearly all hits": (([0.0, 1.0, -2.0], 0, [1.0, 1e-15, 3e-16], 3), "sampled_softmax", "rejected"),
    "nearly all hits, apart": (([0.0, 1.0, -2.0], 0, [1.0, 1e-15, 3e-16], 1), "log_q", "rejected"),
    "nearly all hits, kept": (([0.0, 1.0, -2.0], 0, [1.0, 1e-16, 3e-16], 3), "sampled_softmax", "kept"),
    "a hit of enormous weight": (([0.6, 0.0, -6.0], 1, [0.01, 7e-279, 0.09], 3), "sampled_softmax", "kept"),
    "a mean of rare samples": (
        ([-1.5, 7.2, 5.5, 0.8], 2, [7e-111, 2e-240, 2e-180, 3e-105], 1),
        "sampled_softmax",
        "rejected",
    ),
    "a confident target": (([17.3, 0.0, 0.1, -1.0], 0, [0.1, 0.5, 0.2, 0.2], 4), "sampled_softmax", "rejected"),
}


def assert_exact(problem, name, hits):
    found = accuracy.errors(problem, name, hits)
    assert max(found[:3]) <= accuracy.rounding(problem)
    assert found.estimate < 1e-12


@pytest.mark.parametrize("place", range(len(CASES)))
def test_ordinary_and_adversarial_problems(place):
    _, *case = CASES[place]
    assert_exact(*case)


@pytest.mark.parametrize("case", ONCE_WRONG)
def test_what_was_wrong_once(case):
    assert_exact(*ONCE_WRONG[case])


def test_enumeration_finds_the_golden_numbers():
    problem = ([2.0, 1.0, 0.0, -1.0, 0.5], 0, [0.4, 0.25, 0.15, 0.12, 0.08], 4)
    first, _, loss = enumeration.moments(problem, "excluded", "sampled_softmax")
    assert float(loss) == pytest.approx(0.5673408850, abs=6e-11)
    assert float(first[0]) == pytest.approx(-0.428961559311, abs=6e-13)


def test_what_is_off_is_seen(monkeypatch, capsys):
    moments = exact.moments

    def off(*problem, **way):
        found = moments(*problem, **way)
        found.gradient_variance.mul_(1 + 1e-9)
        return found

    assert accuracy.main(14, 3) == 0
    monkeypatch.setattr(exact, "moments", off)
    assert accuracy.main(14, 3) > 0
    assert "off: " in capsys.readouterr().out
