"""Kernels: the full softmax without the memory of all scores, as read in the source of each.

Each row was read in the file that it links to, at that very commit.
"""

from ssm.explorer.pages.record import Table

KERNELS = Table(
    title="And the exact ones that never hold all scores?",
    note="They save memory, not operations: every score is computed, and every row has a gradient. Without bias, they "
    "are the better choice as long as a full step is affordable; torch's is measured above.",
    heads=("kernel", "scores", "gradient of the rows", "runs on", "bias", "read in"),
    rows=(
        (
            "torch, functional.linear_cross_entropy",
            "all, at once or in chunks of the batch",
            "dense",
            "CPU and GPU",
            "none",
            (
                "linear_cross_entropy.py",
                "https://github.com/pytorch/pytorch/blob/cf30153c4c131c8164ee7798e5022d810682e2cb/"
                "torch/nn/modules/linear_cross_entropy.py",
            ),
        ),
        (
            "Liger Kernel, fused linear cross-entropy",
            "all, in chunks of the batch",
            "dense",
            "GPU, by Triton",
            "none",
            (
                "fused_linear_cross_entropy.py",
                "https://github.com/linkedin/Liger-Kernel/blob/ead96b618e5c67bddc6a6e9bcb99bfe6b5ab661c/"
                "src/liger_kernel/ops/fused_linear_cross_entropy.py",
            ),
        ),
        (
            "Cut Cross-Entropy",
            "all, block by block",
            "dense; blocks below a threshold are skipped",
            "GPU, by Triton",
            "below the threshold, which the number format sets",
            (
                "cce_backward.py",
                "https://github.com/apple/ml-cross-entropy/blob/d42911f9b1a1f98289bb601c35c8151562603d74/"
                "cut_cross_entropy/cce_backward.py",
            ),
        ),
    ),
)
