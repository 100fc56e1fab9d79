"""Work: how much of it one viewer may ask of a server that others share."""

from ssm import checks
from ssm.explorer.settings.record import Settings

MOST_WORK = 10_000_000  # samples times draws


def refuse_overwork(settings: Settings) -> None:
    """Stop before too much work.

    Args:
        settings: what the viewer chose.

    Raises:
        ValueError: samples times draws is more than `MOST_WORK`.

    >>> refuse_overwork(Settings(samples=1_000, draws=10_000))
    """
    draws, samples = settings.draws, settings.samples
    if draws * samples > MOST_WORK:
        found = checks.Said(f"{draws:,} draws of {samples:,} samples")
        way_out = f"choose at most {most_draws(samples):,} draws or {MOST_WORK // draws:,} samples"
        checks.refuse("samples times draws", f"at most {MOST_WORK:,}", found, way_out)


def most_draws(samples: int) -> int:
    """The draws that so many samples leave room for.

    Args:
        samples: of each draw.

    Returns:
        The number of draws.

    >>> most_draws(5_000)
    2000
    """
    return MOST_WORK // samples
