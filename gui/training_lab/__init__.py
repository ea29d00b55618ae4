"""The Training lab: watch generative models learn."""
