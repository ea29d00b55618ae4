"""Small studies of what training leans on: optimisers, and activations in deep networks."""
