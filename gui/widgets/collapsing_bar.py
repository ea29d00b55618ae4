"""A row of buttons that becomes one button with a menu where there is no room for it."""

from __future__ import annotations

from collections.abc import Sequence

import qtawesome
from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QSizePolicy, QToolButton, QWidget

from gui.palette import Theme

_SPACING = 4


class CollapsingBar(QWidget):
    """Shows checkable actions as buttons; hidden actions take no room.

    The shortcuts work while the focus is inside the owner, so that several such bars can stand side by side.
    """

    def __init__(self, actions: Sequence[QAction], menu_text: str, menu_tip: str, owner: QWidget) -> None:
        """`menu_text` is on the button that stands for all of them; "" puts the title of the checked one there."""
        super().__init__(owner)
        self._actions = list(actions)
        self._menu_text = menu_text
        self._always_menu = False
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(_SPACING)
        self.buttons = [self._button(action) for action in self._actions]
        self.menu_button = QPushButton(self)
        self.menu_button.setToolTip(menu_tip)
        self.menu_button.setAccessibleName(menu_text or menu_tip)
        menu = QMenu(self.menu_button)
        menu.addActions(self._actions)
        menu.setToolTipsVisible(True)
        self.menu_button.setMenu(menu)
        self._row.addWidget(self.menu_button)
        self._row.addStretch(1)
        self._ends: list[QWidget] = []
        self.setMinimumWidth(60)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        for action in self._actions:
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            owner.addAction(action)
            action.changed.connect(self._on_action_changed)
        self._arrange()

    @property
    def is_collapsed(self) -> bool:
        """Whether the menu stands for the buttons."""
        return not self.menu_button.isHidden()

    def set_always_menu(self, always: bool) -> None:
        """Show the menu also where there is room for buttons; the bar is then as narrow as its button."""
        self._always_menu = always
        kind = QSizePolicy.Policy.Fixed if always else QSizePolicy.Policy.Ignored
        self.setSizePolicy(kind, QSizePolicy.Policy.Fixed)
        self._arrange()

    def add_end(self, widget: QWidget) -> None:
        """Put a widget at the right end; it stays there also where there is little room."""
        self._ends.append(widget)
        self._row.addWidget(widget)
        self._arrange()

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        if self._menu_text:
            self.menu_button.setIcon(qtawesome.icon("mdi6.layers-outline", color=theme.text))

    def sizeHint(self) -> QSize:
        """The height of the buttons; any width will do unless it is always a menu."""
        menu = self.menu_button.sizeHint()
        return QSize(menu.width(), max(menu.height(), *(button.sizeHint().height() for button in self.buttons)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Collapse or unfold."""
        super().resizeEvent(event)
        self._arrange()

    def changeEvent(self, event: QEvent) -> None:
        """Another font or style changes what there is room for."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.FontChange):
            self._arrange()

    def _on_action_changed(self) -> None:
        self._arrange()

    def _button(self, action: QAction) -> QToolButton:
        button = QToolButton(self)
        button.setDefaultAction(action)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setAccessibleName(action.text())
        button.setAccessibleDescription(action.toolTip())
        self._row.addWidget(button)
        return button

    def _arrange(self) -> None:
        visible = [a.isVisible() for a in self._actions]
        shown = [button for button, there in zip(self.buttons, visible, strict=True) if there]
        wanted = sum(button.sizeHint().width() + _SPACING for button in shown)
        ends = sum(end.sizeHint().width() + _SPACING for end in self._ends)
        collapsed = len(shown) > 1 and (self._always_menu or wanted + ends > self.width())
        for button, there in zip(self.buttons, visible, strict=True):
            button.setVisible(there and not collapsed)
        self.menu_button.setVisible(collapsed)
        checked = [a.text() for a in self._actions if a.isChecked() and a.isVisible()]
        self.menu_button.setText(self._menu_text or (checked[0] if checked else ""))
        if self._always_menu:
            self.updateGeometry()
