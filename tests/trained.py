"""What a training finds, made up: every loss with three marks, for texts and pictures."""

from typing import Any

from ssm.explorer.experiment import WAYS

TRAINING: dict[str, Any] = {
    "negatives": 64,
    "seed": 810,
    "arms": {
        arm: {
            "steps": [10, 13, 17],
            "seconds": [0.1 * (i + 1), 0.2 * (i + 1), 0.3 * (i + 1)],
            "perplexity": [1_500.0 + i, 1_400.0 + 10 * i, 1_200.0 + 100 * i],
            "corrected": [None, 1_450.0, 1_100.0] if arm in {"uncorrected", "negative_sampling"} else [None] * 3,
            "loss": [7.0 - 0.5 * i, 6.5 - 0.5 * i, 6.0 - 0.5 * i],
            "bias": [None] * 3 if arm == "full" else [0.01 * i, None, 0.012 * i],
        }
        for i, arm in enumerate(WAYS)
    },
    "spent": dict.fromkeys(WAYS, 1.0),
    "steps": dict.fromkeys(WAYS, 17),
    "frequencies": 1_350.5,
    "seconds_each": 12.0,
    "words": 17_091,
}
