"""Typed errors. Each carries one sentence for a person: what is wrong and what to do."""


class EngineError(Exception):
    """Base of every error the engine raises on purpose; `str(error)` is a sentence to show as it is."""


class BadFileError(EngineError):
    """A file that was brought in is damaged, too large, of another kind, or unsafe to read."""


class BadDrawingError(EngineError):
    """A drawing cannot be used: empty, not finite, or far too long."""


class CheckpointError(EngineError):
    """A checkpoint or run folder cannot be read or does not fit the model."""


class SaveError(EngineError):
    """A file could not be written; whatever stood there before is untouched."""


class UnknownModelError(EngineError):
    """No model of that name is in the catalog, and no file of that name exists."""


class DownloadError(EngineError):
    """A download failed or was cancelled; nothing was kept."""


class TrainingError(EngineError):
    """A training run cannot start or go on."""
