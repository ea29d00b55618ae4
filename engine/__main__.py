"""`python -m engine COMMAND …`: train, sample, evaluate, prune, reproduce, convert, models, download, data."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Sequence

from engine.errors import EngineError
from engine.trainers import TRAINERS

Command = Callable[[Sequence[str], str], None]


def commands() -> dict[tuple[str, ...], tuple[str, Command]]:
    """Every command: its words, one line of help and what runs it (imports happen there)."""
    from engine.cli import capsules, catalog, evaluation, generative, reproduce, sketch

    training: dict[tuple[str, ...], tuple[str, Command]] = {
        ("train", name): (f"Train {known.title_in_sentence}.", _training(name)) for name, known in TRAINERS.items()
    }
    return {
        **training,
        ("sample", "sketch"): ("Draw from nothing with a Sketch-RNN and write the drawings to a file.", sketch.sample),
        ("sample", "gan"): ("Make samples with a GAN and write them to a file.", generative.sample_gan),
        ("sample", "wae"): ("Make samples with an auto-encoder and write them to a file.", generative.sample_wae),
        ("evaluate", "sketch"): ("Measure a Sketch-RNN on drawings.", sketch.evaluate),
        ("evaluate", "classifier"): ("Measure a digit classifier on the test digits.", evaluation.evaluate_classifier),
        ("evaluate", "capsules"): ("Measure a capsule network, or one to compare it with.", capsules.evaluate_capsules),
        ("evaluate", "gan"): ("Measure the samples of a GAN against data.", generative.evaluate_gan),
        ("evaluate", "wae"): ("Measure samples and codes of an auto-encoder against data.", generative.evaluate_wae),
        ("prune", "sketch"): ("Leave out categories of a Sketch-RNN that it has not learned.", sketch.prune),
        ("reproduce",): ("Run an experiment of the papers again and tell what comes out.", reproduce.reproduce),
        ("convert",): ("Turn a model file of another program into one of ours.", catalog.convert),
        ("models",): ("List the models of the catalog and those that can be downloaded.", catalog.models),
        ("download",): ("Fetch public models into the catalog, or Quick, Draw! categories.", catalog.download),
        ("data", "kanji"): ("Write KanjiVG's kanji as drawings to train on.", catalog.kanji),
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status: 0, 1 for a refusal (one sentence on stderr), 2 for wrong usage."""
    args = list(sys.argv[1:] if argv is None else argv)
    known = commands()
    for words, (_, command) in known.items():
        if tuple(args[: len(words)]) == words:
            try:
                command(args[len(words) :], f"python -m engine {' '.join(words)}")
            except EngineError as error:
                print(f"{error}", file=sys.stderr)
                return 1
            except KeyboardInterrupt:
                print("Stopped.", file=sys.stderr)
                return 130
            return 0
    lines = ["usage: python -m engine COMMAND [options]   (COMMAND --help shows its options)", ""]
    width = max(len(" ".join(words)) for words in known)
    lines += [f"  {' '.join(words):<{width}}  {text}" for words, (text, _) in known.items()]
    asked = not args or args[0] in ("-h", "--help")
    print("\n".join(lines), file=sys.stdout if asked and args else sys.stderr)
    return 0 if asked and args else 2


def _training(name: str) -> Command:
    def run(args: Sequence[str], prog: str) -> None:
        from engine.cli.training import train

        train(name, args, prog)

    return run


if __name__ == "__main__":
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A name may have letters that the terminal's encoding lacks.
        sys.stdout.reconfigure(errors="backslashreplace")
    sys.exit(main())
