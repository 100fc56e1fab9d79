"""The colours of what is drawn, taken from a screenshot: what stands out from its ground, and how far."""

import io
import math
from collections import Counter

from PIL import Image
from playwright.sync_api import Page

from tests.browser.picture import Box

Colour = tuple[int, int, int]


def photograph(page: Page) -> Image.Image:
    """What the window shows, one pixel for each of its own."""
    return Image.open(io.BytesIO(page.screenshot(scale="css", animations="disabled"))).convert("RGB")


def colours(photo: Image.Image, box: Box, margin: float = 0) -> Counter[Colour]:
    """The colours inside a box, and how many pixels have each."""
    left, top = math.floor(box.left - margin), math.floor(box.top - margin)
    right, bottom = math.ceil(box.right + margin), math.ceil(box.bottom + margin)
    part = photo.crop((max(0, left), max(0, top), min(photo.width, right), min(photo.height, bottom)))
    counted = part.getcolors(part.width * part.height) or []
    return Counter({colour: count for count, colour in counted if isinstance(colour, tuple)})  # type: ignore[misc] # RGB


def contrast(one: Colour, other: Colour) -> float:
    """How far two colours stand out from each other, 1 to 21 (WCAG 2.2)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def stands_out(photo: Image.Image, box: Box, ground: Colour) -> float:
    """The contrast of what stands out most inside a box."""
    return max((contrast(colour, ground) for colour in colours(photo, box)), default=1.0)


def _luminance(colour: Colour) -> float:
    parts = [value / 255 for value in colour]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
