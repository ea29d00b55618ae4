"""The chosen run's model and settings: the drawing of its networks and the form, which show and change one config."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QLabel, QStackedWidget

from engine.errors import EngineError
from engine.runtime.config import from_json, to_json
from gui.messages import Messages
from gui.palette import Theme
from gui.training_lab.diagram import NetworkDiagram, diagram_for
from gui.widgets.config_form import ConfigForm

_NO_DRAWING = "This kind of model has no drawing yet; its settings are on the next page."


class ModelSide(QObject):
    """Keeps drawing and form the same. `edited` brings what the person has changed, and `config` is what holds then."""

    edited = Signal(object)  # {name: value}

    def __init__(
        self, diagrams: QStackedWidget, settings: QStackedWidget, theme: Theme, messages: Messages, parent: QObject
    ) -> None:
        """Use these stacks; nothing is shown yet."""
        super().__init__(parent)
        self._diagrams, self._settings = diagrams, settings
        self._theme = theme
        self._messages = messages
        self._forms: dict[type[Any], ConfigForm] = {}
        self._drawings: dict[type[Any], NetworkDiagram] = {}
        hint = QLabel(_NO_DRAWING)
        hint.setWordWrap(True)
        hint.setProperty("role", "muted")
        hint.setContentsMargins(16, 16, 16, 16)
        self._hint = hint
        diagrams.addWidget(hint)
        self.config: Any = None

    @property
    def drawing(self) -> NetworkDiagram | None:
        """The drawing that is shown."""
        return self._drawings.get(type(self.config))

    @property
    def form(self) -> ConfigForm | None:
        """The form that is shown."""
        return self._forms.get(type(self.config))

    def show(self, config: Any, preset: Any, *, running: bool) -> None:
        """Show a configuration, and mark where it differs from `preset`, what it was at first.

        Once its run has begun, only live settings can be changed.
        """
        self.config = config
        form = self._form_of(config)
        form.set_preset(preset)
        form.set_config(config)
        form.set_live(running)
        self._settings.setCurrentWidget(form)
        drawing = self._drawing_of(config)
        if drawing is None:
            self._diagrams.setCurrentWidget(self._hint)
            return
        drawing.show_config(config)
        drawing.set_running(running)
        self._diagrams.setCurrentWidget(drawing)

    def set_theme(self, theme: Theme) -> None:
        """Wear other colours."""
        self._theme = theme
        for drawing in self._drawings.values():
            drawing.set_theme(theme)

    def _form_of(self, config: Any) -> ConfigForm:
        form = self._forms.get(type(config))
        if form is None:
            form = ConfigForm(type(config))
            self._forms[type(config)] = form
            form.changed.connect(self._on_form_changed)
            self._settings.addWidget(form)
        return form

    def _drawing_of(self, config: Any) -> NetworkDiagram | None:
        drawing = self._drawings.get(type(config))
        if drawing is None:
            drawing = diagram_for(config, self._theme)
            if drawing is None:
                return None
            self._drawings[type(config)] = drawing
            drawing.edited.connect(self._on_drawing_edited)
            self._diagrams.addWidget(drawing)
        return drawing

    def _on_form_changed(self) -> None:
        """The person changed fields: any before the run, live ones later."""
        form = self.form
        if form is None:
            return
        try:
            config = form.config()
        except EngineError as error:
            self._messages.report(error)
            return
        before, after = to_json(self.config), to_json(config)
        changes = {name: value for name, value in after.items() if before[name] != value}
        if changes:
            self._take(changes)

    def _on_drawing_edited(self, changes: Mapping[str, Any]) -> None:
        self._take(changes)

    def _take(self, changes: Mapping[str, Any]) -> None:
        try:
            self.config = from_json(type(self.config), {**to_json(self.config), **changes})
        except EngineError as error:
            self._messages.report(error)
            return
        form, drawing = self.form, self.drawing
        if form is not None:
            form.set_config(self.config)
        if drawing is not None:
            drawing.show_config(self.config)
        self.edited.emit(dict(changes))
