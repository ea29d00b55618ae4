"""The main window: rail, stage, explanation and status bar. It knows labs by their entries only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QPaintEvent, QShortcut
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from engine.errors import EngineError
from gui.lab import LABS, Lab, LabContext, LabEntry
from gui.messages import Messages
from gui.rail import Rail
from gui.services.garbage import GarbageCollector
from gui.settings import Settings
from gui.theme import ThemeManager
from gui.toasts import ToastStack
from gui.widgets.info_panel import InfoPanel
from gui.widgets.status_bar import StatusBar

_SIZE = (1280, 800)
_SMALLEST = (900, 600)
_INFO_WIDTH = 340


class MainWindow(QMainWindow):
    """Makes each lab when it is first wanted, never before the window itself has been painted once."""

    lab_changed = Signal(str)

    def __init__(
        self,
        settings: Settings,
        theme: ThemeManager,
        messages: Messages,
        *,
        labs: Sequence[LabEntry] = LABS,
        first_lab: str | None = None,
        file: Path | None = None,
    ) -> None:
        """Start in `first_lab`, else in the lab of last time; `file` is opened in that lab."""
        super().__init__()
        self.setWindowTitle("Morphospace")
        self._settings = settings
        self._entries = {entry.name: entry for entry in labs}
        self._labs: dict[str, Lab] = {}
        self._current: Lab | None = None
        self._painted = False
        self._file = file
        wanted = first_lab if first_lab is not None else settings.get("window/lab", "")
        self._wanted = wanted if wanted in self._entries else next(iter(self._entries))

        self._garbage = GarbageCollector(self)
        self.status = StatusBar()
        self.context = LabContext(messages, settings, theme, self.status)
        self.rail = Rail(labs, theme)
        self.rail.lab_chosen.connect(self.show_lab)
        self.rail.info_toggled.connect(self.show_info)
        self.info = InfoPanel(theme)
        self.info.closed.connect(self._on_info_closed)
        self._waiting = _WaitingPage(theme)
        self._waiting.retry.connect(self._on_retry)
        self._stage = QStackedWidget()
        self._stage.addWidget(self._waiting)
        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        self._splitter.addWidget(self._stage)
        self._splitter.addWidget(self.info)
        self._splitter.setStretchFactor(0, 1)
        self._splitter.setStretchFactor(1, 0)
        self._splitter.setCollapsible(0, False)
        self._splitter.setCollapsible(1, False)
        self._splitter.setSizes([_SIZE[0] - _INFO_WIDTH, _INFO_WIDTH])
        self.toasts = ToastStack(messages, theme, self._lay_out())
        self._add_shortcuts()

        self.rail.show_chosen(self._wanted)
        self._waiting.show_loading(self._entries[self._wanted].title)
        self.show_info(settings.get("window/info", False))
        self.setMinimumSize(*_SMALLEST)
        self.resize(*_SIZE)
        geometry = settings.get("window/geometry", b"")
        if geometry:
            self.restoreGeometry(geometry)

    @property
    def lab(self) -> Lab | None:
        """The lab on stage; None until the first one is there."""
        return self._current

    def show_lab(self, name: str) -> None:
        """Put the lab `name` on stage, and make it first where needed."""
        self._wanted = name
        self.rail.show_chosen(name)
        if not self._painted or (self._current is not None and self._current is self._labs.get(name)):
            return
        if self._current is not None:
            self._current.on_hidden()
            self._current = None
            self.status.clear()
        if name in self._labs:
            self._put_on_stage(self._labs[name])
            return
        self._waiting.show_loading(self._entries[name].title)
        self._stage.setCurrentWidget(self._waiting)
        # Let the page be seen before the import of the lab takes the thread.
        QTimer.singleShot(0, self, self._make_wanted_lab)

    def show_info(self, is_open: bool) -> None:
        """Open or close the explanation."""
        self.info.setVisible(is_open)
        self.rail.show_info_open(is_open)
        self._settings.set("window/info", is_open)
        self._refresh_info()

    def open_file(self, path: Path) -> None:
        """Open `path` in the lab on stage, or in the first one as soon as it is there."""
        if self._current is None:
            self._file = path
            return
        try:
            self._current.open_file(path)
        except EngineError as error:
            self.context.messages.report(error)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Begin with the first lab once there is something on the screen."""
        super().paintEvent(event)
        if not self._painted and self.isVisible():
            self._painted = True
            self._garbage.start()
            QTimer.singleShot(0, self, self._make_wanted_lab)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remember the window and shut every lab down."""
        if self._current is not None:
            self._current.on_hidden()
            self._current = None
        for lab in self._labs.values():
            try:
                lab.shut_down()
            except Exception as error:
                # The other labs have threads of their own to end.
                self.context.messages.report(error)
        self._labs.clear()
        self._settings.set("window/geometry", bytes(self.saveGeometry().data()))
        self._settings.set("window/lab", self._wanted)
        self._settings.save()
        self._garbage.stop()
        super().closeEvent(event)

    def _lay_out(self) -> QWidget:
        """Put everything in its place; returns the part that messages lie over."""
        # Not the splitter itself: a splitter takes every child for one of its panes.
        right = QWidget()
        for_splitter = QVBoxLayout(right)
        row = QHBoxLayout()
        centre = QWidget()
        column = QVBoxLayout(centre)
        for layout in (for_splitter, row, column):
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(0)
        for_splitter.addWidget(self._splitter)
        row.addWidget(self.rail)
        row.addWidget(right, 1)
        column.addLayout(row, 1)
        column.addWidget(self.status)
        self.setCentralWidget(centre)
        return right

    def _add_shortcuts(self) -> None:
        for number, name in enumerate(list(self._entries)[:9], start=1):
            QShortcut(QKeySequence(f"Ctrl+{number}"), self, lambda name=name: self.show_lab(name))
        QShortcut(QKeySequence("F1"), self, self.rail.info_button.click)
        QShortcut(QKeySequence("Ctrl+T"), self, self.rail.theme_button.click)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Quit), self, self.close)
        # Escape belongs to the labs as long as there is no message to close.
        escape = QShortcut(QKeySequence("Esc"), self, self.toasts.close_newest)
        escape.activatedAmbiguously.connect(self.toasts.close_newest)
        escape.setEnabled(False)
        self.toasts.count_changed.connect(lambda count: escape.setEnabled(count > 0))

    def _make_wanted_lab(self) -> None:
        name = self._wanted
        if self._current is not None or not self.isVisible():
            return
        if name not in self._labs:
            entry = self._entries[name]
            try:
                lab = entry.load()(self.context)
            except Exception as error:
                self._waiting.show_failure(entry.title)
                self.context.messages.report(error)
                return
            self._labs[name] = lab
            self._stage.addWidget(lab)
        self._put_on_stage(self._labs[name])
        if self._file is not None:
            path, self._file = self._file, None
            self.open_file(path)

    def _put_on_stage(self, lab: Lab) -> None:
        self._current = lab
        self._stage.setCurrentWidget(lab)
        self.setWindowTitle(f"{self._entries[self._wanted].title} · Morphospace")
        lab.on_shown()
        self._refresh_info()
        self.lab_changed.emit(self._wanted)

    def _refresh_info(self) -> None:
        if self.info.isVisibleTo(self):
            self.info.show_html(self._current.info_html() if self._current is not None else "")

    def _on_info_closed(self) -> None:
        self.show_info(False)

    def _on_retry(self) -> None:
        self.show_lab(self._wanted)


class _WaitingPage(QWidget):
    """Stands on the stage while a lab is being made, and when that failed."""

    retry = Signal()

    def __init__(self, theme: ThemeManager) -> None:
        super().__init__()
        self._theme = theme
        self._heading = QLabel()
        self._heading.setProperty("role", "heading")
        self._text = QLabel()
        self._text.setProperty("role", "muted")
        self._again = QPushButton("Try again")
        self._again.clicked.connect(self.retry)
        column = QVBoxLayout(self)
        column.setSpacing(10)
        column.addStretch(1)
        for widget in (self._heading, self._text, self._again):
            column.addWidget(widget, alignment=Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)

    def show_loading(self, title: str) -> None:
        self._heading.setText(title)
        self._text.setText("Setting up the lab …")
        self._again.hide()

    def show_failure(self, title: str) -> None:
        self._heading.setText(title)
        self._text.setText(f"The {title} lab could not be opened.")
        self._again.show()
