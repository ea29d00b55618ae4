"""The time line: look back at any picture that a run has kept, play them, go back to a checkpoint, return to now."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QPoint, QSignalBlocker, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSpinBox, QToolButton, QWidget

from gui.theme import Theme, ThemeManager
from gui.widgets.kept_steps import MAX_STEP, KeptSteps, newest
from gui.widgets.time_track import TimeTrack

DEFAULT_RATE, MOST_RATE = 8, 30  # pictures per second
MOST_EDITS = 500


class Timeline(QWidget):
    """A slider over the steps of which pictures are kept, of one run or of several at once.

    It follows the newest picture until the person chooses another, and again once the newest is chosen. While it
    follows, `set_steps` and `add_step` move it without a signal: whoever calls them knows.
    """

    step_chosen = Signal(int)
    live_chosen = Signal()
    rewind_requested = Signal(int)
    fork_requested = Signal(int)

    def __init__(self, theme: ThemeManager, parent: QWidget | None = None) -> None:
        """Without pictures, following."""
        super().__init__(parent)
        self._theme = theme
        self.kept = KeptSteps()
        self._step: int | None = None
        self._following = True
        self._forward = True
        self._checkpoints: list[int] = []
        self._edits: list[tuple[int, str]] = []
        self._now: int | None = None
        self.track = TimeTrack()
        self.play_button = self._button("Play", "Show the pictures one after the other (P); again to stop.")
        self.back_button = self._button("Previous picture", "The picture before this one (←).")
        self.next_button = self._button("Next picture", "The picture after this one (→).")
        self.live_button = QToolButton()
        self.live_button.setCheckable(True)
        self.live_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.live_button.setProperty("role", "flat")
        self.step_box = _StepBox(self)
        self.step_box.setRange(0, 0)
        self.step_box.setKeyboardTracking(False)
        self.step_box.setGroupSeparatorShown(True)
        self.step_box.setMinimumWidth(96)
        self.step_box.setToolTip("The training step that is shown; type one, and the picture at or before it appears.")
        self.step_box.setAccessibleName("Step shown")
        self.rate_box = QSpinBox()
        self.rate_box.setRange(1, MOST_RATE)
        self.rate_box.setValue(DEFAULT_RATE)
        self.rate_box.setSuffix(" / s")
        self.rate_box.setToolTip("How many pictures a second are played; training goes on at its own pace.")
        self.rate_box.setAccessibleName("Pictures per second")
        self._menu: QMenu | None = None
        self._timer = QTimer(self)
        self._lay_out()
        self._connect()
        self._on_theme_changed(theme.theme)
        self._refresh()

    # ---- what holds now

    @property
    def step(self) -> int | None:
        """The step that is shown; None before the first picture."""
        return self._step

    @property
    def live(self) -> bool:
        """Whether what a running run does just now is wanted, and no picture of its past."""
        return self._following and self._now is not None

    @property
    def following(self) -> bool:
        """Whether the newest picture is shown, whichever that is."""
        return self._following

    @property
    def playing(self) -> bool:
        """Whether the pictures are played."""
        return self._timer.isActive()

    def picture_steps(self) -> dict[str, int]:
        """For each run the step of its newest picture at or before the step shown; runs that have none are left out."""
        found = {run: self.kept.at(self._step, run) for run in self.kept.runs} if self._step is not None else {}
        return {run: step for run, step in found.items() if step is not None}

    def near(self, run: str = "", count: int = 4) -> list[int]:
        """The steps of `run` that are likely wanted next, to be read ahead."""
        return self.kept.near(self._step, run, count, self._forward) if self._step is not None else []

    # ---- what the runs have

    def set_steps(self, steps: Iterable[int], run: str = "") -> None:
        """The pictures kept of `run` are those of these steps."""
        self.kept.set(steps, run)
        self._settle()

    def add_step(self, step: int, run: str = "") -> None:
        """A run has kept one picture more."""
        self.kept.add(step, run)
        self._settle()

    def remove_run(self, run: str) -> None:
        """Forget the pictures of a run."""
        self.kept.remove(run)
        self._settle()

    def rewind(self, step: int, run: str = "") -> None:
        """A run is back at `step`: its later pictures do not count, and neither do later checkpoints and edits."""
        self.kept.rewind(step, run)
        self._checkpoints = [each for each in self._checkpoints if each <= step]
        self._edits = [edit for edit in self._edits if edit[0] <= step]
        if self._now is not None:
            self._now = min(self._now, step)
        self._settle()

    def clear(self) -> None:
        """Forget all runs and marks, and follow again."""
        self.stop()
        self.kept = KeptSteps()
        self._checkpoints, self._edits, self._now, self._following = [], [], None, True
        self._settle()

    def set_now(self, step: int | None) -> None:
        """Where the run is that goes on; None when none does."""
        if step != self._now:
            self._now = None if step is None else min(max(step, 0), MAX_STEP)
            self._refresh()

    def set_checkpoints(self, steps: Iterable[int]) -> None:
        """The steps that the run can be rewound to."""
        self._checkpoints = sorted({step for step in steps if 0 <= step <= MAX_STEP})
        self._refresh()

    def add_edit(self, step: int, text: str) -> None:
        """A live change was made at `step`; `text` says which."""
        if 0 <= step <= MAX_STEP and len(self._edits) < MOST_EDITS:
            self._edits.append((step, text))
            self._refresh()

    # ---- what the person can do

    def choose(self, step: int) -> None:
        """Show the picture at or before `step`, as if the person had gone there."""
        union = self.kept.union
        if not union:
            return
        earlier = newest(union, step)
        chosen = union[0] if earlier is None else earlier
        self._forward = self._step is None or chosen >= self._step
        moved = chosen != self._step or self.live
        self._following = chosen == union[-1] and self._now is None
        self._step = chosen
        self._refresh()
        if moved:
            self.step_chosen.emit(chosen)

    def go_live(self) -> None:
        """Follow the newest again."""
        self.stop()
        if self._now is None:
            if self.kept.union:
                self.choose(self.kept.union[-1])
            return
        self._following = True
        self._settle()
        self.live_chosen.emit()

    def play(self) -> None:
        """Show one picture after the other to the newest; from the first when the newest is shown."""
        union = self.kept.union
        if len(union) < 2:
            return
        if self._following or self._step == union[-1]:
            self.choose(union[0])
        self._timer.start(round(1000 / self.rate_box.value()))
        self._refresh()

    def stop(self) -> None:
        """Stop playing."""
        self._timer.stop()
        self._refresh()

    def move_by(self, pictures: int) -> None:
        """Go on by so many pictures, or back; going past the last one returns to the newest."""
        index = self.track.value() + pictures
        if index >= len(self.kept.union):
            self.go_live()
        elif self.kept.union:
            self.choose(self.kept.union[max(index, 0)])

    def hideEvent(self, event: QHideEvent) -> None:
        """What nobody sees is not played."""
        super().hideEvent(event)
        self.stop()

    # ---- handlers

    def _on_track_wanted(self, step: int) -> None:
        self.stop()
        self.choose(step)

    def _on_track_menu_wanted(self, step: int, place: QPoint) -> None:
        self._menu = self.checkpoint_menu(step)
        self._menu.popup(place)

    def _on_play_clicked(self) -> None:
        if self.playing:
            self.stop()
        else:
            self.play()

    def _on_live_clicked(self) -> None:
        self.go_live()
        self._refresh()

    def _on_step_box_value_changed(self, step: int) -> None:
        self.stop()
        self.choose(step)
        self._refresh()

    def _on_rate_box_value_changed(self, rate: int) -> None:
        self._timer.setInterval(round(1000 / rate))

    def _on_timer_timeout(self) -> None:
        self.move_by(1)
        if self._following:
            self.stop()

    def _on_theme_changed(self, theme: Theme) -> None:
        self.track.set_theme(theme)
        self.back_button.setIcon(self._theme.icon("mdi6.skip-previous"))
        self.next_button.setIcon(self._theme.icon("mdi6.skip-next"))
        self._refresh()

    def checkpoint_menu(self, step: int) -> QMenu:
        """What can be done with the checkpoint of `step`."""
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        rewind = menu.addAction(f"Rewind to step {step:,}", lambda: self.rewind_requested.emit(step))
        rewind.setToolTip("Back to the weights, optimisers and random state of this step; what came later is undone.")
        fork = menu.addAction(f"Fork a new run from step {step:,}", lambda: self.fork_requested.emit(step))
        fork.setToolTip("Start another run from this step, beside this one, which stays as it is.")
        menu.aboutToHide.connect(menu.deleteLater)
        return menu

    # ---- the view

    def _settle(self) -> None:
        """Stay where the person is, as far as that still exists."""
        union = self.kept.union
        if not union:
            self._step, self._following = None, True
        elif self._following or self._step is None or self._step > union[-1]:
            self._step = union[-1]
        self._refresh()

    def _refresh(self) -> None:
        union = self.kept.union
        shown = self._now if self.live else self._step
        self.track.set_steps(union, shown)
        self.track.set_marks(self._checkpoints, self._edits, self._now)
        with QSignalBlocker(self.step_box):
            self.step_box.setRange(0, max([*union[-1:], self._now or 0]))
            self.step_box.setValue(shown or 0)
        running = self._now is not None
        self.live_button.setText("Live" if running else "Newest")
        self.live_button.setToolTip(
            "Back to what the run does now." if running else "Show the newest picture and follow those to come.")
        self.live_button.setChecked(self._following)
        icon = "mdi6.record-circle" if self._following else "mdi6.record-circle-outline"
        self.live_button.setIcon(self._theme.icon(icon, self._theme.theme.good if self.live else None))
        self.play_button.setIcon(self._theme.icon("mdi6.pause" if self.playing else "mdi6.play"))
        self.play_button.setAccessibleName("Stop playing" if self.playing else "Play")
        for widget in (self.play_button, self.back_button, self.next_button, self.step_box, self.live_button):
            widget.setEnabled(bool(union))

    def _button(self, name: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setProperty("role", "flat")
        button.setIconSize(QSize(20, 20))
        button.setFixedSize(34, 34)
        button.setToolTip(tip)
        button.setAccessibleName(name)
        return button

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for widget in (self.back_button, self.play_button, self.next_button, self.rate_box):
            row.addWidget(widget)
        row.addWidget(self.track, 1)
        for widget in (self.step_box, self.live_button):
            row.addWidget(widget)

    def _connect(self) -> None:
        self.track.wanted.connect(self._on_track_wanted)
        self.track.newest_wanted.connect(self.go_live)
        self.track.menu_wanted.connect(self._on_track_menu_wanted)
        self.play_button.clicked.connect(self._on_play_clicked)
        self.play_button.setShortcut("P")
        self.back_button.clicked.connect(lambda: self.move_by(-1))
        self.next_button.clicked.connect(lambda: self.move_by(1))
        self.live_button.clicked.connect(self._on_live_clicked)
        self.step_box.valueChanged.connect(self._on_step_box_value_changed)
        self.rate_box.valueChanged.connect(self._on_rate_box_value_changed)
        self._timer.timeout.connect(self._on_timer_timeout)
        self._theme.changed.connect(self._on_theme_changed)


class _StepBox(QSpinBox):
    """A spin box whose arrows go from picture to picture."""

    def __init__(self, timeline: Timeline) -> None:
        super().__init__(timeline)
        self._timeline = timeline

    def stepBy(self, steps: int) -> None:
        self._timeline.stop()
        self._timeline.move_by(steps)

    def stepEnabled(self) -> QSpinBox.StepEnabledFlag:
        return QSpinBox.StepEnabledFlag.StepUpEnabled | QSpinBox.StepEnabledFlag.StepDownEnabled
