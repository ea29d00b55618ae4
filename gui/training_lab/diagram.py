"""The drawing of the model that trains: its networks, the loss between them, and the settings on the nodes.

After GAN Lab (Kahng et al. 2018), whose authors found that people were lost in a list of settings and at home in a
drawing of the model with its controls on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QHideEvent, QImage, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from gui.palette import Theme
from gui.training_lab.diagram_canvas import COLUMN_GAP, MARGIN, DiagramCanvas
from gui.training_lab.diagram_node import THUMBNAIL, NodeBox
from gui.training_lab.diagram_plan import Arrangement, Moment, Plan, plan_for
from gui.training_lab.thumbnails import matrix, scatter, sheet
from gui.widgets import run_arrays
from gui.widgets.plane import Extent

EDIT_MS = 120
DRAW_MS = 100
_SHEET_COLUMNS, _SHEET_ROWS = 4, 3
_SWEEP_ROWS = 8
_NOISE_POINTS = 300


class NetworkDiagram(QWidget):
    """The drawing of one run. `edited` brings {setting: value}, what the person changed within a moment together."""

    edited = Signal(object)

    def __init__(self, config: Any, theme: Theme, parent: QWidget | None = None) -> None:
        """Draw the model of `config`; raises `ValueError` for one that cannot be drawn (ask `diagram_for`)."""
        super().__init__(parent)
        plan = plan_for(config)
        if plan is None:
            raise ValueError(f"There is no drawing of what {type(config).__name__} trains.")
        self._theme = theme
        self._plan = plan
        self._running = False
        self._boxes: dict[str, NodeBox] = {}
        self._places: Arrangement = {}
        self._edits: dict[str, Any] = {}
        self._arrays: dict[str, NDArray[np.generic]] = {}
        self._stale: set[str] = set()
        self._values: dict[str, float] = {}
        self._phase = ("", "")
        self._canvas = DiagramCanvas(theme)
        self._scroll = QScrollArea(self)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidget(self._canvas)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._scroll)
        self._edit_timer = self._timer(EDIT_MS, self._tell_edits)
        self._draw_timer = self._timer(DRAW_MS, self._draw)
        self._config = config
        self._show_plan(plan)

    @property
    def canvas(self) -> DiagramCanvas:
        """The ground with the arrows."""
        return self._canvas

    @property
    def boxes(self) -> Mapping[str, NodeBox]:
        """The nodes by name."""
        return self._boxes

    def show_config(self, config: Any) -> None:
        """Show a configuration of the same trainer; what the person is just changing stays. Tells nobody.

        Raises `ValueError` for one that cannot be drawn.
        """
        plan = plan_for(config)
        if plan is None:
            raise ValueError(f"There is no drawing of what {type(config).__name__} trains.")
        known = {entry.name for entry in fields(config)}
        pending = {name: value for name, value in self._edits.items() if name in known}
        self._config = config
        if plan != self._plan:
            self._show_plan(plan)
        for box in self._boxes.values():
            box.show_config(config)
            for name in pending.keys() & box.controls.keys():
                box.controls[name].set_value(pending[name])
        self._want("noise")

    def set_running(self, running: bool) -> None:
        """Once a run has begun only its live settings can be changed."""
        self._running = running
        for box in self._boxes.values():
            box.set_running(running)

    def show_arrays(self, arrays: Mapping[str, NDArray[np.generic]]) -> None:
        """Show what a run has sent last in the thumbnails, a few times a second at most."""
        for name, array in arrays.items():
            if array is not self._arrays.get(name):
                self._arrays[name] = array
                self._want(name)

    def show_figures(self, values: Mapping[str, float]) -> None:
        """Show what a run has measured last, a few times a second at most."""
        self._values.update(values)
        self._want("")

    def show_phase(self, part: str, name: str) -> None:
        """Mark what is busy at a moment of a step ("critic", "gradient"); two empty words mark nothing."""
        self._phase = (part, name)
        self._canvas.show_moment(self._plan.moments.get(self._phase, Moment()))

    def clear(self) -> None:
        """Forget what a run has shown: another one begins."""
        self._arrays.clear()
        self._values.clear()
        for box in self._boxes.values():
            if box.thumbnail is not None:
                box.thumbnail.set_image(QImage())
            box.clear_figures()
        self._canvas.clear_figures()
        self.show_phase("", "")
        self._want("noise")

    def set_theme(self, theme: Theme) -> None:
        """Wear other colours."""
        self._theme = theme
        self._canvas.set_theme(theme)
        for box in self._boxes.values():
            box.set_theme(theme)
        self._want(*self._arrays, "noise")

    def resizeEvent(self, event: QResizeEvent) -> None:  # Qt's name
        """Stand in as many columns as there is room for."""
        super().resizeEvent(event)
        self._arrange()

    def showEvent(self, event: QShowEvent) -> None:  # Qt's name
        """Catch up with what came while nobody looked."""
        super().showEvent(event)
        self._want()

    def hideEvent(self, event: QHideEvent) -> None:  # Qt's name
        """What was changed is told at once; nothing is drawn while nobody looks."""
        super().hideEvent(event)
        self._draw_timer.stop()
        if self._edit_timer.isActive():
            self._edit_timer.stop()
            self._tell_edits()

    # ---- the nodes

    def _show_plan(self, plan: Plan) -> None:
        """Make the boxes of another plan, and keep those that stay as they are."""
        focused = self._focused_field()
        kept = {box.node.name: box for box in self._boxes.values() if box.node in plan.nodes}
        for name, box in self._boxes.items():
            if name not in kept:
                box.hide()
                box.deleteLater()
        self._plan = plan
        self._boxes = {}
        for node in plan.nodes:
            if node.name in kept:
                box = kept[node.name]
            else:
                box = NodeBox(node, self._config, self._theme, self._canvas)
                box.changed.connect(self._on_box_changed)
                box.set_running(self._running)
            self._boxes[node.name] = box
        self._places = {}
        self._arrange()
        if focused:
            owner = next((box for box in self._boxes.values() if focused in box.controls), None)
            if owner is not None:
                owner.controls[focused].editor.setFocus()
        self.show_phase(*self._phase)
        self._want(*self._arrays, "noise")

    def _focused_field(self) -> str:
        focused = self.window().focusWidget()
        controls = (control for box in self._boxes.values() for control in box.controls.values())
        return next((control.field for control in controls if control.editor is focused), "")

    def _arrange(self) -> None:
        # Of the whole width: whether there will be a scroll bar depends on the arrangement, and must not decide it.
        room = self.width() - self._scroll.verticalScrollBar().sizeHint().width()
        fitting = (each for each in self._plan.arrangements if self._width_of(each) <= room)
        places = next(fitting, self._plan.arrangements[-1])
        if places is not self._places:
            self._places = places
            self._canvas.arrange(self._plan, self._boxes, places)
            # Tab goes through the nodes in the order in which the drawing is read.
            stops = [stop for box in self._boxes.values() for stop in box.order_tabs()]
            for first, second in pairwise(stops):
                QWidget.setTabOrder(first, second)

    def _width_of(self, places: Arrangement) -> int:
        widths: dict[int, int] = {}
        for name, box in self._boxes.items():
            column = places[name][1]
            widths[column] = max(widths.get(column, 0), box.width())
        return sum(widths.values()) + COLUMN_GAP * (len(widths) - 1) + 2 * MARGIN

    # ---- what the person changes

    def _on_box_changed(self, name: str, value: object) -> None:
        for box in self._boxes.values():
            if name in box.controls and box.controls[name] is not self.sender():
                box.controls[name].set_value(value)
        self._edits[name] = value
        self._edit_timer.start()

    def _tell_edits(self) -> None:
        edits, self._edits = self._edits, {}
        if edits:
            self.edited.emit(edits)

    # ---- what the run shows

    def _timer(self, milliseconds: int, call: Any) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(milliseconds)
        timer.timeout.connect(call)
        return timer

    def _want(self, *names: str) -> None:
        """Draw these again soon."""
        self._stale.update(names)
        if self._stale and self.isVisible() and not self._draw_timer.isActive():
            self._draw_timer.start()

    def _draw(self) -> None:
        stale, self._stale = self._stale, set()
        for box in self._boxes.values():
            box.show_figures(self._values)
            if box.thumbnail is not None and box.node.picture in stale:
                image = self._thumbnail(box.node.picture)
                if image is not None:
                    box.thumbnail.set_image(image)
        self._canvas.show_figures(self._values)

    def _thumbnail(self, name: str) -> QImage | None:
        """The small picture of an array, or None when there is none that can be shown."""
        ratio = self.devicePixelRatioF()
        size, series = THUMBNAIL * ratio, self._theme.series
        if name == "noise":
            return scatter(self._noise(), size, series[3])
        if name == "plan":
            found = run_arrays.plan(self._arrays)
            return matrix(found[0], self._theme.paper, self._theme.accent) if found is not None else None
        pictures = run_arrays.pictures(self._arrays, name)
        if pictures is not None:
            return sheet(pictures, _SHEET_COLUMNS, _SHEET_ROWS)
        rows = run_arrays.picture_rows(self._arrays, name)
        if rows is not None:
            return sheet(rows[0], rows[1], _SWEEP_ROWS)
        points = run_arrays.points(self._arrays, name, None)
        if points is None or points.shape[1] < 2:
            return None
        return scatter(points[:, :2], size, series[0 if name == "data" else 3 if name == "prior" else 1],
                       self._extent_of(name))

    def _extent_of(self, name: str) -> Extent | None:
        """The part of the plane: data and samples share one, codes and prior another."""
        if name in ("latents", "prior"):
            reach = 3.5 * float(getattr(self._config, "prior_sigma", 1.0))
            return (-reach, reach, -reach, reach)
        return run_arrays.extent(self._arrays)

    def _noise(self) -> NDArray[np.float64]:
        """Draws of the distribution that the configuration names, the first two dimensions."""
        rng = np.random.default_rng(0)
        if getattr(self._config, "latent_kind", "normal") == "uniform":
            return rng.uniform(-1, 1, (_NOISE_POINTS, 2))
        return rng.standard_normal((_NOISE_POINTS, 2))


def diagram_for(config: Any, theme: Theme, parent: QWidget | None = None) -> NetworkDiagram | None:
    """The drawing of what a configuration trains; None where there are no two networks with a loss between them."""
    return None if plan_for(config) is None else NetworkDiagram(config, theme, parent)
