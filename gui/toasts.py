"""Messages as they appear: small cards in the lower right corner of the stage, newest at the bottom."""

from __future__ import annotations

from PySide6.QtCore import QEasingCurve, QEvent, QObject, QPropertyAnimation, Qt, QTimer, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent, QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QGraphicsOpacityEffect,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gui.messages import Message, Messages
from gui.theme import Theme, ThemeManager

_ICONS = {"info": "mdi6.information-outline", "warning": "mdi6.alert-outline", "error": "mdi6.alert-circle-outline"}
_LEAST_SECONDS = {"info": 4, "warning": 10}  # and more where there is more to read; an error stays
_MOST_SHOWN = 3
_WIDTH = 320
_MARGIN = 12
_FADE_MS = 220


class Toast(QFrame):
    """One message with a close button and, where the message has one, its action."""

    closed = Signal()

    def __init__(self, message: Message, theme: ThemeManager, parent: QWidget) -> None:
        """Show `message`; all but an "error" close themselves after a time that allows for reading them."""
        super().__init__(parent)
        self.message = message
        self._theme = theme
        self.setObjectName("toast")
        self.setProperty("level", message.level)
        self.setAccessibleName(message.text)
        self.setFixedWidth(_WIDTH)

        self._icon = QLabel()
        text = QLabel(message.text)
        text.setTextFormat(Qt.TextFormat.PlainText)
        text.setWordWrap(True)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._close = QToolButton()
        self._close.setProperty("role", "flat")
        self._close.setToolTip("Close (Esc)")
        self._close.setAccessibleName("Close message")
        self._close.clicked.connect(self.dismiss)

        column = QVBoxLayout()
        column.setSpacing(8)
        column.addWidget(text)
        if message.action is not None:
            button = QPushButton(message.action[0])
            button.clicked.connect(self._on_button_clicked)
            column.addWidget(button, alignment=Qt.AlignmentFlag.AlignLeft)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 11, 8, 11)
        row.setSpacing(11)
        row.addWidget(self._icon, alignment=Qt.AlignmentFlag.AlignTop)
        row.addLayout(column, 1)
        row.addWidget(self._close, alignment=Qt.AlignmentFlag.AlignTop)

        self._opacity = QGraphicsOpacityEffect(self)
        self._opacity.setEnabled(False)
        self.setGraphicsEffect(self._opacity)
        self._fading = QPropertyAnimation(self._opacity, b"opacity", self)
        self._fading.setDuration(_FADE_MS)
        self._fading.setStartValue(1.0)
        self._fading.setEndValue(0.0)
        self._fading.setEasingCurve(QEasingCurve.Type.InQuad)
        self._fading.finished.connect(self.dismiss)
        self._life = QTimer(self)
        self._life.setSingleShot(True)
        self._life.timeout.connect(self._on_life_over)
        self._on_theme_changed(theme.theme)
        theme.changed.connect(self._on_theme_changed)

    def renew(self) -> None:
        """Start the time anew of a message that goes by itself, also of one that is fading."""
        self._stop()
        if self.message.level in _LEAST_SECONDS:
            seconds = _LEAST_SECONDS[self.message.level] + len(self.message.text) / 20
            self._life.start(round((seconds + (4 if self.message.action is not None else 0)) * 1000))

    def dismiss(self) -> None:
        """Go away at once."""
        self._stop()
        self.closed.emit()

    def showEvent(self, event: QShowEvent) -> None:
        """The time begins when the message can be read."""
        super().showEvent(event)
        self.renew()

    def hideEvent(self, event: QHideEvent) -> None:
        """No time passes in a window that is closed."""
        super().hideEvent(event)
        self._stop()

    def _stop(self) -> None:
        self._life.stop()
        self._fading.stop()
        self._opacity.setEnabled(False)

    def _on_button_clicked(self) -> None:
        if self.message.action is not None:
            self.message.action[1]()
        if self.message.level == "info":
            self.dismiss()

    def _on_life_over(self) -> None:
        focused = QApplication.focusWidget()
        if self.underMouse() or (focused is not None and self.isAncestorOf(focused)):
            # Somebody is about to press its button.
            self.renew()
            return
        self._opacity.setEnabled(True)
        self._fading.start()

    def _on_theme_changed(self, theme: Theme) -> None:
        colours = {"info": theme.accent, "warning": theme.warning, "error": theme.danger}
        icon = self._theme.icon(_ICONS[self.message.level], colours[self.message.level])
        self._icon.setPixmap(icon.pixmap(20, 20))
        self._close.setIcon(self._theme.icon("mdi6.close", theme.muted))


class ToastStack(QObject):
    """Shows what `Messages` posts, stacked over `host`."""

    count_changed = Signal(int)

    def __init__(self, messages: Messages, theme: ThemeManager, host: QWidget) -> None:
        """Lie over `host`, which also owns the cards."""
        super().__init__(host)
        self._host = host
        self._theme = theme
        self._toasts: list[Toast] = []
        host.installEventFilter(self)
        messages.posted.connect(self._on_messages_posted)

    @property
    def toasts(self) -> tuple[Toast, ...]:
        """The cards on screen, oldest first."""
        return tuple(self._toasts)

    def close_newest(self) -> None:
        """Close the card at the bottom, if there is one."""
        if self._toasts:
            self._toasts[-1].dismiss()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep the cards in their corner when the host is resized."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest):
            self._place()
        return super().eventFilter(watched, event)

    def _on_messages_posted(self, message: Message) -> None:
        for toast in self._toasts:
            if (toast.message.level, toast.message.text) == (message.level, message.text):
                # The same sentence again says nothing new.
                toast.renew()
                return
        for toast in self.toasts:
            if toast.message.text == message.text:
                toast.dismiss()
        if len(self._toasts) >= _MOST_SHOWN:
            oldest = next((toast for toast in self._toasts if toast.message.level != "error"), self._toasts[0])
            oldest.dismiss()
        toast = Toast(message, self._theme, self._host)
        toast.closed.connect(self._on_toast_closed)
        self._toasts.append(toast)
        # Placed first: what appears under the mouse for a moment counts as pointed at, and would not fade.
        toast.ensurePolished()
        self._place()
        toast.show()
        QAccessible.updateAccessibility(QAccessibleEvent(toast, QAccessible.Event.Alert))
        self.count_changed.emit(len(self._toasts))

    def _on_toast_closed(self) -> None:
        toast = self.sender()
        if isinstance(toast, Toast) and toast in self._toasts:
            self._toasts.remove(toast)
            toast.hide()
            toast.deleteLater()
            self._place()
            self.count_changed.emit(len(self._toasts))

    def _place(self) -> None:
        bottom = self._host.height() - _MARGIN
        for toast in reversed(self._toasts):
            height = toast.heightForWidth(_WIDTH)
            toast.setFixedHeight(height)
            toast.move(self._host.width() - _MARGIN - _WIDTH, bottom - height)
            toast.raise_()
            bottom -= height + 10
