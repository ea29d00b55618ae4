"""Ready experiments: what the papers claim, to be run again by a click or a command."""
