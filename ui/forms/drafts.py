"""Keep what is being typed: a draft is written at most a second after a key, and comes back in the same field."""

from functools import partial

from PySide6.QtCore import QObject, QTimer

from sync.errors import Failure
from ui.context import DeskContext
from ui.forms.form import FormView

NEW_DRAFT = "new:"
EDIT_DRAFT = "edit:"
# Counted from the first key that isn't kept yet, so that someone who never pauses loses no more than this.
_KEEP_MS = 1000


class DraftKeeper(QObject):
    """Watches one form and keeps its draft until the work is registered, saved or thrown away.

    Args:
        context: Gives the workspace and its worker.
        draft_id: Under which name the draft is kept.
        form: What is being filled in; also the owner of this object.
    """

    def __init__(self, context: DeskContext, draft_id: str, form: FormView) -> None:
        super().__init__(form)
        self.draft_id = draft_id
        self._context = context
        self._form = form
        self._typed = False
        self._discarded = False
        self._unkept = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_KEEP_MS)
        self._timer.timeout.connect(self.keep)
        form.edited.connect(self._edited)
        form.place_changed.connect(self._moved)

    @property
    def typed(self) -> bool:
        """Whether there is anything to keep."""
        return self._typed

    def resume(self) -> None:
        """Go on with a draft that is kept already: moving between fields is worth keeping too."""
        self._typed = True

    def keep(self) -> None:
        """Write the draft now."""
        self._timer.stop()
        if not self._typed or self._discarded:
            return
        drafts = self._context.workspace.drafts
        job = partial(drafts.save, self.draft_id, self._form.kit.id, self._form.draft(), self._form.place())
        self._unkept = False
        self._context.run(job, self._kept, self._refused)

    def pause(self) -> None:
        """Keep what there is at once, because the form goes out of sight."""
        if self._timer.isActive() or self._unkept:
            self.keep()

    def discard(self) -> None:
        """Forget the draft: what it held is registered, saved or not wanted."""
        self._timer.stop()
        self._discarded = True
        if self._typed:
            self._context.run(partial(self._context.workspace.drafts.delete, self.draft_id), self._kept)

    def _edited(self) -> None:
        self._typed = True
        self._moved()

    def _moved(self) -> None:
        if self._typed and not self._discarded and not self._timer.isActive():
            self._timer.start()

    def _refused(self, failure: Failure) -> None:
        """Say why the draft isn't written; memory holds it, and the next key tries again, as `Unwritten` does."""
        self._unkept = True
        self._context.unwritten.say(failure)

    def _kept(self, _result: object) -> None:
        """Nothing to show: a draft that is kept is what everybody expects."""
