"""Bridges between the engine and Qt, shared by every lab."""
