"""What a digit classifier scores on digits that it has not seen, and what real digits score in its own measures."""

from __future__ import annotations

from functools import lru_cache

import torch

from engine.data.digits import open_digits
from engine.evaluation.classifier import DigitClassifier, digit_classifier
from engine.evaluation.frechet import FeatureStatistics, feature_statistics, frechet_distance
from engine.evaluation.inception import inception_score

TEST_DIGITS = 10_000


@lru_cache(maxsize=1)
def real_digits() -> FeatureStatistics:
    """All test digits of 28 pixels in the features of the classifier that ships; found once, in some seconds.

    All of them, since the first half of MNIST's test digits was written by other people than the second: compared with
    the first 1,000 alone, a perfect generator would seem three times as far away.
    """
    digits, _ = open_digits().held_out(TEST_DIGITS)
    return feature_statistics(digit_classifier().features(digits).numpy())


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
    features = classifier.features(test)
    answers = classifier.answers(features)
    right = answers.argmax(dim=1) == labels
    chance = answers.gather(1, labels[:, None]).double().clamp(min=1e-12)
    statistics = [feature_statistics(some.numpy()) for some in (features, classifier.features(trained_on))]
    return {
        "digits": float(len(test)),
        "accuracy": float(right.double().mean()),
        "errors": float((~right).sum()),
        "loss": float(-chance.log().mean()),
        "inception": inception_score(answers.numpy()).mean,
        "frechet": frechet_distance(*statistics),
    }
