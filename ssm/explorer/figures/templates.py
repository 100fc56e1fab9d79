"""Templates: texts as data, filled from numbers alike here and in the page.

A text is a list of parts, a part a list of alternatives ``{"if": [name, relation, bound], "say": template}``, of which
the first whose condition holds is said, and that under "and" where there is one; a bound is a number or the name of
one. In a template ``{bias}`` stands for a number in three digits, ``{n#}`` for a whole one, ``{factor~}`` for one
without zeros at its end, ``{relative_bias%}`` for a share in percent, and ``{bias|exact}`` for a number in the ink of
that role.
"""

import math
import operator
import re
from collections.abc import Mapping
from typing import Any

Part = list[dict[str, Any]]
Parts = list[Part]
Numbers = Mapping[str, Any]  # numbers, and the words among the settings

NBSP = "\u00a0"  # a number and its sign stay in one line
_RELATIONS = {"<": operator.lt, "==": operator.eq, ">=": operator.ge}
_SLOT = re.compile(r"\{(\w+)([%#~]?)(?:\|(\w+))?\}")


def always(template: str) -> Part:
    """A part that says the same whatever its numbers are.

    Args:
        template: a text with slots.

    Returns:
        One alternative without a condition.

    >>> always("{n#} classes")
    [{'say': '{n#} classes'}]
    """
    return [{"say": template}]


def number(value: float | None) -> str:
    """A number in three significant digits, the same as the page writes it.

    Args:
        value: any number; None or NaN where it is not known yet.

    Returns:
        Digits with a true minus sign; thousands apart; an exponent from a million up and below a thousandth.

    >>> number(0.20452), number(-1450.4), number(2e-7), number(0.0), number(None)
    ('0.205', '−1,450', '2.00e−7', '0', '…')
    """
    if value is None or math.isnan(value):
        return "…"
    if value == 0:
        return "0"
    size = abs(value)
    if math.isinf(size) or size >= 1e6 or size < 1e-3:
        text = f"{value:.2e}"
        text = re.sub(r"e([+-])0*(\d)", lambda m: f"e{m[1].replace('+', '')}{m[2]}", text)
    elif size >= 999.5:
        text = f"{math.floor(value + 0.5):,}"
    else:
        text = f"{value:#.3g}".rstrip(".")
    return text.replace("-", "−")


def brief(value: float | None) -> str:
    """A number in at most three significant digits, without zeros at its end.

    Args:
        value: any number; None where it is not known.

    Returns:
        The shortest spelling of `number` that says the same.

    >>> brief(3.0), brief(0.25), brief(1450.4), brief(2e-7)
    ('3', '0.25', '1,450', '2e−7')
    """
    mantissa, exponent, power = number(value).partition("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return mantissa + exponent + power


def percent(share: float | None) -> str:
    """A share as a percentage in two significant digits.

    Args:
        share: 1 is all of it; None or NaN where it is not known yet.

    Returns:
        Whole percent from 10 up, otherwise two digits, and a space that does not break; hardly anything says so.

    >>> [percent(share).replace(NBSP, " ") for share in (0.3034, 0.0342, 0.00001, 0.0, 12.0)]
    ['30 %', '3.4 %', 'under 0.01 %', '0 %', '1,200 %']
    """
    if share is None or math.isnan(share):
        return "…"
    if 0 < share < 1e-4:
        return f"under 0.01{NBSP}%"
    hundredths = 100 * share
    text = whole(hundredths) if hundredths >= 9.95 else f"{hundredths:.2g}"
    return f"{text}{NBSP}%"


def render(parts: Parts, numbers: Numbers) -> str:
    """The parts as one plain text.

    Args:
        parts: lists of alternatives; the first that holds is said.
        numbers: what the slots and the conditions name; a condition on a number that is missing does not hold.

    Returns:
        The texts of all parts that say something, a space between them.

    >>> render([[{"say": "{n#} classes"}]], {"n": 17091})
    '17,091 classes'
    """
    said = (chosen(part, numbers) for part in parts)
    return " ".join(fill(template, numbers) for template in said if template)


def chosen(part: Part, numbers: Numbers) -> str:
    """The template of the first alternative that holds.

    Args:
        part: alternatives.
        numbers: what their conditions name.

    Returns:
        A template; empty where none holds.

    >>> chosen([{"if": ["k", "==", 1], "say": "one"}, {"say": "many"}], {"k": 1})
    'one'
    """
    return next(
        (str(one["say"]) for one in part if _holds(one.get("if"), numbers) and _holds(one.get("and"), numbers)), ""
    )


def fill(template: str, numbers: Numbers) -> str:
    """A template with its slots filled.

    Args:
        template: text with slots.
        numbers: what the slots name; words are said as they are.

    Returns:
        Plain text.

    >>> fill("{k#} of {n#}, {x}", {"k": 3, "n": 1200, "x": 0.5})
    '3 of 1,200, 0.500'
    """
    return _SLOT.sub(lambda match: _spell(numbers.get(match[1]), match[2]), template)


def whole(value: float | None) -> str:
    """A whole number with its thousands apart.

    Args:
        value: any number; None where it is not known yet.

    Returns:
        Digits.

    >>> whole(17091.0)
    '17,091'
    """
    return "…" if value is None else f"{math.floor(value + 0.5):,}".replace("-", "−")


_SPELLED = {"": number, "#": whole, "~": brief, "%": percent}


def _spell(value: Any, form: str) -> str:  # noqa: ANN401 (a number, a word or nothing)
    return value if isinstance(value, str) else _SPELLED[form](value)


def _holds(condition: list[Any] | None, numbers: Numbers) -> bool:
    if condition is None:
        return True
    name, relation, bound = condition
    value = numbers.get(name)
    if relation != "==" and isinstance(bound, str):
        bound = numbers.get(bound)
    return value is not None and bound is not None and bool(_RELATIONS[relation](value, bound))
