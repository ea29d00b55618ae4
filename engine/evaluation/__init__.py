"""Measures of generative models, one implementation each, and the digit classifier in whose features some are taken."""
