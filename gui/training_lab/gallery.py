"""The first page of the lab: ready experiments as cards, runs of earlier days, and ways to bring one's own.

Two clicks start a run: a card and its "Start", or the button on the card itself.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from gui.palette import Theme
from gui.training_lab.experiments import FILTERS, ExperimentCard, RunCard, when_in_words
from gui.training_lab.gallery_preview import ExperimentPreview
from gui.training_lab.gallery_tile import TILE_WIDTH, Tile, next_tile

_GAP = 14
_ALL = "All"
_STATES = {"running": "● running", "finished": "✓ finished", "stopped": "■ stopped", "failed": "✕ failed",
           "interrupted": "◌ interrupted"}


class Gallery(QWidget):
    """Cards to choose from. It starts nothing itself; the signals say what the person wants."""

    start_requested = Signal(object)  # ExperimentCard: start its runs as they are
    settings_requested = Signal(object)  # ExperimentCard: show its settings first
    own_data_requested = Signal()
    draw_requested = Signal()
    open_requested = Signal()
    run_chosen = Signal(object)  # Path of a run's folder

    def __init__(self, cards: Sequence[ExperimentCard], theme: Theme, parent: QWidget | None = None) -> None:
        """A gallery of `cards`; there are no earlier runs yet."""
        super().__init__(parent)
        self._theme = theme
        self._cards = tuple(cards)
        self._content = QWidget()
        self._content.setObjectName("scrolled")
        self._tiles = [self._experiment_tile(card) for card in self._cards]
        self._run_tiles: list[Tile] = []
        self._own_tiles = self._make_own_tiles()
        self._shown: list[Tile] = []
        self._previews: dict[str, NDArray[np.generic]] = {}
        self._filters = QButtonGroup(self)
        self._filters.setExclusive(True)
        self._runs_heading = self._heading("Runs of earlier days")
        self._runs_heading.hide()
        self._grids = [QGridLayout(), QGridLayout(), QGridLayout()]
        self._scroll = QScrollArea()
        self.preview = ExperimentPreview(theme)
        self.pages = QStackedWidget(self)
        self.pages.addWidget(self._browse_page())
        self.pages.addWidget(self.preview)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.pages)
        self.preview.back_requested.connect(self._on_preview_back)
        self.preview.start_requested.connect(self.start_requested)
        self.preview.settings_requested.connect(self.settings_requested)
        self._filters.buttonClicked.connect(self._on_filter_clicked)
        self._arrange()

    @property
    def tiles(self) -> list[Tile]:
        """The cards that can be seen, in reading order."""
        return list(self._shown)

    def filter_buttons(self) -> dict[str, QPushButton]:
        """The buttons of the filter row by their names."""
        return {button.property("filter"): button for button in self._filters.buttons()
                if isinstance(button, QPushButton)}

    def set_runs(self, runs: Sequence[RunCard]) -> None:
        """Show runs of earlier days, the newest first."""
        for tile in self._run_tiles:
            tile.hide()
            tile.setParent(None)
            tile.deleteLater()
        self._run_tiles = [self._run_tile(run) for run in runs]
        self._runs_heading.setVisible(bool(runs))
        self._arrange()

    def set_preview(self, data: str, examples: NDArray[np.generic]) -> None:
        """Examples of a kind of data, for cards without a picture; see `engine.data.preview`."""
        self._previews[data] = examples
        for card, tile in zip(self._cards, self._tiles, strict=True):
            if card.data == data:
                tile.picture.set_examples(examples)

    def missing_previews(self) -> list[str]:
        """The kinds of data that cards without a picture would show, to ask `engine.data.preview` for."""
        wanted = [card.data for card in self._cards if card.picture is None and card.data not in self._previews]
        return [name for name in dict.fromkeys(wanted) if name]

    def show_cards(self) -> None:
        """Back from a card to all of them."""
        self.pages.setCurrentIndex(0)

    def set_theme(self, theme: Theme) -> None:
        """Wear other colours."""
        self._theme = theme
        for tile in (*self._tiles, *self._run_tiles, *self._own_tiles):
            tile.set_theme(theme)
        self.preview.set_theme(theme)

    def resizeEvent(self, event: QResizeEvent) -> None:  # Qt's name
        """As many columns as there is room for."""
        super().resizeEvent(event)
        self._arrange()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # Qt's name
        """Escape goes back from a card to all of them."""
        if event.key() == Qt.Key.Key_Escape and self.pages.currentIndex() == 1:
            self._on_preview_back()
        else:
            super().keyPressEvent(event)

    # ---- the page

    def _browse_page(self) -> QWidget:
        column = QVBoxLayout(self._content)
        column.setContentsMargins(20, 14, 20, 20)
        column.setSpacing(12)
        heading = QLabel("What do you want to watch?")
        heading.setProperty("role", "heading")
        column.addWidget(heading)
        column.addLayout(self._filter_row())
        headings = (None, self._runs_heading, self._heading("Something of your own"))
        for grid, title in zip(self._grids, headings, strict=True):
            if title is not None:
                column.addSpacing(6)
                column.addWidget(title)
            grid.setSpacing(_GAP)
            column.addLayout(grid)
        column.addStretch(1)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidget(self._content)
        return self._scroll

    def _filter_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        for name in (_ALL, *FILTERS):
            count = len(self._cards) if name == _ALL else sum(name in card.tags for card in self._cards)
            button = QPushButton(f"{name}  {count}".replace("&", "&&"))
            button.setProperty("filter", name)
            button.setCheckable(True)
            button.setChecked(name == _ALL)
            button.setEnabled(count > 0)
            button.setToolTip(f"Show {'all experiments' if name == _ALL else f'the experiments of the kind “{name}”'}.")
            self._filters.addButton(button)
            row.addWidget(button)
        row.addStretch(1)
        return row

    @staticmethod
    def _heading(text: str) -> QLabel:
        label = QLabel(text)
        label.setProperty("role", "title")
        return label

    def _experiment_tile(self, card: ExperimentCard) -> Tile:
        foot = f"{len(card.runs)} runs" if len(card.runs) > 1 else "1 run"
        tile = Tile(card.title, card.sentence, self._theme, foot=foot, start="Start", symbol="G ⇄ D",
                    parent=self._content)
        tile.picture.set_image(card.picture)
        tile.opened.connect(lambda: self._open(card))
        tile.started.connect(lambda: self.start_requested.emit(card))
        self._follow(tile)
        return tile

    def _run_tile(self, run: RunCard) -> Tile:
        when = when_in_words(run.when, datetime.datetime.now())
        tile = Tile(run.title, f"{_STATES.get(run.state, run.state)} · {when}", self._theme, symbol="…",
                    parent=self._content)
        tile.picture.set_examples(run.samples)
        tile.opened.connect(lambda: self.run_chosen.emit(run.path))
        self._follow(tile)
        return tile

    def _make_own_tiles(self) -> list[Tile]:
        made = []
        for title, sentence, symbol, signal in (
            ("My own data…", "A folder of pictures or drawings of yours.", "+", self.own_data_requested),
            ("Draw a density…", "Paint with the mouse where the points shall lie.", "✎", self.draw_requested),
            ("Open a run…", "A run folder of the command line or of another machine.", "↗", self.open_requested),
        ):
            tile = Tile(title, sentence, self._theme, symbol=symbol, parent=self._content)
            tile.opened.connect(signal)
            self._follow(tile)
            made.append(tile)
        return made

    def _follow(self, tile: Tile) -> None:
        tile.moved.connect(lambda step: self._on_tile_moved(tile, step))

    def _arrange(self) -> None:
        """Put the cards that are wanted into their grids."""
        room = self.width() - 40 - self._scroll.verticalScrollBar().sizeHint().width()
        columns = max((room + _GAP) // (TILE_WIDTH + _GAP), 1)
        checked = self._filters.checkedButton()
        wanted = checked.property("filter") if checked is not None else _ALL
        experiments = []
        for card, tile in zip(self._cards, self._tiles, strict=True):
            tile.setVisible(wanted == _ALL or wanted in card.tags)
            if wanted == _ALL or wanted in card.tags:
                experiments.append(tile)
        self._shown = [*experiments, *self._run_tiles, *self._own_tiles]
        for grid, tiles in zip(self._grids, (experiments, self._run_tiles, self._own_tiles), strict=True):
            while grid.count():
                grid.takeAt(0)
            for column in range(grid.columnCount()):
                grid.setColumnStretch(column, 0)
            for index, tile in enumerate(tiles):
                grid.addWidget(tile, index // columns, index % columns)
                tile.show()
            grid.setColumnStretch(columns, 1)

    # ---- what the person does

    def _open(self, card: ExperimentCard) -> None:
        self.preview.show_card(card, self._previews.get(card.data))
        self.pages.setCurrentWidget(self.preview)
        self.preview.start_button.setFocus()

    def _on_preview_back(self) -> None:
        self.show_cards()
        card = self.preview.card
        if card in self._cards:
            self._tiles[self._cards.index(card)].setFocus()

    def _on_filter_clicked(self) -> None:
        self._arrange()
        self._scroll.verticalScrollBar().setValue(0)

    def _on_tile_moved(self, tile: Tile, step: QPoint) -> None:
        tiles = self.tiles
        # All tiles have one parent, so their places can be compared.
        boxes = {index: QRectF(each.geometry()) for index, each in enumerate(tiles)}
        chosen = tiles[next_tile(boxes, tiles.index(tile), step)]
        chosen.setFocus()
        self._scroll.ensureWidgetVisible(chosen)
