"""How capsules and their numbers are written."""

from __future__ import annotations

_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def capsule_symbol(class_name: str) -> str:
    """The capsule of a class, as the paper writes it where the class is a digit: v₇."""
    if class_name.isascii() and class_name.isdecimal():
        return "v" + class_name.translate(_SUBSCRIPTS)
    return f"v of {class_name}"


def signed(value: float, *, plus: bool = True) -> str:
    """Two decimals with a real minus sign, and a plus where it is wanted."""
    text = f"{value:+.2f}" if plus else f"{value:.2f}"
    return {"-0.00": "0.00", "+0.00": "0.00"}.get(text, text).replace("-", "−")
