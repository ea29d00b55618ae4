"""What a test left in Qt: top-level widgets, running threads, active timers."""

from __future__ import annotations

import gc
from types import CellType, FrameType
from typing import Any

import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QThread, QThreadPool, QTimer
from PySide6.QtWidgets import QApplication, QWidget

MOST_HOLDERS = 6

_unstoppable: list[QThread] = []  # Qt aborts the process when a running thread is destroyed, so these are kept


def windows() -> list[QWidget]:
    """The widgets without a parent that exist now."""
    return [widget for widget in QApplication.topLevelWidgets() if widget.parent() is None]


def cleared_leaks(known: list[QWidget], grace: float) -> list[str]:
    """One sentence for each thing that is left and is not in `known`; what can be ended or closed is.

    Waits up to `grace` seconds for each running thread. Objects that `gc` has frozen count as known. Unfreezes them.
    """
    if QApplication.instance() is None:
        return []
    _delete_what_is_due()
    # Not `isinstance`: it asks each object for its class; lazy or deprecated ones answer with work or a warning.
    found = [each for each in gc.get_objects() if issubclass(type(each), QThread | QTimer)]
    new = [each for each in found if shiboken6.isValid(each)]
    threads = [each for each in new if isinstance(each, QThread)]
    timers = [each for each in new if isinstance(each, QTimer) and each.isActive()]
    problems = [_told_of_thread(thread) for thread in threads if not _ends(thread, grace)]
    if not QThreadPool.globalInstance().waitForDone(int(grace * 1000)):
        problems.append("work on the global QThreadPool")
    for timer in timers:
        problems.append(f"an active QTimer of {timer.interval()} ms, owned by {type(timer.parent()).__name__}")
        timer.stop()
    left = [widget for widget in windows() if not any(widget is each for each in known)]
    gc.unfreeze()  # a frozen object may be the one that holds the widget
    for widget in left:
        holders = "; ".join(_holders(widget, (left, known))) or "nothing in Python"
        problems.append(f"a top-level widget: {_named(widget)}, held by {holders}")
        widget.close()
        widget.deleteLater()
    _delete_what_is_due()
    return problems


def _delete_what_is_due() -> None:
    # Without an event loop, Qt keeps what `deleteLater` was called on until this event is sent by hand.
    for _ in range(2):
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        gc.collect()


def _ends(thread: QThread, grace: float) -> bool:
    return not thread.isRunning() or thread.wait(int(grace * 1000))


def _told_of_thread(thread: QThread) -> str:
    thread.requestInterruption()
    thread.quit()
    if not thread.wait(1000):
        _unstoppable.append(thread)
    return f"a running QThread: {_named(thread)}"


def _named(each: QWidget | QThread) -> str:
    title = each.windowTitle() if isinstance(each, QWidget) else ""
    return " ".join(filter(None, (type(each).__name__, each.objectName(), repr(title) if title else "")))


def _holders(widget: QWidget, not_these: tuple[list[QWidget], ...]) -> list[str]:
    found = []
    for holder in gc.get_referrers(widget):
        if isinstance(holder, FrameType) or any(holder is each for each in not_these):
            continue
        found.append(_described(holder, widget))
    return found[:MOST_HOLDERS]


def _described(holder: object, widget: QWidget) -> str:
    if isinstance(holder, CellType):
        return "a variable of a closure"
    if isinstance(holder, list | tuple | set):
        return f"a {type(holder).__name__} of {len(holder)}"
    owner = _owner_of(holder) if isinstance(holder, dict) else f"a {type(holder).__qualname__}"
    names: dict[Any, Any] = holder if isinstance(holder, dict) else getattr(holder, "__dict__", {})
    return " as ".join([owner, *(str(name) for name, value in names.items() if value is widget)][:2])


def _owner_of(namespace: dict[Any, Any]) -> str:
    if "__name__" in namespace:
        return f"the module {namespace['__name__']}"
    for owner in gc.get_referrers(namespace):
        if getattr(owner, "__dict__", None) is namespace:
            return f"a {type(owner).__qualname__}"
    return "a dict"
