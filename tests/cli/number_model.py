"""number_model: numbers compared, told and converted by Python's decimal and float, and by drive_number.

number_model.py DRIVER SEED COUNT: pairs of edge and random numbers; exits 1 at the first difference, which is printed.
"""
import random
import re
import struct
import subprocess
import sys
from decimal import Decimal, getcontext
from fractions import Fraction

getcontext().prec = 2000
getcontext().Emax, getcontext().Emin = 10**9, -10**9
DIVISOR_DIGITS = 37
GRAMMAR = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?", re.ASCII)

EDGES = [
    "0", "-0", "0.0", "-0.0e5", "0e999999999", "1", "-1", "1.0", "1e0", "10e-1", "0.1e1", "1e2", "100", "1E+2", "1.5", "1.50",
    "0.1", "0.10000000000000000001", "0.1000000000000000055511151231257827", "1e400", "-1e400", "1e-400", "1e308", "1e309",
    "1.7976931348623157e308", "1.7976931348623159e308", "2.2250738585072014e-308", "2.2250738585072011e-308", "5e-324",
    "4.9406564584124654e-324", "2e-324", "3e-324", "1e23", "8.41e21", "9.5e-3", "123456789012345678", "1234567890123456789",
    "999999999999999999", "1000000000000000000", "1e18", "1e19", "1e20", "0.000001", "1e-7", "123456.789e3",
    "7" * 78, "-" + "7" * 78, "7" * 77 + "8", "1" + "0" * 77, "0." + "1" * 78, "1" * 39 + "." + "1" * 39, "1" * 1100,
    "1000000000000000000000000000000000000000", "3e38", "0.3", "0.03", "1e-60", "2e-60", "128e64", "1e64", "5e123",
    str(2**123), str(5**53), str(2**126), "1" + "0" * 36 + "1", "9" * 37, "9" * 38,
]
for power in (31, 32, 52, 53, 54, 62, 63, 64, 65, 89, 90, 113, 128):
    for off in (-2, -1, 0, 1, 2):
        EDGES += [str(2**power + off), str(-(2**power) - off), f"{2**power + off}.0", f"{2**power + off}e-1", f"{2**power + off}.5"]


def random_number(rng):
    kind = rng.randrange(8)
    if kind == 0:
        return rng.choice(EDGES)
    if kind == 1:  # a double, any bits
        while True:
            d = struct.unpack("<d", rng.randbytes(8))[0]
            if d == d and abs(d) != float("inf"):
                return ("%.17g" if rng.random() < 0.5 else "%r") % d
    if kind == 2:
        return str(rng.randrange(-(10 ** rng.randrange(1, 25)), 10 ** rng.randrange(1, 25)))
    if kind == 3:  # money, measures
        return f"{rng.randrange(-10**6, 10**6)}.{rng.randrange(10**rng.randrange(1, 5))}"
    if kind == 4:  # a power of two, where doubles lie closer on one side
        return repr(2.0 ** rng.randrange(-1074, 1024))
    whole = str(rng.randrange(10 ** rng.choice((1, 2, 5, 18, 19, 37, 78))))
    fraction = "".join(rng.choice("0001239") for _ in range(rng.choice((1, 2, 5, 18, 40))))
    text = rng.choice(("", "-")) + whole + rng.choice(("", "." + fraction))
    if rng.random() < 0.4:
        text += rng.choice("eE") + rng.choice(("", "+", "-")) + "0" * rng.randrange(2) + str(rng.randrange(rng.choice((3, 40, 400))))
    return text


def written_otherwise(rng, text):
    """The same value, or one that is off by the last digit, in other words."""
    d = Decimal(text)
    sign, digits, exponent = d.as_tuple()
    digits = list(digits)
    if rng.random() < 0.3:
        digits[-1] = (digits[-1] + 1) % 10
    zeros = rng.randrange(4)
    if rng.random() < 0.5:
        body = "".join(map(str, digits)).lstrip("0") or "0"
        return ("-" if sign else "") + body + "0" * zeros + f"e{exponent - zeros}"
    plain = format(Decimal((sign, tuple(digits), exponent)), "f") if abs(exponent) < 400 else text
    return plain + ("" if zeros == 0 or plain is text else ("" if "." in plain else ".") + "0" * zeros)


def multiple_for(rng, text):
    """A divisor for a number, often one that divides it."""
    divisor = abs(Decimal(random_number(rng)))
    if rng.random() < 0.6 and divisor and len(divisor.as_tuple().digits) < 60 and abs(divisor.adjusted()) < 500:
        return str(divisor * rng.randrange(10**rng.randrange(1, 30))).replace("E", "e"), str(divisor).replace("E", "e")
    return text, str(divisor).replace("E", "e")


def canonical(d):
    if not d:
        return "0"
    sign, digits, exponent = d.as_tuple()
    body = "".join(map(str, digits)).lstrip("0")
    exponent += len(body)
    return ("-" if sign else "") + body.rstrip("0") + f"e{exponent}"


def shortest(d):
    """Python's repr is the nearest of the shortest texts that read back."""
    return "-" if abs(d) == float("inf") else Decimal(repr(d))


def expected(a, b):
    x, y = Decimal(a), Decimal(b)
    f = float(a)
    is_integer = not x or x.adjusted() >= 1500 or x == x.to_integral_value()
    whole = int(x) if is_integer and x.adjusted() < 30 else None if x else 0
    digits = len(canonical(y).lstrip("-").split("e")[0])
    return [
        str((x > y) - (x < y)),
        str(int(is_integer)),
        str(int(x == 0)),
        str(whole) if whole is not None and -(2**63) <= whole < 2**63 else "-",
        str(whole) if whole is not None and 0 <= whole < 2**64 else "-",
        f,
        str(int(abs(f) != float("inf") and Decimal(repr(f)) == x)),
        shortest(f),
        canonical(x),
        "?" if y <= 0 or digits > DIVISOR_DIGITS else str(int(((Fraction(x) if x else Fraction(0)) / Fraction(y)).denominator == 1)),
    ]


def got(line):
    words = line.split(" ")
    words[5] = float.fromhex(words[5])
    if words[7] != "-":
        assert GRAMMAR.fullmatch(words[7]), words
        if len(canonical(Decimal(words[7]))) != len(canonical(Decimal(repr(words[5])))):
            words[7] = "longer than need be: " + words[7]
        else:
            words[7] = Decimal(words[7])
    return words


def damaged(rng, text):
    at = rng.randrange(len(text) + 1)
    return rng.choice((text, text[:at] + rng.choice("0.eE+- x1") + text[at:], text[:at], text[at:]))


def run(driver, lines):
    out = subprocess.run([driver], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True).stdout
    return out.splitlines()


def main():
    driver, rng, count = sys.argv[1], random.Random(int(sys.argv[2])), int(sys.argv[3])
    pairs = [(a, b) for a in EDGES for b in rng.sample(EDGES, 20)]
    while len(pairs) < count:
        a = random_number(rng)
        b = (random_number, lambda r: written_otherwise(r, a))[rng.randrange(2)](rng)
        pairs.append(rng.choice(((a, b), multiple_for(rng, a))))
    bad = 0
    for (a, b), line in zip(pairs, run(driver, [f"{a} {b}" for a, b in pairs]), strict=True):
        want, have = expected(a, b), got(line)
        if want != have:
            print(f"# {a} {b}\n#   decimal {want}\n#   number  {have}")
            bad += 1
        if bad == 5:
            return 1
    texts = [damaged(rng, random_number(rng)) for _ in range(count // 4)]
    for text, line in zip(texts, run(driver, ["? " + t for t in texts]), strict=True):
        if line != str(int(bool(GRAMMAR.fullmatch(text)))):
            print(f"# {text!r} is said to be {line}")
            return 1
    return 1 if bad else 0


sys.exit(main())
