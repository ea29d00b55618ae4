"""The line at the foot of the window: what is going on, with which model, where, and how fast."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QWidget


class StatusBar(QFrame):
    """Four short texts; a text that is empty takes no room."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """An empty bar."""
        super().__init__(parent)
        self.setObjectName("statusBar")
        self._busy = _Elided()
        self._busy.setObjectName("busy")
        self._model = _Elided()
        self._model.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._device = QLabel()
        self._latency = QLabel()
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 5, 16, 5)
        row.setSpacing(22)
        row.addWidget(self._busy, 1)
        row.addWidget(self._model, 1)
        row.addWidget(self._device)
        row.addWidget(self._latency)
        for label, name in ((self._busy, "Activity"), (self._model, "Model"), (self._device, "Device")):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setAccessibleName(name)
        self._latency.setAccessibleName("Latency")
        self._latency.setToolTip("How long the last answer of the network took, as measured.")
        self._device.setToolTip("The device that the network runs on.")
        self.clear()

    def set_model(self, text: str) -> None:
        """Name the model that answers; "" for none."""
        self._model.setText(text)
        self._model.setToolTip(f"The model in use: {text}" if text else "")

    def set_device(self, text: str) -> None:
        """Name the device that it runs on; "" for none."""
        self._device.setText(text)
        self._device.setVisible(bool(text))

    def set_latency(self, milliseconds: float | None) -> None:
        """Show a measured time; None for none."""
        shown = "" if milliseconds is None else _duration(milliseconds)
        self._latency.setText(shown)
        self._latency.setVisible(bool(shown))

    def set_busy(self, text: str | None) -> None:
        """Say what is being worked on; None when nothing is."""
        self._busy.setText(f"● {text}" if text else "")

    def clear(self) -> None:
        """Empty all four."""
        self.set_model("")
        self.set_device("")
        self.set_latency(None)
        self.set_busy(None)

    @property
    def texts(self) -> tuple[str, str, str, str]:
        """What stands in the bar: activity, model, device, latency."""
        return self._busy.text(), self._model.text(), self._device.text(), self._latency.text()


class _Elided(QLabel):
    """A label that ends in an ellipsis rather than widen the window."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.rect(), self.alignment(), text)
        painter.end()


def _duration(milliseconds: float) -> str:
    if milliseconds < 10:
        return f"{milliseconds:.1f} ms"
    if milliseconds < 1000:
        return f"{milliseconds:.0f} ms"
    return f"{milliseconds / 1000:.1f} s"
