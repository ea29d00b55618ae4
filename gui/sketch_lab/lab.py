"""The Sketch lab: paper, endings and controls, and a page to watch a model learn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from engine.errors import BadDrawingError
from engine.sketch.completion import Completion
from engine.sketch.strokes import Drawing, scaled
from gui.lab import Lab, LabContext
from gui.palette import Theme
from gui.services.jobs import LabWorker
from gui.sketch_lab.downloads import drawings_dialog, models_dialog
from gui.sketch_lab.files import MODEL_SUFFIXES, SketchFiles
from gui.sketch_lab.finisher import Finisher
from gui.sketch_lab.first_start import FirstStart, paper_of
from gui.sketch_lab.growth import Growth
from gui.sketch_lab.info import INFO_HTML
from gui.sketch_lab.intent import Intent, IntentModel, request_for
from gui.sketch_lab.scenes import scenes_of
from gui.sketch_lab.session import ModelReady, ModelSummary, SketchSession
from gui.sketch_lab.stage import SketchStage
from gui.widgets.stroke_document import StrokeDocument
from gui.widgets.training_panel import TrainingPanel

PREFERRED_MODEL = "doodles"
# The pen rests when it has not moved for this long; longer than the pauses within a stroke, shorter than patience.
REST_MS = 300


class SketchLab(Lab):
    """Joins document, finisher and views; holds no state of its own but what is on screen."""

    name = "sketch"
    title = "Sketch"
    icon_name = "mdi6.draw"

    def __init__(self, context: LabContext, parent: QWidget | None = None) -> None:
        """Build the views and ask for the models."""
        super().__init__(parent)
        self._context = context
        self.document = StrokeDocument(self)
        self.model = IntentModel(context.settings, self)
        self.session = SketchSession()
        self._worker = LabWorker(context.messages, self)
        self._lister = LabWorker(context.messages, self)
        self.finisher = Finisher(self.session, self._worker, self)
        self.files = SketchFiles(self.session, context.messages, self)
        self._resting = QTimer(self)
        self._resting.setSingleShot(True)
        self._resting.setInterval(REST_MS)
        self._is_shown = False
        self._touched = False
        self._listed = False
        self._ready: ModelReady | None = None
        self._shown_class = ""  # the class that the demonstration has chosen
        self._training: TrainingPanel | None = None
        self._stage = stage = SketchStage(self, self.document, self.model, context.theme)
        self.canvas, self.gallery, self.controls = stage.canvas, stage.gallery, stage.controls
        self.toolbar, self.pages, self.page_buttons = stage.toolbar, stage.pages, stage.page_buttons
        self.first_start = FirstStart(self.canvas, self)
        self._connect()
        self._list_models()

    def _connect(self) -> None:
        self._context.theme.changed.connect(self._on_theme_changed)
        self.document.changed.connect(self._on_document_changed)
        self.canvas.stroke_started.connect(self._on_canvas_stroke_started)
        self.canvas.stroke_moved.connect(self._on_canvas_stroke_moved)
        self.canvas.stroke_cancelled.connect(self._resting.stop)
        self.canvas.stroke_finished.connect(self._resting.stop)
        self.canvas.refused.connect(self._context.messages.warning)
        self.canvas.files_dropped.connect(self._on_canvas_files_dropped)
        self._resting.timeout.connect(self._on_resting_timeout)
        self.model.changed.connect(self._on_intent_changed)
        self.finisher.growth_changed.connect(self._on_growth_changed)
        self.finisher.frame.connect(self._on_frame)
        self.finisher.completed.connect(self._on_completed)
        self.finisher.ready.connect(self._on_ready)
        self.finisher.latency_changed.connect(self._on_latency_changed)
        self.gallery.hovered.connect(self._on_gallery_hovered)
        self.gallery.chosen.connect(self.accept)
        self.first_start.drawn.connect(self._on_first_start_drawn)
        self.toolbar.open_requested.connect(self.files.ask_for_drawing)
        self.toolbar.export_requested.connect(
            lambda kind, size: self.files.ask_where_to_save(self.document.drawing(), kind, size)
        )
        self.files.drawing_opened.connect(self._on_drawing_opened)
        self.files.model_added.connect(self._on_model_added)
        self.controls.add_requested.connect(self.files.ask_for_model)
        self.controls.download_requested.connect(self._on_download_requested)
        self.controls.from_nothing.clicked.connect(self.draw_from_nothing)
        self.page_buttons.idClicked.connect(self._on_page_clicked)
        for place in range(9):
            self._shortcut(str(place + 1), partial(self.accept, place))
        self._shortcut("N", self.controls.draw_others)
        self._shortcut("Ctrl+O", self.files.ask_for_drawing)

    def _shortcut(self, keys: str, act: Callable[[], None]) -> None:
        shortcut = QShortcut(QKeySequence(keys), self._stage.drawing_page)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(act)

    # ---- the lab's own life

    def on_shown(self) -> None:
        """Begin to move, if nobody has drawn yet."""
        self._is_shown = True
        # Number keys keep endings from the start, not only after a click.
        self.canvas.setFocus()
        self._show_status()
        self._start_demonstration()

    def on_hidden(self) -> None:
        """Nothing moves that nobody sees; a training goes on."""
        self._is_shown = False
        self.first_start.stop()
        self._resting.stop()

    def shut_down(self) -> None:
        """Leave no thread, process or timer."""
        self.on_hidden()
        self.finisher.forget()
        self._worker.shut_down()
        self._lister.shut_down()
        self.files.shut_down()
        if self._training is not None:
            self._training.shut_down()

    def info_html(self) -> str:
        """See `gui.sketch_lab.info`."""
        return INFO_HTML

    def open_file(self, path: Path) -> None:
        """Open a drawing or add a model, by the file's name."""
        if path.suffix.lower() in MODEL_SUFFIXES:
            self.files.add_model(path)
        else:
            self.files.open_drawing(path)

    def is_settled(self) -> bool:
        """Whether everything that was begun is on screen."""
        return self._listed and self.finisher.settled and not self.files.busy

    def screenshot_scenes(self) -> dict[str, Callable[[], None]]:
        """States worth a picture, by name; see `gui.screenshots`."""
        return scenes_of(self)

    def _list_models(self) -> None:
        self._lister.submit(self.session.list_models, lambda _none: None, self._on_models_listed)

    def _on_models_listed(self, answer: tuple[list[ModelSummary], list[str]]) -> None:
        found, problems = answer
        was_listed, self._listed = self._listed, True
        self.controls.show_models(found)
        for problem in problems:
            self._context.messages.warning(problem)
        known = [str(summary.path) for summary in found]
        if not known:
            self._context.messages.warning("No model came with this copy of the program; add a file or download one.")
        elif self.model.intent.model not in known:
            preferred = next((s for s in found if s.name == PREFERRED_MODEL), found[0])
            self.model.update(model=str(preferred.path))
        elif not was_listed:
            self._open_model()
            self._start_demonstration()

    def _open_model(self) -> None:
        """Open the model of the intent, and ask it about what is on the paper."""
        self.finisher.open_model(self.model.intent)
        if self.first_start.active:
            if self.first_start.drawing.strokes:
                self._on_first_start_drawn(self.first_start.drawing, 0)
        elif not self.document.is_empty or self.model.intent.from_nothing:
            self._ask()

    def _start_demonstration(self) -> None:
        is_seen = self._is_shown and self.pages.currentIndex() == 0
        if is_seen and self._listed and not self._touched and self.model.intent.model and self.document.is_empty:
            self.first_start.start()

    def _stop_demonstration(self) -> None:
        self._touched = True
        if self.first_start.active:
            self.first_start.stop()
            self.finisher.forget()
        if self._shown_class and self.model.intent.category == self._shown_class:
            self.model.update(category="")
        self._shown_class = ""

    # ---- drawing and asking

    def draw_from_nothing(self) -> None:
        """Whole drawings on empty paper, other ones at every call."""
        self._stop_demonstration()
        if not self.document.is_empty:
            self.document.clear()
        if self.model.intent.from_nothing:
            self.controls.draw_others()
        else:
            self.model.update(from_nothing=True)

    def accept(self, place: int) -> None:
        """Keep the ending in a place: its strokes become part of the drawing, as one step to undo."""
        growth = self.finisher.growth
        if growth is None or not 0 <= place < growth.count:
            return
        # What was shown is kept: the demonstration may have begun anew since, and the pen may have gone on.
        beginning, was_shown = growth.beginning.strokes, self.first_start.active
        self._shown_class = ""  # whoever keeps an ending of the demonstration goes on with its class
        is_drawing = self.canvas.live_stroke() is not None
        strokes = growth.strokes(place, everything=True)
        if is_drawing:
            self.canvas.cancel()
        self._stop_demonstration()
        self.model.update(from_nothing=False)
        try:
            if was_shown:
                self.document.add_strokes(beginning, "beginning")
            elif is_drawing:
                self.document.add_stroke(beginning[-1])
            self.document.add_strokes(strokes, "ending", joins=growth.joins)
        except BadDrawingError as error:
            self._context.messages.report(error)

    def _ask(self) -> None:
        request = request_for(
            self.model.intent, self.document.drawing(), self.canvas.live_stroke(), paper_of(self.canvas)
        )
        if request is None:
            self.finisher.forget()
            self.controls.show_beginning(None, None)
        else:
            self.finisher.ask(self.model.intent, request)

    def _on_document_changed(self) -> None:
        if not self.document.is_empty:
            self._stop_demonstration()
            self.model.update(from_nothing=False)
        self._ask()

    def _on_canvas_stroke_started(self) -> None:
        self._stop_demonstration()
        # What was growing is about another drawing than the one that begins now.
        self.finisher.forget()

    def _on_canvas_stroke_moved(self) -> None:
        if self.model.intent.while_pausing:
            self._resting.start()

    def _on_resting_timeout(self) -> None:
        if self.canvas.live_stroke() is not None:
            self._ask()

    def _on_first_start_drawn(self, beginning: Drawing, number: int) -> None:
        if number and self._takes_class_of(beginning):
            return
        request = request_for(self.model.intent, beginning, None, paper_of(self.canvas))
        if request is not None:
            self.finisher.ask(self.model.intent, replace(request, seed=self.model.intent.seed + number))

    def _takes_class_of(self, beginning: Drawing) -> bool:
        """While the person has chosen no class, the demonstration chooses its own; whether that asked for endings."""
        known = self._ready.categories if self._ready is not None and self._ready.chooses_category else ()
        chosen = self.model.intent.category
        if beginning.word not in known or chosen == beginning.word or chosen not in ("", self._shown_class):
            return False
        self._shown_class = beginning.word
        self.model.update(category=beginning.word)
        return True

    def _on_intent_changed(self, intent: Intent, before: Intent) -> None:
        if intent.count != before.count:
            self.gallery.set_count(intent.count)
        if intent.model != before.model:
            self.finisher.open_model(intent)
            self._start_demonstration()
        only_pausing = replace(before, while_pausing=intent.while_pausing) == intent
        if not only_pausing and not self.first_start.active and self._listed:
            if not self.document.is_empty or intent.from_nothing or before.from_nothing:
                self._ask()
        elif self.first_start.active and self.first_start.drawing.strokes and not only_pausing:
            self._on_first_start_drawn(self.first_start.drawing, 0)

    # ---- showing

    def _on_growth_changed(self, growth: Growth | None) -> None:
        self.gallery.show_growth(growth)
        if growth is None:
            self.canvas.set_ghost(None)

    def _on_frame(self) -> None:
        self.gallery.update()
        if self.gallery.marked >= 0:
            self._on_gallery_hovered(self.gallery.marked)

    def _on_gallery_hovered(self, place: int) -> None:
        growth = self.finisher.growth
        shown = growth.strokes(place) if growth is not None and 0 <= place < growth.count else None
        self.canvas.set_ghost(shown or None)

    def _on_completed(self, completion: Completion) -> None:
        growth = self.finisher.growth
        if growth is None or not growth.beginning.point_count:
            self.controls.show_beginning(None, None)
        else:
            self.controls.show_beginning(completion.beginning_log_likelihood, completion.beginning_share)

    def _on_ready(self, ready: ModelReady) -> None:
        self.controls.show_ready(ready)
        self._ready = ready
        self._show_status()
        if self.first_start.is_drawn:
            self._takes_class_of(self.first_start.drawing)

    def _show_status(self) -> None:
        ready = self._ready
        if self._is_shown and ready is not None:
            self._context.status.set_model(f"{ready.name} · {ready.parameters / 1e6:.1f} M parameters")
            self._context.status.set_device(ready.device)

    def _on_latency_changed(self, milliseconds: float) -> None:
        if self._is_shown:
            self._context.status.set_latency(milliseconds)

    def _on_theme_changed(self, theme: Theme) -> None:
        self.gallery.set_theme(theme)
        if self._training is not None:
            self._training.set_theme(theme)

    # ---- files and training

    def _on_canvas_files_dropped(self, paths: list[Path]) -> None:
        if paths:
            self.open_file(paths[0])

    def _on_drawing_opened(self, drawing: Drawing, name: str) -> None:
        self._stop_demonstration()
        paper = paper_of(self.canvas)
        left, top, right, bottom = drawing.box()
        factor = paper.size / max(right - left, bottom - top, 1e-6)
        shift = (paper.left - left * factor, paper.top - top * factor)
        try:
            self.document.replace(scaled(drawing, factor, shift), f"open {name}")
        except BadDrawingError as error:
            self._context.messages.report(error)

    def _on_model_added(self, path: Path) -> None:
        self._context.messages.info(f"{path.stem} is in the catalog.")
        if self.model.intent.model == str(path):
            # The file is another one than when it was opened.
            self._open_model()
        else:
            self.model.update(model=str(path))
        self._list_models()

    def _on_download_requested(self) -> None:
        dialog = models_dialog(self._context.messages, self)
        dialog.fetched.connect(self.files.add_model)
        dialog.open()

    def _on_drawings_requested(self) -> None:
        assert self._training is not None
        dialog = drawings_dialog(self._context.messages, self)
        dialog.fetched.connect(self._training.add_data)
        dialog.open()

    def _on_page_clicked(self, index: int) -> None:
        if index == 1 and self._training is None:
            self._training = TrainingPanel("sketch", self._context.messages)
            self._training.set_theme(self._context.theme.theme)
            self._training.model_saved.connect(lambda path: self.files.add_model(Path(path)))
            self._stage.add_training_page(self._training).clicked.connect(self._on_drawings_requested)
        self.pages.setCurrentIndex(index)
        self.toolbar.setVisible(index == 0)
        if index == 0:
            self._start_demonstration()
        else:
            self.first_start.stop()

