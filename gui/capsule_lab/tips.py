"""Tooltips that are read in lines instead of across the whole screen."""

from __future__ import annotations

import textwrap

from PySide6.QtWidgets import QWidget

_LETTERS = 72  # of a line


def wrapped(tip: str) -> str:
    """A tooltip with line breaks between words, so that it stays plain text for screen readers."""
    return textwrap.fill(tip, _LETTERS)


def wrap_tips(whole: QWidget) -> None:
    """Wrap the tooltips of all widgets on `whole`."""
    for widget in whole.findChildren(QWidget):
        widget.setToolTip(wrapped(widget.toolTip()))
