"""What every model needs around it: jobs, runs, checkpoints, the catalog, devices."""
