"""Colours and type: one meaning for each colour, in both themes.

Hues are Okabe and Ito's (2008), safe for colour-blind eyes. `Theme.text` holds the same hues as darker or lighter inks
that reach a contrast of 4.5:1 as text; the marks themselves reach 3:1, or carry an outline that does.
"""

from dataclasses import dataclass, field
from typing import final

FONT = '-apple-system, BlinkMacSystemFont, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif'


@final
@dataclass(frozen=True)
class Theme:
    """The inks of one theme; every mark colour is named for what it measures."""

    name: str
    paper: str
    ink: str
    muted: str  # labels, ticks
    grid: str
    ghost: str  # outline of what was not sampled
    step: str  # the full gradient where it stands behind the sampled one
    model: str = "#0072B2"
    correction: str = "#56B4E9"
    correction_line: str = "#0072B2"
    target: str = "#009E73"
    gradient: str = "#D55E00"
    noise: str = "#CC79A7"
    noise_line: str = "#A2477B"
    text: dict[str, str] = field(default_factory=dict)

    @property
    def exact(self) -> str:
        """The exact expectation is drawn in ink: black on white, white on black."""
        return self.ink


LIGHT = Theme(
    name="light",
    paper="#ffffff",
    ink="#1b1d1f",
    muted="#595f66",
    grid="#e8e8e8",
    ghost="#8f8f8f",
    step="#dcdcdc",
    text={
        "model": "#0068a3",
        "correction": "#0068a3",
        "target": "#00734f",
        "gradient": "#b34700",
        "average": "#b34700",
        "noise": "#96406f",
        "exact": "#1b1d1f",
        "muted": "#595f66",
    },
)

DARK = Theme(
    name="dark",
    paper="#111315",
    ink="#e8e8e6",
    muted="#a6adb8",
    grid="#262b34",
    ghost="#78808c",
    step="#3a4049",
    model="#2f8fcb",
    correction_line="#cfeaff",
    noise_line="#e7b3d0",
    text={
        "model": "#56B4E9",
        "correction": "#56B4E9",
        "target": "#2fc498",
        "gradient": "#f2813a",
        "average": "#f2813a",
        "noise": "#e0a0c4",
        "exact": "#e8e8e6",
        "muted": "#a6adb8",
    },
)

THEMES = {theme.name: theme for theme in (LIGHT, DARK)}


def contrast(first: str, second: str) -> float:
    """The contrast ratio of two colours: ``(L1 + 0.05) / (L2 + 0.05)``, L1 the luminance of the lighter.

    Args:
        first: a colour, #rrggbb.
        second: another.

    Returns:
        The ratio, from 1 to 21.

    >>> round(contrast("#000000", "#ffffff"))
    21

    Web Content Accessibility Guidelines 2.1, 2018.
    """
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
