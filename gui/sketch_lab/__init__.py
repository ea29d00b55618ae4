"""The Sketch lab: draw, and the network finishes the drawing."""
