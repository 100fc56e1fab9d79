"""What follows from the numbers of the five steps, for their texts; assets/panels/step_series.js makes the same."""

import math
from collections.abc import Mapping
from typing import Any


def step_numbers(steps: Mapping[str, Any], flat: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers that only texts name.

    Args:
        steps: the group of a View; empty where it is not there.
        flat: its scalars, and the settings.

    Returns:
        Numbers by name; none without the group.
    """
    if not steps:
        return {}
    cells, correction = flat["batch"] * flat["samples"], steps["kept_correction"]
    return {
        "cells": cells,
        "full_products": flat["batch"] * flat["n"],
        "candidates": flat["samples"] + 1,
        "first_target": steps["target_score"][0][0],
        "kept_factor": None if correction is None else math.exp(correction),
        "thrifty": steps["dense_bytes"] / steps["sparse_bytes"],
        "thrifty_many": steps["dense_many"] / steps["sparse_bytes"],
        "untouched": flat["n"] - steps["rows_touched"],
    }
