"""Picks one drawing of a file that holds many."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPainter, QPalette, QPen, QPixmap
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from engine.sketch.strokes import Drawing
from gui.sketch_lab.gallery_ink import stroke_path

_SIDE = 96
_MARGIN = 10


class DrawingPicker(QDialog):
    """A sheet of small pictures; double click or Enter picks."""

    picked = Signal(object)  # Drawing

    def __init__(self, drawings: Sequence[Drawing], file_name: str, parent: QWidget | None = None) -> None:
        """Show `drawings` of the file `file_name`."""
        super().__init__(parent)
        self._drawings = drawings
        self.setWindowTitle(f"Drawings in {file_name}")
        self.resize(720, 520)
        column = QVBoxLayout(self)
        column.addWidget(QLabel(f"{len(drawings)} drawings; which one goes on the paper?"))
        self.sheet = QListWidget()
        self.sheet.setViewMode(QListWidget.ViewMode.IconMode)
        self.sheet.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.sheet.setMovement(QListWidget.Movement.Static)
        self.sheet.setIconSize(QSize(_SIDE, _SIDE))
        self.sheet.setUniformItemSizes(True)
        self.sheet.setAccessibleName("Drawings")
        for index, drawing in enumerate(drawings):
            item = QListWidgetItem(self._picture(drawing), drawing.word or str(index + 1))
            item.setData(Qt.ItemDataRole.UserRole, index)
            self.sheet.addItem(item)
        self.sheet.setCurrentRow(0)
        self.sheet.itemActivated.connect(lambda _item: self.accept())
        column.addWidget(self.sheet, 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Open | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)
        self.finished.connect(self.deleteLater)

    def accept(self) -> None:
        """Tell of the chosen drawing and close."""
        item = self.sheet.currentItem()
        if item is not None:
            self.picked.emit(self._drawings[item.data(Qt.ItemDataRole.UserRole)])
        super().accept()

    def _picture(self, drawing: Drawing) -> QIcon:
        ratio = self.devicePixelRatioF()
        pixmap = QPixmap(round(_SIDE * ratio), round(_SIDE * ratio))
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        left, top, right, bottom = drawing.box()
        zoom = (_SIDE - 2 * _MARGIN) / max(right - left, bottom - top, 1e-6)
        origin = QPointF(_SIDE / 2 - (left + right) / 2 * zoom, _SIDE / 2 - (top + bottom) / 2 * zoom)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Text), 1.6))
        for stroke in drawing.strokes:
            painter.drawPath(stroke_path(stroke, zoom, origin))
        painter.end()
        return QIcon(pixmap)
