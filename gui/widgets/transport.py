"""The bar that drives a run: run, pause, one step or one part of it, slow motion, stop, rewind, fork."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSizePolicy,
    QSpinBox,
    QToolButton,
    QWidget,
)

from gui.theme import Theme, ThemeManager

ACTIVE = ("starting", "running", "paused", "stopping")
ENDED = ("idle", "finished", "stopped", "failed", "interrupted", "elsewhere")
PHASES = ("sample", "score", "gradient", "update")
MOST_CHECKPOINTS = 30  # in the menus, newest first
PACE_MS = (100, 5000)

_STEPS = {
    "step": ("mdi6.debug-step-over", "Step", "One step (S): every part of a training step, then pause."),
    "critic": (
        "mdi6.alpha-d-box-outline", "Critic", "One critic step: only D learns to tell data from samples; G stays."),
    "generator": (
        "mdi6.alpha-g-box-outline", "Generator", "One generator step: only G moves its samples; D stays as it is."),
}
_PHASE_TIPS = {
    "sample": "draw a batch x of data and latents z, and make the samples G(z)",
    "score": "the critic gives its scores D(x) and D(G(z)), and the loss is their comparison",
    "gradient": "the gradient of the loss says where each weight, and each sample, should move",
    "update": "the optimiser moves the weights",
}


class TransportBar(QWidget):
    """Says what the person wants of a run; `set_state` and the other setters say what holds. It knows no run."""

    run_requested = Signal()
    pause_requested = Signal()
    advance_requested = Signal(str)  # "step", "phase", or one of the parts
    stop_requested = Signal()
    freeze_toggled = Signal(bool)
    rewind_requested = Signal(int)
    fork_requested = Signal(int)

    def __init__(self, theme: ThemeManager, parent: QWidget | None = None) -> None:
        """Idle, for a run whose step has no parts."""
        super().__init__(parent)
        self._theme = theme
        self._state = "idle"
        self._parts: tuple[str, ...] = ("step",)
        self._can_freeze = False
        self._checkpoints: list[int] = []
        self._icons: dict[QToolButton, str] = {}
        self._words: dict[QToolButton, str] = {}
        self.run_button = self._button("mdi6.play", "Run", "")
        self.step_buttons = {part: self._button(icon, text, tip) for part, (icon, text, tip) in _STEPS.items()}
        self.phase_button = self._button(
            "mdi6.motion-play-outline", "Slow motion",
            "Slow motion (M): go to the next moment of a step: sample, score, gradient, update.")
        self.auto_button = self._button(
            "mdi6.autorenew", "Auto", "Go from moment to moment by itself, at the pace beside it, until pressed again.")
        self.auto_button.setCheckable(True)
        self.pace_box = QSpinBox()
        self.pace_box.setRange(*PACE_MS)
        self.pace_box.setSingleStep(100)
        self.pace_box.setValue(800)
        self.pace_box.setSuffix(" ms")
        self.pace_box.setToolTip("How long slow motion stays at each moment of a step; what is learned is the same.")
        self.pace_box.setAccessibleName("Pace of slow motion")
        self.phase_label = QLabel()
        self.phase_label.setAccessibleName("Moment of the step")
        self.phase_label.setContentsMargins(6, 0, 0, 0)
        self.phase_label.setMinimumWidth(self.fontMetrics().horizontalAdvance("generator: gradient 3/4 ") + 6)
        self.freeze_button = self._button(
            "mdi6.snowflake", "Freeze critic", "Freeze the critic: D learns no more, and only G goes on moving.")
        self.freeze_button.setCheckable(True)
        self.rewind_button = self._button(
            "mdi6.history", "Rewind", "Go back to a checkpoint: weights, optimisers, random state and live settings.")
        self.fork_button = self._button(
            "mdi6.source-fork", "Fork", "Start another run from a checkpoint of this one, which stays as it is.")
        self.stop_button = self._button("mdi6.stop", "Stop", "")
        self._rewind_menu = self._menu(self.rewind_button, self.rewind_requested.emit)
        self._fork_menu = self._menu(self.fork_button, self.fork_requested.emit)
        self._auto = QTimer(self)
        self._lay_out()
        self._connect()
        self._on_theme_changed(theme.theme)
        self._refresh()

    # ---- what holds

    @property
    def state(self) -> str:
        """The state as it was set last."""
        return self._state

    def set_state(self, state: str) -> None:
        """The run is "idle", "starting", "running", "paused", "stopping", trained "elsewhere", or has ended:
        "finished", "stopped", "failed", "interrupted". Raises `ValueError` for another word.
        """
        if state not in ACTIVE + ENDED:
            raise ValueError(f"A run cannot be {state!r}; it is one of {', '.join(ACTIVE + ENDED)}.")
        self._state = state
        if state not in ("running", "paused"):
            self.auto_button.setChecked(False)
        if state != "paused" and not self.auto_button.isChecked():
            self.clear_phase()
        self._refresh()

    def set_parts(self, parts: tuple[str, ...], *, can_freeze: bool = False) -> None:
        """What a step is made of, ("critic", "generator") or ("step",), and whether its critic can be frozen."""
        self._parts = parts
        self._can_freeze = can_freeze
        self._refresh()

    def set_checkpoints(self, steps: Iterable[int]) -> None:
        """The steps that the run can go back to."""
        self._checkpoints = sorted(set(steps))
        self._refresh()

    def set_phase(self, part: str, name: str) -> None:
        """The run stands at this moment of a step."""
        place = f" {PHASES.index(name) + 1}/{len(PHASES)}" if name in PHASES else ""
        self.phase_label.setText(f"{part}: {name}{place}")
        self.phase_label.setToolTip(f"{part.capitalize()}: {_PHASE_TIPS.get(name, name)}.")

    def clear_phase(self) -> None:
        """The run stands between two steps."""
        self.phase_label.clear()
        self.phase_label.setToolTip("")

    def set_frozen(self, frozen: bool) -> None:
        """Whether the critic is frozen; says nothing."""
        self.freeze_button.blockSignals(True)
        self.freeze_button.setChecked(frozen)
        self.freeze_button.blockSignals(False)

    def install_shortcuts(self, page: QWidget) -> None:
        """Let Space, S and M work wherever the keyboard is in `page`."""
        keys: tuple[tuple[str, Callable[[], None]], ...] = (
            ("Space", self._on_space_pressed), ("S", self.step_buttons["step"].click), ("M", self.phase_button.click))
        for key, slot in keys:
            shortcut = QShortcut(QKeySequence(key), page)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(slot)

    # ---- handlers

    def _on_space_pressed(self) -> None:
        """Space presses the button that has the keyboard, as everywhere; elsewhere it runs and pauses."""
        focus = QApplication.focusWidget()
        if isinstance(focus, QAbstractButton):
            focus.click()
        elif isinstance(focus, QComboBox):
            focus.showPopup()
        else:
            self.run_button.click()

    def _on_run_clicked(self) -> None:
        self.auto_button.setChecked(False)
        if self._state == "running":
            self.pause_requested.emit()
        else:
            self.run_requested.emit()

    def _on_step_clicked(self, part: str) -> None:
        self.auto_button.setChecked(False)
        self.advance_requested.emit(part)

    def _on_auto_toggled(self, on: bool) -> None:
        if on:
            self.advance_requested.emit("phase")
            self._auto.start(self.pace_box.value())
        else:
            self._auto.stop()

    def _on_auto_timeout(self) -> None:
        self.advance_requested.emit("phase")

    def _on_theme_changed(self, _theme: Theme) -> None:
        for button, icon in self._icons.items():
            button.setIcon(self._theme.icon(icon))
        self._refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        """What nobody sees does not go on by itself."""
        super().hideEvent(event)
        self.auto_button.setChecked(False)

    def minimumSizeHint(self) -> QSize:
        """Room for the icons alone."""
        shown = sum(not button.isHidden() for button in self._words)
        return QSize(36 * shown + 70, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Words beside the icons where there is room."""
        super().resizeEvent(event)
        self._fit()

    # ---- the view

    def _refresh(self) -> None:
        state = self._state
        running, paused, active = state == "running", state == "paused", state in ACTIVE
        can_step = running or paused
        self._say(self.run_button, "mdi6.pause" if running else "mdi6.play", "Pause" if running else "Run", {
            "running": "Pause (Space): take no further step.",
            "paused": "Run (Space): go on from here.",
            "idle": "Run (Space): start training with these settings.",
            "elsewhere": "Another program trains this run; stop it there to go on with it here.",
        }.get(state, "Run (Space): go on training from the newest checkpoint."))
        self.run_button.setEnabled(state not in ("starting", "stopping", "elsewhere"))
        for part, button in self.step_buttons.items():
            button.setVisible(part == "step" or part in self._parts)
            button.setEnabled(can_step)
        for each in (self.phase_button, self.auto_button):
            each.setEnabled(can_step)
        self.freeze_button.setVisible(self._can_freeze)
        self.freeze_button.setEnabled(active and state != "stopping")
        self._say(self.stop_button, "mdi6.stop", "End now" if state == "stopping" else "Stop",
                  "End the run now, without saving what is not saved yet." if state == "stopping"
                  else "Save a checkpoint and end the run; it can be gone on with later.")
        self.stop_button.setEnabled(active)
        self.rewind_button.setEnabled(bool(self._checkpoints) and state not in ("starting", "stopping", "elsewhere"))
        self.fork_button.setEnabled(bool(self._checkpoints))
        self._fit()

    def _say(self, button: QToolButton, icon: str, word: str, tip: str) -> None:
        if self._icons[button] != icon:
            self._icons[button] = icon
            button.setIcon(self._theme.icon(icon))
        self._words[button] = word
        button.setText(word)
        button.setAccessibleName(word)
        button.setToolTip(tip)

    def _fit(self) -> None:
        """Show as much as there is room for; what says least goes first."""
        everything, most = set(self._words), {self.run_button, self.stop_button}
        for words, label, pace in ((everything, True, True), (most, True, True), (most, False, True),
                                   (set(), False, True), (set(), False, False)):
            self.phase_label.setVisible(label)
            self.pace_box.setVisible(pace)
            for button in self._words:
                styles = Qt.ToolButtonStyle
                button.setToolButtonStyle(
                    styles.ToolButtonTextBesideIcon if button in words else styles.ToolButtonIconOnly)
            if self._row.sizeHint().width() <= self.width():
                return

    def _fill(self, menu: QMenu, chosen: Callable[[int], object]) -> None:
        menu.clear()
        for step in self._checkpoints[: -MOST_CHECKPOINTS - 1 : -1]:
            menu.addAction(f"Step {step:,}", partial(chosen, step))

    def _menu(self, button: QToolButton, chosen: Callable[[int], object]) -> QMenu:
        menu = QMenu(button)
        button.setMinimumWidth(50)  # the arrow stands beside the icon
        button.setMenu(menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu.aboutToShow.connect(lambda: self._fill(menu, chosen))
        return menu

    def _button(self, icon: str, word: str, tip: str) -> QToolButton:
        button = QToolButton(self)
        button.setProperty("role", "flat")
        button.setIconSize(QSize(20, 20))
        button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        button.setText(word)
        button.setToolTip(tip)
        button.setAccessibleName(word)
        button.setAccessibleDescription(tip)
        self._icons[button], self._words[button] = icon, word
        return button

    def _lay_out(self) -> None:
        row = self._row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        row.setSizeConstraint(QHBoxLayout.SizeConstraint.SetNoConstraint)  # or it could not become narrow
        groups: tuple[tuple[QWidget, ...], ...] = (
            (self.run_button, *self.step_buttons.values()),
            (self.phase_button, self.auto_button, self.pace_box, self.phase_label),
            (self.freeze_button, self.rewind_button, self.fork_button),
            (self.stop_button,),
        )
        for index, group in enumerate(groups):
            if index:
                row.addWidget(_separator())
            for widget in group:
                row.addWidget(widget)
        row.addStretch(1)

    def _connect(self) -> None:
        self.run_button.clicked.connect(self._on_run_clicked)
        for part, button in self.step_buttons.items():
            button.clicked.connect(lambda _checked=False, part=part: self._on_step_clicked(part))
        self.phase_button.clicked.connect(lambda: self._on_step_clicked("phase"))
        self.auto_button.toggled.connect(self._on_auto_toggled)
        self.pace_box.valueChanged.connect(self._auto.setInterval)
        self._auto.timeout.connect(self._on_auto_timeout)
        self.freeze_button.toggled.connect(self.freeze_toggled)
        self.stop_button.clicked.connect(self.stop_requested)
        self._theme.changed.connect(self._on_theme_changed)


def _separator() -> QFrame:
    line = QFrame()
    line.setFrameShape(QFrame.Shape.VLine)
    line.setFixedHeight(22)
    line.setProperty("role", "separator")
    return line
