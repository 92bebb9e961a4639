"""load_values: what becomes of a JSON value in a column of a kind, in each database, for load_model.py."""
import math
from fractions import Fraction

from exact_json import Num, dumps

NESTED = (list, dict)


class Bad(Exception):
    """The record is set aside, with this code."""


def exact_number(v):
    return Fraction(str(v))


def fits_double(v):
    try:
        d = float(str(v))
    except OverflowError:
        return False
    return math.isfinite(d) and Fraction(repr(d)) == exact_number(v) or (math.isfinite(d) and Fraction(d) == exact_number(v))


def is_integer(v):
    return exact_number(v).denominator == 1


def is_int64(v):
    return is_integer(v) and -2**63 <= exact_number(v) < 2**63


def looks_numeric(s):
    try:
        float(s.strip(" \t\n\r\f\v"))
    except ValueError:
        return False
    return not any(c in s for c in "xXnNiI_")


def is_number(v):
    return isinstance(v, (int, float, Num)) and not isinstance(v, bool)


def sqlite_cell(kind, v):
    if v is None:
        return None
    if isinstance(v, bool):
        return ("false", "true")[v] if kind in ("text", "ntext") else int(v)
    if is_number(v):
        if kind in ("text", "ntext"):
            return str(v)
        whole = is_int64(v) and int(exact_number(v))
        if kind in ("num", "any") and is_int64(v) and any(c in str(v) for c in ".eE"):
            return float(whole)
        if is_int64(v) and (kind != "real" or abs(whole) <= 2**53):
            return whole
        if fits_double(v):
            return float(str(v))
        if kind in ("num", "any"):
            return str(v)
        raise Bad("lossy")
    if isinstance(v, NESTED):
        return dumps(v)
    if kind in ("int", "real", "bool") and looks_numeric(v):
        raise Bad("lossy")
    return v


def postgresql_cell(kind, v):
    if v is None:
        return None
    if isinstance(v, str) and "\0" in v:
        raise Bad("lossy")
    if kind == "text":
        return ("false", "true")[v] if isinstance(v, bool) else str(v) if is_number(v) else dumps(v) if isinstance(v, NESTED) else v
    if kind == "bool":
        if not isinstance(v, bool):
            raise Bad("server")
        return v
    if isinstance(v, str) and looks_numeric(v):
        v = Num(v)
    if not is_number(v):
        raise Bad("server")
    if kind == "int":
        if not is_integer(v) or not is_int64(v):
            raise Bad("server")
        return int(exact_number(v))
    if kind == "real":
        if not fits_double(v):
            raise Bad("lossy")
        return float(str(v))
    n = exact_number(v) * 100
    if n.denominator != 1:
        raise Bad("lossy")
    if abs(n) >= 10**10:
        raise Bad("server")
    return n / 100


CELLS = {"sqlite": sqlite_cell, "postgresql": postgresql_cell}
