"""Generative adversarial networks: networks, objectives, optimal transport, measurements and training."""
