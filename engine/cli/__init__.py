"""The command line: every trainer, sampler and measurement without a screen."""
