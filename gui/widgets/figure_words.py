"""What the figures of a run are called on the screen."""

from __future__ import annotations

_WORDS = {
    "critic_real": "critic on data", "critic_fake": "critic on samples", "critic_accuracy": "critic is right",
    "gradient_norm": "gradient norm ‖∇D(x)‖", "generator_gradient": "generator's gradient ‖∇θ‖",
    "critic_gradient": "critic's gradient ‖∇φ‖", "plan_entropy": "entropy of the plan", "steps_per_s": "steps / s",
    "skipped": "skipped steps", "modes": "modes covered", "kl_grid": "KL on the grid", "mmd": "MMD²",
    "latent_mmd": "MMD² of codes and prior",
    "valid_accuracy": "validation accuracy", "valid_loss": "validation loss",
    "valid_margin_loss": "validation margin loss",
    "sliced_wasserstein": "sliced Wasserstein", "frechet": "Fréchet distance", "inception": "inception score",
}


def words_for(name: str) -> str:
    """The figure `name` in words."""
    return _WORDS.get(name, name.replace("_", " "))
