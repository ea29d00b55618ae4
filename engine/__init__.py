"""Morphospace's engine: models, their training and their data, without a screen."""
