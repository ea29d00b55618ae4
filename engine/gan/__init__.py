"""Generative adversarial networks: networks, objectives, normalisation, optimisers and their training."""
