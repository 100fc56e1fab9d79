"""Colours: every mark and every letter stands out from its ground, in both themes."""

import dataclasses
import re
import tomllib
from itertools import combinations
from pathlib import Path

import pytest

from ssm.explorer import figures
from ssm.explorer.figures import texts
from ssm.explorer.figures.theme import DARK, LIGHT, THEMES, contrast

CONFIG = tomllib.loads((Path(__file__).parents[1] / ".streamlit/config.toml").read_text("utf-8"))
CLEAR = "rgba(0,0,0,0)"
every_theme = pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)


def colours(theme):
    """Every colour of a theme by its name."""
    values = dataclasses.asdict(theme)
    texts = values.pop("text")
    return {name: value for name, value in values.items() if name != "name"} | {
        f"text {n}": v for n, v in texts.items()
    }


def marks(theme):
    """Every trace of every panel, with the colours that it is drawn in: its fill and its outline, or its line."""
    for panel in figures.PANELS:
        for trace in figures.spec(panel, theme)["traces"]:
            marker = trace.get("marker", {})
            outline = marker.get("line", {})
            found = [marker.get("color"), outline.get("color") if outline.get("width") else None]
            yield panel, trace, [c for c in (*found, trace.get("line", {}).get("color")) if c and c != CLEAR]


@pytest.mark.parametrize(
    ("first", "second", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#ffffff", "#ffffff", 1.0),
        ("#767676", "#ffffff", 4.54),
        ("#777777", "#ffffff", 4.48),
        ("#0000ff", "#ffffff", 8.59),
        ("#ff0000", "#ffffff", 4.00),
        ("#00ff00", "#ffffff", 1.37),
    ],
)
def test_contrast_is_that_of_the_guidelines(first, second, ratio):
    assert contrast(first, second) == contrast(second, first) == pytest.approx(ratio, abs=5e-3)


@every_theme
def test_every_colour_is_spelled_so_that_its_contrast_can_be_told(theme):
    assert all(re.fullmatch("#[0-9a-fA-F]{6}", colour) for colour in colours(theme).values())


@every_theme
def test_every_mark_or_its_outline_stands_out(theme):
    found = list(marks(theme))
    assert len(found) > 25
    for panel, trace, drawn in found:
        rimmed = panel == "balance" and theme.paper in drawn  # blocks are told apart by gaps in the ground's colour
        faint = trace["name"] == "other seeds"  # a background to the run that is told about
        assert faint or rimmed or max(contrast(colour, theme.paper) for colour in drawn) >= 3, (panel, trace["name"])
    assert contrast(theme.gradient, theme.paper) >= 3


@every_theme
def test_the_arrow_of_the_correction_and_its_blocks_have_an_outline(theme):
    assert contrast(theme.correction_line, theme.paper) >= 3
    assert contrast(theme.correction_line, theme.correction) >= 1.5
    block = next(
        trace for panel, trace, _ in marks(theme) if panel == "weights_sampled" and "base" in trace["meta"]["fill"]
    )
    assert block["marker"]["line"] == {"color": theme.correction_line, "width": 1}


@every_theme
def test_bars_that_lie_on_one_another_differ_in_more_than_hue(theme):
    bars = {t["name"]: t for panel, t, _ in marks(theme) if panel == "gradient_sampled" and t["type"] == "bar"}
    assert bars["this draw"]["marker"]["color"] == theme.gradient
    assert bars["average of draws"]["marker"]["color"] == CLEAR
    assert bars["average of draws"]["marker"]["line"]["color"] == theme.gradient
    assert contrast(theme.gradient, theme.step) >= 2
    widths = [bars[name]["width"] for name in ("full gradient", "average of draws", "this draw")]
    assert widths == sorted(widths, reverse=True)
    assert len(set(widths)) == 3


@every_theme
def test_black_is_for_exact_alone(theme):
    for panel, trace, drawn in marks(theme):
        # A level in ink, as the arrow's end; the full softmax, and kernels that compute it, among sampled losses.
        full = {"full", "full, measured", "fused", "in chunks"}
        exact = trace["name"] in {"exact expectation", "bias", "corrected score", *full}
        assert (theme.ink in drawn) == exact, (panel, trace["name"])


@every_theme
def test_every_text_can_be_read(theme):
    assert all(contrast(colour, theme.paper) >= 4.5 for colour in theme.text.values())
    assert contrast(theme.muted, theme.paper) >= 4.5
    assert contrast(theme.ink, theme.paper) >= 7


@every_theme
def test_zero_lines_stand_out_and_the_grid_does_not(theme):
    assert contrast(theme.muted, theme.paper) >= 3
    assert contrast(theme.grid, theme.paper) < 1.5


@every_theme
def test_every_role_has_an_ink_of_its_own(theme):
    roles = {role for part in texts.SENTENCE for one in part for role in re.findall(r"\|(\w+)\}", one["say"])}
    assert roles
    assert roles <= set(theme.text)
    five = [theme.model, theme.target, theme.gradient, theme.noise, theme.exact]
    assert all(first.lower() != second.lower() for first, second in combinations(five, 2))


def test_both_themes_have_all_inks():
    assert {"light": LIGHT, "dark": DARK} == THEMES
    assert set(colours(LIGHT)) == set(colours(DARK))
    assert (LIGHT.exact, DARK.exact) == (LIGHT.ink, DARK.ink)


@every_theme
def test_ground_and_ink_are_those_of_the_page(theme):
    page = CONFIG["theme"][theme.name]
    assert (page["backgroundColor"], page["textColor"]) == (theme.paper, theme.ink)
