"""What a digit classifier scores on digits that it has not seen, and what real digits score in its own measures."""

from __future__ import annotations

import torch

from engine.data.digits import open_digits
from engine.evaluation.classifier import DigitClassifier
from engine.evaluation.frechet import feature_statistics, frechet_distance
from engine.evaluation.inception import inception_score

TEST_DIGITS = 10_000


def figures_on_test_digits(
    classifier: DigitClassifier, image_size: int = 28, count: int = TEST_DIGITS
) -> dict[str, float]:
    """Figures on the first `count` test digits of `image_size` pixels.

    accuracy and errors (their number); loss: mean -log p(y|x) in nats. inception: the inception score of these digits,
    and frechet: their Fréchet distance to as many training digits; a perfect generator would score about the same.
    """
    digits = open_digits(image_size)
    test, labels = digits.held_out(count)
    if labels is None:
        raise ValueError("digits have labels")
    trained_on = digits.indexed(torch.arange(len(test)))
    answers = classifier.probabilities(test)
    right = answers.argmax(dim=1) == labels
    chance = answers.gather(1, labels[:, None]).double().clamp(min=1e-12)
    statistics = [feature_statistics(classifier.features(some).numpy()) for some in (test, trained_on)]
    return {
        "digits": float(len(test)),
        "accuracy": float(right.double().mean()),
        "errors": float((~right).sum()),
        "loss": float(-chance.log().mean()),
        "inception": inception_score(answers.numpy()).mean,
        "frechet": frechet_distance(*statistics),
    }
