"""Auto-encoders with a prior: Wasserstein auto-encoders (MMD, GAN), the variational one, and the plain one."""
