"""What axe finds that is serious."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Frame, Page


def grave(where: Page | Frame) -> list[tuple[str, list[str]]]:
    """The rules that are broken, and where: at most three places each."""
    found = Axe().run(where).response["violations"]
    serious = [v for v in found if v["impact"] in {"serious", "critical"}]
    return [(v["id"], [node["html"][:200] for node in v["nodes"]][:3]) for v in serious]
