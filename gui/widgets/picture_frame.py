"""One small picture of uint8 pixels, as large as there is room for, with a caption below."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.palette import Theme

_LEAST = 64  # logical pixels of the side


def picture_image(picture: NDArray[np.uint8]) -> QImage:
    """Grey [H, W] or RGB [H, W, 3] as an image in the screen's format that owns its pixels."""
    kind = QImage.Format.Format_Grayscale8 if picture.ndim == 2 else QImage.Format.Format_RGB888
    whole = np.ascontiguousarray(picture)
    height, width = whole.shape[:2]
    return QImage(whole.data, width, height, whole.strides[0], kind).convertToFormat(QImage.Format.Format_RGB32)


def enlarged(box: QRectF, size: QSize) -> QRectF:
    """Where a picture lies in the middle of a box, a whole number of times as large where it can be."""
    factor = min(box.width() / size.width(), box.height() / size.height())
    whole = float(int(factor)) if factor >= 1 else factor
    target = QRectF(0, 0, size.width() * whole, size.height() * whole)
    target.moveCenter(box.center())
    target.moveTopLeft(target.topLeft().toPoint().toPointF())
    return target


def draw_enlarged(painter: QPainter, box: QRectF, image: QImage) -> QRectF:
    """Paint a picture where `enlarged` says, and return that."""
    target = enlarged(box, image.size())
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, target.width() < image.width())
    painter.drawImage(target, image)
    return target


class PictureFrame(QWidget):
    """Shows a picture, or a word in its place."""

    def __init__(self, theme: Theme, title: str, hint: str = "", parent: QWidget | None = None) -> None:
        """Empty; `title` names it to screen readers, `hint` is shown while there is no picture."""
        super().__init__(parent)
        self._theme = theme
        self._hint = hint
        self._caption = ""
        self._image = QImage()
        self._awaited = QSize(1, 1)
        self.setAccessibleName(title)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(_LEAST, _LEAST + self.fontMetrics().height())

    @property
    def image(self) -> QImage:
        """The picture in its own size; without pixels when there is none."""
        return self._image

    @property
    def caption(self) -> str:
        """The words below."""
        return self._caption

    def set_picture(self, picture: NDArray[np.uint8] | None) -> None:
        """Show a picture [H, W] or [H, W, 3], or none."""
        self._image = QImage() if picture is None else picture_image(picture)
        self.update()

    def leave_room_for(self, height: int, width: int) -> None:
        """While there is no picture, be as large as a picture of this size would be."""
        self._awaited = QSize(width, height)
        self.update()

    def set_caption(self, text: str) -> None:
        """Write below the picture."""
        self._caption = text
        self.setAccessibleDescription(text)
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        """Room to recognise a digit."""
        return QSize(124, 124 + self.fontMetrics().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the picture with a thin edge, and the caption."""
        painter = QPainter(self)
        line = self.fontMetrics().height() + 2
        box = QRectF(self.rect()).adjusted(1, 1, -1, -line if self._caption else -1)
        theme = self._theme
        if self._image.isNull():
            frame = enlarged(box.adjusted(1, 1, -1, -1), self._awaited)
            painter.setPen(QPen(QColor(theme.border), 1.0, Qt.PenStyle.DashLine))
            painter.drawRect(frame)
            painter.setPen(QColor(theme.muted))
            words = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
            painter.drawText(frame.adjusted(4, 4, -4, -4), words, self._hint)
        else:
            frame = draw_enlarged(painter, box.adjusted(1, 1, -1, -1), self._image)
            painter.setPen(QPen(QColor(theme.border), 1.0))
            painter.drawRect(frame.adjusted(-1, -1, 0, 0))
        if self._caption:
            painter.setPen(QColor(theme.muted))
            below = QRect(0, round(frame.bottom()) + 1, self.width(), line)
            painter.drawText(below, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, self._caption)
        painter.end()
