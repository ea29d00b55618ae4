"""Looking around in trained generative models of samples: one form for all, slices of latent spaces, neighbours."""
