"""Which version this is, of the library and of the page."""

__version__ = "0.1.0"
