"""The Capsule lab: a picture and its capsules on the left, pages about them on the right."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QButtonGroup,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from gui.capsule_lab.bend_page import BendPage
from gui.capsule_lab.demonstration import Demonstration
from gui.capsule_lab.dials import Dials
from gui.capsule_lab.info import INFO_HTML
from gui.capsule_lab.input_panel import InputPanel
from gui.capsule_lab.lengths import LengthBars
from gui.capsule_lab.models import ModelChooser
from gui.capsule_lab.page import CapsulePage
from gui.capsule_lab.past import Past
from gui.capsule_lab.routing_page import RoutingPage
from gui.capsule_lab.scenes import scenes_of
from gui.capsule_lab.session import CAPSULES, CapsuleSession
from gui.capsule_lab.subject import Picture, Subject, SubjectModel
from gui.capsule_lab.turn_page import TurnPage
from gui.capsule_lab.two_page import TwoPage
from gui.capsule_lab.viewing import Bent, Look, Viewing
from gui.lab import Lab, LabContext
from gui.palette import Theme
from gui.services.picture_saver import PictureSaver
from gui.widgets.card import Card
from gui.widgets.training_panel import TrainingPanel

COLUMN_WIDTH = 316
PICTURE_FILTER = "Pictures (*.png *.jpg *.jpeg *.bmp *.gif *.webp);;All files (*)"
MODEL_SUFFIX = ".safetensors"
_NO_MODEL = "There is no capsule network yet. Train one on the page Train, or add a model file."
BEND, ROUTING, TURN, TWO, TRAIN = range(5)
_PAGES = (
    ("Bend", "Change the numbers of a capsule v_j and see what they mean."),
    ("Routing", "See how the primary capsules agree on a digit."),
    ("Turn", "See what turning or moving the picture does to the capsule, and to a convolutional network."),
    ("Two digits", "Lay two digits over each other and take them apart."),
    ("Train", "Train a capsule network and watch it learn."),
)


class CapsuleLab(Lab):
    """Joins input, models, viewing and pages; holds no state of its own but what is on screen."""

    name = "capsules"
    title = "Capsules"
    icon_name = "mdi6.vector-polyline"

    def __init__(self, context: LabContext, parent: QWidget | None = None) -> None:
        """Build the views and ask for models and test digits."""
        super().__init__(parent)
        self._context = context
        theme = context.theme.theme
        self.session = CapsuleSession(context.messages, self)
        self.subject = SubjectModel(self)
        self.viewing = Viewing(self.session, self.subject, self)
        self.past = Past(self.subject, self)
        self.input = InputPanel(self.session, self.subject, theme)
        self.dials = Dials(self.subject)
        self.lengths = LengthBars(theme)
        self.models = ModelChooser(self.session, context.settings, context.messages, self)
        self.saver = PictureSaver(context.messages, self)
        self.demonstration = Demonstration(self.subject, self)
        self.bend = BendPage(self.viewing, context.settings, theme)
        self.routing = RoutingPage(self.viewing, theme)
        self.turn = TurnPage(self.viewing, theme)
        self.two = TwoPage(self.viewing, theme)
        self.training: TrainingPanel | None = None
        self._is_shown = False
        self._lay_out()
        self._connect()

    @property
    def capsule_pages(self) -> tuple[CapsulePage, ...]:
        """The pages about the subject."""
        return (self.bend, self.routing, self.turn, self.two)

    def _lay_out(self) -> None:
        self.no_model = QLabel(_NO_MODEL)
        self.no_model.setWordWrap(True)
        self.no_model.setProperty("role", "muted")
        self.no_model.hide()
        picture, capsules, placement = Card("Picture"), Card("Capsules"), Card("Placement", collapsible=True)
        picture.add(self.input)
        capsules.add(self.no_model)
        capsules.add(self.lengths)
        placement.add(self.dials)
        self.models.card.set_collapsed(True)
        column = QWidget()
        column.setObjectName("scrolled")
        cards = QVBoxLayout(column)
        cards.setContentsMargins(0, 0, 0, 0)
        cards.setSpacing(10)
        for card in (picture, capsules, placement, self.models.card):
            cards.addWidget(card)
        cards.addStretch(1)
        self.column = QScrollArea()
        self.column.setWidgetResizable(True)
        self.column.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.column.setFixedWidth(COLUMN_WIDTH)
        self.column.setWidget(column)
        self.pages = QStackedWidget()
        for page in self.capsule_pages:
            self.pages.addWidget(_scrolled(page))
        self.page_buttons = QButtonGroup(self)
        top = QHBoxLayout()
        for index, (text, tip) in enumerate(_PAGES):
            button = QPushButton(text)
            button.setCheckable(True)
            button.setChecked(index == 0)
            button.setProperty("role", "flat")
            button.setToolTip(tip)
            self.page_buttons.addButton(button, index)
            top.addWidget(button)
        top.addStretch(1)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(16, 12, 16, 14)
        self._grid.setHorizontalSpacing(14)
        self._grid.setVerticalSpacing(10)
        # The buttons stay where they are, whether the column is there or not.
        self._grid.setColumnMinimumWidth(0, COLUMN_WIDTH)
        self._grid.setColumnStretch(1, 1)
        self._grid.setRowStretch(1, 1)
        self._grid.addWidget(self.column, 0, 0, 2, 1)
        self._grid.addLayout(top, 0, 1)
        self._grid.addWidget(self.pages, 1, 1)
        self.setAcceptDrops(True)

    def _connect(self) -> None:
        self._context.theme.changed.connect(self._on_theme_changed)
        self.viewing.looked.connect(self._on_viewing_looked)
        self.viewing.bent.connect(self._on_viewing_bent)
        self.viewing.latency.connect(self._on_viewing_latency)
        self.session.model_changed.connect(self._on_session_model_changed)
        self.past.went.connect(self._on_past_went)
        self.models.listed.connect(self._on_models_listed)
        self.input.touched.connect(self.demonstration.end)
        self.input.file_wanted.connect(self.ask_for_picture)
        self.lengths.chosen.connect(self.choose_class)
        self.page_buttons.idClicked.connect(self.show_page)
        for slider in self.dials.sliders.values():
            slider.sliderPressed.connect(self.demonstration.end)
        for page in self.capsule_pages:
            page.save_requested.connect(self.saver.ask)
        for digit in range(10):
            self._shortcut(str(digit), partial(self.choose_class, digit))
        self._shortcut("A", partial(self.choose_class, None))
        self._shortcut("Ctrl+O", self.ask_for_picture)
        self._shortcut("Ctrl+Z", self._undo)
        self._shortcut("Ctrl+Shift+Z", self._redo)

    def _shortcut(self, keys: str, act: Callable[[], object]) -> None:
        shortcut = QShortcut(QKeySequence(keys), self)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(act)

    # ---- the lab's own life

    def on_shown(self) -> None:
        """Begin to move, if nobody has touched anything yet; another lab may have added models meanwhile."""
        self._is_shown = True
        self._show_status()
        if not self.session.is_asking("list"):
            self.models.refresh()
        if self.viewing.look is not None:
            self.demonstration.start()

    def on_hidden(self) -> None:
        """Nothing moves that nobody sees; a training goes on."""
        self._is_shown = False
        self.demonstration.pause()

    def shut_down(self) -> None:
        """Leave no thread, process or timer."""
        self.on_hidden()
        self.demonstration.end()
        self.past.stop()
        self.session.shut_down()
        self.saver.shut_down()
        if self.training is not None:
            self.training.shut_down()

    def info_html(self) -> str:
        """See `gui.capsule_lab.info`."""
        return INFO_HTML

    def open_file(self, path: Path) -> None:
        """Look at a picture or add a model, by the file's name."""
        self.demonstration.end()
        if path.suffix.lower() == MODEL_SUFFIX:
            self.models.add(path)
        else:
            self.session.ask_engine("given", partial(_given, path), partial(self._on_given, path.name))

    def is_settled(self) -> bool:
        """Whether everything that was begun is on screen; the demonstration does not count."""
        works = self.session.busy or self.bend.ranges.waits
        return not self.saver.busy and (self.demonstration.active or not works)

    def screenshot_scenes(self) -> dict[str, Callable[[], None]]:
        """States worth a picture, by name; see `gui.screenshots`."""
        return scenes_of(self)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files from outside."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open the file that was dropped."""
        event.acceptProposedAction()
        for url in [url for url in event.mimeData().urls() if url.isLocalFile()][:1]:
            self.open_file(Path(url.toLocalFile()))

    # ---- what the person does

    def choose_class(self, index: int | None) -> None:
        """Look at the capsule of a class; None stands for the longest. What was bent is bent no more."""
        model = self.session.models.get(CAPSULES)
        if model is not None and (index is None or index < len(model.class_names)):
            self.demonstration.end()
            if index != self.subject.subject.shown:
                self.subject.update(shown=index, bends=(), locks={})

    def show_page(self, index: int) -> None:
        """Put a page on stage; the one for training is made when it is first wanted."""
        if index == TRAIN and self.training is None:
            self.training = TrainingPanel("capsules", self._context.messages)
            self.training.set_theme(self._context.theme.theme)
            self.training.model_saved.connect(lambda path: self.models.add(Path(path)))
            self.training.save_requested.connect(self.saver.ask)
            self.pages.addWidget(self.training)
        if index != BEND:
            self.demonstration.end()  # the other pages measure what lies still
        self.page_buttons.button(index).setChecked(True)
        self.column.setVisible(index != TRAIN)
        self._grid.addWidget(self.pages, 1, 0 if index == TRAIN else 1, 1, 2 if index == TRAIN else 1)
        self.pages.setCurrentIndex(index)

    def ask_for_picture(self) -> None:
        """Choose a picture file to look at."""
        dialog = QFileDialog(self, "Look at a picture", "", PICTURE_FILTER)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda chosen: self.open_file(Path(chosen)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _undo(self) -> None:
        self.demonstration.end()
        self.bend.hand.stop()
        self.past.undo()

    def _redo(self) -> None:
        self.bend.hand.stop()
        self.past.redo()

    def _on_past_went(self, subject: Subject) -> None:
        self.session.forget("drawn", "given")
        self.input.pad.show_drawing(subject.drawing)

    def _on_given(self, name: str, picture: Picture) -> None:
        self.input.look_at(picture, name, None)

    # ---- showing

    def _on_models_listed(self) -> None:
        has_none = CAPSULES not in self.session.models and not self.models.can_open(CAPSULES)
        self.no_model.setVisible(has_none)
        if has_none:
            self.bend.say_no_model()

    def _on_session_model_changed(self, role: str) -> None:
        if role == CAPSULES:
            self.past.forget_capsules()
            self.no_model.hide()
            self.lengths.set_names(self.session.models[CAPSULES].class_names)
            self._show_status()

    def _on_viewing_looked(self, look: Look) -> None:
        self.input.show_seen(look.picture)
        if self._is_shown and not self.subject.subject.is_empty and not self.demonstration.active:
            self.demonstration.start()

    def _on_viewing_bent(self, bent: Bent) -> None:
        subject: Subject = self.subject.subject
        look = self.viewing.look
        if look is not None:
            labels: frozenset[int] = frozenset() if subject.label is None else frozenset({subject.label})
            self.lengths.set_lengths(look.lengths, bent.shown, labels)

    def _on_viewing_latency(self, milliseconds: float) -> None:
        if self._is_shown:
            self._context.status.set_latency(milliseconds)

    def _show_status(self) -> None:
        model = self.session.models.get(CAPSULES)
        if self._is_shown and model is not None:
            self._context.status.set_model(f"{model.name} · {model.parameter_count / 1e6:.1f} M parameters")
            self._context.status.set_device(model.device)

    def _on_theme_changed(self, theme: Theme) -> None:
        self.input.set_theme(theme)
        self.lengths.set_theme(theme)
        for page in self.capsule_pages:
            page.set_theme(theme)
        if self.training is not None:
            self.training.set_theme(theme)


def _scrolled(page: QWidget) -> QScrollArea:
    """A page that keeps its least size in a small window."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    page.setObjectName("scrolled")
    area.setWidget(page)
    return area


def _given(path: Path) -> Picture:
    from engine.explore.given import given_digit

    return given_digit(path)
