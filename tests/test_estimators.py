"""The record that the formulas read."""

import dataclasses

import pytest
import torch

from ssm.estimators import Candidates


@pytest.fixture
def candidates() -> Candidates:
    """Two examples of three samples; the second has two hits."""
    rows = torch.zeros(2, 3, dtype=torch.float64)
    hits = torch.tensor([[False, False, False], [True, False, True]])
    return Candidates(rows[:, 0], rows, rows[:, 0] - 1, rows - 1, hits)


def test_hits_are_among_k_and_not_kept(candidates):
    assert candidates.k == 3
    assert candidates.kept.tolist() == [3, 1]


def test_candidates_cannot_be_changed(candidates):
    with pytest.raises(dataclasses.FrozenInstanceError, match=r"^cannot assign to field 'hits'$"):
        candidates.hits = candidates.hits
