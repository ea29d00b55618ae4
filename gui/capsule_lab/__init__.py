"""The Capsule lab: draw or pick a digit, bend its capsule, watch the routing."""
