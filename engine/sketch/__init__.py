"""Sketch-RNN (Ha and Eck 2018): drawings, the model, its training and its sampling."""
