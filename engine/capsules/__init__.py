"""Capsule networks (Sabour, Frosst and Hinton 2017): routing by agreement, perturbation, training, MultiMNIST."""
