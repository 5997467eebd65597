"""The number people read out: day, running number, check digit (`20261122-00042-7`)."""

from __future__ import annotations

from datetime import date


def incident_number(day: date, running: int) -> str:
    """The number of the `running`-th incident, opened on `day` in the site's time zone."""
    body = f"{day:%Y%m%d}{running:05d}"
    return f"{body[:8]}-{body[8:]}-{check_digit(body)}"


def is_incident_number(text: str) -> bool:
    """Whether the check digit fits; every single wrong digit is found."""
    day, _, rest = text.partition("-")
    running, _, check = rest.partition("-")
    body = day + running
    return (
        len(day) == 8 and (body + check).isascii() and (body + check).isdigit() and check == check_digit(body)
    )


def check_digit(digits: str) -> str:
    """ISO 7064 MOD 11,10 (GB/T 17710), one decimal digit."""
    product = 10
    for digit in digits:
        total = (product + int(digit)) % 10 or 10
        product = total * 2 % 11
    return str((11 - product) % 10)
