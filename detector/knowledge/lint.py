"""Care of the signatures: small checks, each with a name and a recommendation.

The fast checks look at one signature by itself. The thorough ones run every signature over ordinary text that
must stay silent (``clean-text.txt``) and over what all other signatures print.
"""

from __future__ import annotations

import contextlib
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import regex

from detector.knowledge.folding import fold, main_script, script_of
from detector.knowledge.matching import Matcher
from detector.knowledge.patterns import compile_pattern
from detector.knowledge.selftest import picture_of, run_tests
from detector.knowledge.store import Loaded, load_folder
from detector.knowledge.yamlfile import Lines
from detector.types import PATH_KINDS, Signature

Level = Literal["error", "warning", "note"]
Found = Iterator[tuple[str, str]]
_SCRIPT_OF_LANGUAGE = {
    "ru": "Cyrl", "uk": "Cyrl", "bg": "Cyrl", "be": "Cyrl", "mk": "Cyrl", "el": "Grek", "ar": "Arab", "fa": "Arab",
    "ur": "Arab", "he": "Hebr", "hi": "Deva", "zh": "Hani", "ja": "Hani", "ko": "Hang", "th": "Thai",
}  # fmt: skip
_SLOW_S = 0.05
_STRONG_BITS = 5.0
WEAK_BITS = 2.0  # what speaks with so little may find ordinary text: it is a hint beside others


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What a check found.

    Attributes:
        check: name of the check.
        level: ``error``: must not be released; ``warning``: look at it; ``note``: good to know.
        signature: id, or empty where the file could not be read.
        file: path of the file; empty if unknown.
        line: line in it, from 1.
        message: what is wrong.
        recommendation: what to do about it.
    """

    check: str
    level: Level
    signature: str
    file: str
    line: int
    message: str
    recommendation: str


@dataclass(frozen=True, slots=True)
class Check:
    """One check: a name, how bad it is, what to do, and a function that yields (field, message)."""

    name: str
    level: Level
    recommendation: str
    run: Callable[[Signature], Found]


def _short_fragment(signature: Signature) -> Found:
    if signature.match == "fragment":
        for language, texts in signature.phrases.items():
            for number, text in enumerate(texts):
                letters = fold(text).letters
                if len(letters) < (3 if main_script(letters) in ("Hani", "Hang") else 6):
                    yield f"phrases.{language}[{number}]", f"'{text}' is so short that no part of it says anything"


def _strong_short(signature: Signature) -> Found:
    most = max((bits for source, bits in signature.speaks_for.items() if source != "camera"), default=0.0)
    for language, texts in signature.phrases.items():
        for number, text in enumerate(texts):
            letters = fold(text).letters
            if most > _STRONG_BITS and len(letters) < 4 and main_script(letters) not in ("Hani", "Hang"):
                yield (
                    f"phrases.{language}[{number}]",
                    f"'{text}' has {len(letters)} letters and speaks with {most:g} bits",
                )


def _sensor_accuses(signature: Signature) -> Found:
    if signature.kind in ("sensor", "device"):
        for source, bits in signature.speaks_for.items():
            if source != "camera" and bits > 0:
                yield f"speaks_for.{source}", f"a {signature.kind} is genuine and cannot speak for '{source}'"


def _path_accuses(signature: Signature) -> Found:
    if signature.kind in PATH_KINDS:
        for source, bits in signature.speaks_for.items():
            if source != "camera" and bits > _STRONG_BITS:
                yield f"speaks_for.{source}", f"a mark of kind '{signature.kind}' tells the path, yet has {bits:g} bits"


def _no_falsepositives(signature: Signature) -> Found:
    if signature.speaks_for and not signature.falsepositives:
        yield "falsepositives", "it speaks for a source, but no genuine thing that says the same is named"


def _few_tests(signature: Signature) -> Found:
    for name, cases in (("match", signature.tests_match), ("no_match", signature.tests_no_match)):
        if len(cases) < 2:
            yield f"tests.{name}", f"there is only {len(cases)} text in tests.{name}"


def _twice(signature: Signature) -> Found:
    seen: dict[str, str] = {}
    for language, texts in signature.phrases.items():
        for number, text in enumerate(texts):
            letters = fold(text).letters
            if letters in seen and seen[letters] == language:
                yield f"phrases.{language}[{number}]", f"'{text}' has the same letters as another phrase"
            seen[letters] = language


def _other_script(signature: Signature) -> Found:
    for language, texts in signature.phrases.items():
        expected = _SCRIPT_OF_LANGUAGE.get(language.partition("-")[0])
        if expected is None:
            continue
        letters = "".join(fold(text).letters for text in texts)
        if not any(script_of(letter) == expected for letter in letters):
            yield f"phrases.{language}", f"no phrase has letters of the script that '{language}' is written in"


def _mixed_word(signature: Signature) -> Found:
    for language, texts in signature.phrases.items():
        for number, text in enumerate(texts):
            for word in text.split():
                scripts = {script_of(letter) for letter in word if letter.isalpha()} & {"Latn", "Cyrl", "Grek"}
                if len(scripts) > 1:
                    yield f"phrases.{language}[{number}]", f"'{word}' mixes letters of {' and '.join(sorted(scripts))}"


def _seconds(compiled: regex.Pattern[str], line: str) -> float:
    """Return the processor time of one search, given up after a second."""
    start = time.thread_time()
    with contextlib.suppress(TimeoutError):
        compiled.search(line, timeout=1.0)
    return time.thread_time() - start


def _slow_pattern(signature: Signature) -> Found:
    for number, pattern in enumerate(signature.patterns):
        compiled = compile_pattern(pattern)
        for bait in ("a" * 400, "1" * 400, "a1 " * 130, " " * 400, "1.1:1/" * 66, "[a] " * 100):
            # On a busy machine even processor time swells: only a pattern that is slow three times is slow.
            if all(_seconds(compiled, bait) > _SLOW_S for _ in range(3)):
                yield (
                    f"patterns[{number}]",
                    f"the pattern needs more than {_SLOW_S * 1000:.0f} ms for a line of 400 characters",
                )
                break


def _reference_form(signature: Signature) -> Found:
    for number, reference in enumerate(signature.references):
        if "://" not in reference:
            yield f"references[{number}]", f"'{reference[:60]}' is no address that one can open"


CHECKS: tuple[Check, ...] = (
    Check("short-fragment", "warning", "write 'match: words', or a longer phrase", _short_fragment),
    Check("strong-short", "warning", "give it fewer bits, or print more of what stands around it", _strong_short),
    Check("sensor-accuses", "error", "leave 'speaks_for' out, or choose another kind", _sensor_accuses),
    Check("path-accuses", "warning", "give it 5 bits or fewer, or choose another kind", _path_accuses),
    Check(
        "no-falsepositives", "warning", "name a genuine thing that could print this, however rare", _no_falsepositives,
    ),
    Check(
        "few-tests", "warning", "add a text that it must find, or one that looks alike and means nothing", _few_tests,
    ),
    Check(
        "phrase-twice", "warning", "leave one of them out: case, accents and punctuation make no difference", _twice,
    ),
    Check("other-script", "warning", "correct the language code or the phrase", _other_script),
    Check(
        "mixed-word",
        "warning", "type the word again in one alphabet: look-alikes are folded by themselves", _mixed_word,
    ),
    Check(
        "slow-pattern",
        "error", "leave out nested repetitions such as (a+)+, and give counts such as {1,6}", _slow_pattern,
    ),
    Check("reference-form", "note", "give an address that starts with https://", _reference_form),
)  # fmt: skip


def lint(
    signatures: Mapping[str, Signature],
    *,
    thorough: bool = False,
    files: Mapping[str, Path] | None = None,
    lines: Mapping[str, Lines] | None = None,
) -> list[Problem]:
    """Return what the checks find in signatures, in the order of their ids.

    Args:
        signatures: by id.
        thorough: also run them all over the clean text and over each other's phrases.
        files: where each one stands, for the problems' ``file``.
        lines: the line of each field, for the problems' ``line``.
    """
    problems: list[Problem] = []

    def add(check: str, level: Level, name: str, field: str, message: str, recommendation: str) -> None:
        where = (lines or {}).get(name, {})
        path = _path(field)
        line = next((where[path[:end]] for end in range(len(path), 0, -1) if path[:end] in where), 1)
        file = str((files or {}).get(name, ""))
        problems.append(
            Problem(
                check=check, level=level, signature=name, file=file, line=line, message=message,
                recommendation=recommendation,
            )
        )  # fmt: skip

    for name in sorted(signatures):
        for check in CHECKS:
            for field, message in check.run(signatures[name]):
                add(check.name, check.level, name, field, message, check.recommendation)
        for failure in run_tests(signatures[name]):
            add(
                "failing-test", "error", name, failure.field, f"'{failure.text}' {failure.message}",
                "correct the test, or make the phrase longer, or choose another 'match'",
            )  # fmt: skip
    if thorough:
        matcher = Matcher(
            {name: signature for name, signature in signatures.items() if signature.status != "deprecated"}
        )
        for number, text, name, detail in clean_text_hits(matcher):
            add(
                "clean-text", "error", name, "phrases", f"finds line {number} of the clean text: '{text}' ({detail})",
                "ordinary text says this too: make the phrase longer, choose 'match: words' or 'line', or add the "
                "line to tests.no_match",
            )  # fmt: skip
        for name, other, text, detail in _foreign_hits(matcher, signatures):
            add(
                "finds-other", "warning", name, "phrases", f"finds '{text}' of '{other}' ({detail})",
                "add the text to tests.no_match, or give both the same 'group' so that they count once",
            )  # fmt: skip
    return problems


def lint_folder(folder: Path, *, thorough: bool = False) -> list[Problem]:
    """Return what is wrong in a folder of signatures: files that cannot be used, then what ``lint`` finds.

    Raises:
        SignatureError: if there is no such folder.
    """
    loaded, faults = load_folder(folder)
    return [*_faults(faults), *lint_loaded(loaded, thorough=thorough)]


def lint_loaded(loaded: Loaded, *, thorough: bool = False) -> list[Problem]:
    """Return what ``lint`` finds in signatures that were loaded from a folder."""
    return lint(loaded.signatures, thorough=thorough, files=loaded.files, lines=loaded.lines)


def _faults(faults: list[str]) -> Iterator[Problem]:
    for fault in faults:
        file, _, rest = fault.partition(".yaml:")
        line, _, message = rest.partition(": ")
        yield Problem(
            check="invalid-file", level="error", signature="", file=f"{file}.yaml",
            line=int(line) if line.isdigit() else 1, message=message or fault,
            recommendation="see docs/signatures.md for what each field may hold",
        )  # fmt: skip


@lru_cache(maxsize=1)
def clean_text() -> tuple[tuple[int, str], ...]:
    """Return the lines of ordinary text that must stay silent, with their numbers in ``clean-text.txt``."""
    rows = (Path(__file__).parent / "clean-text.txt").read_text("utf-8").splitlines()
    return tuple((number, row) for number, row in enumerate(rows, 1) if row.strip() and not row.startswith("#"))


def clean_text_hits(matcher: Matcher) -> Iterator[tuple[int, str, str, str]]:
    """Yield (line number, text, signature id, detail) for each clean line that says more than a hint."""
    for number, text in clean_text():
        for found in matcher.find(picture_of([text])):
            if any(bits > WEAK_BITS for source, bits in found.signature.speaks_for.items() if source != "camera"):
                yield (
                    number,
                    text,
                    found.signature.id,
                    f"{found.bits:.1f} bits, '{found.quote}' looks like '{found.text}'",
                )


def _foreign_hits(matcher: Matcher, signatures: Mapping[str, Signature]) -> Iterator[tuple[str, str, str, str]]:
    """Yield (id, id of the other, text, detail) where a signature is found in what another one prints.

    Only what could accuse wrongly: the finder speaks for a source that the printer does not speak for, or
    names another game.
    """
    seen: dict[tuple[str, str], bool] = defaultdict(bool)
    for name in sorted(signatures):
        printer = signatures[name]
        for text in printer.tests_match:
            for found in matcher.find(picture_of(text.split("\n"), printer.where)):
                finder = found.signature
                if finder.id == name or seen[finder.id, name] or finder.group == printer.group:
                    continue
                accuses = {source for source, bits in finder.speaks_for.items() if source != "camera" and bits > 0}
                if accuses - set(printer.speaks_for) or _other_game(finder, printer):
                    seen[finder.id, name] = True
                    yield finder.id, name, text.replace("\n", " / "), f"{found.bits:.1f} bits"


def _other_game(one: Signature, other: Signature) -> bool:
    """Return whether both name a game, and their names have no word in common ("Arma 3" and "Arma or DayZ" do)."""
    names = [
        {word.casefold() for word in signature.attributes.get("game", "").split() if len(word) > 3}
        for signature in (one, other)
    ]
    return all(names) and not names[0] & names[1]


def _path(field: str) -> tuple[str | int, ...]:
    parts: list[str | int] = []
    for part in field.split("."):
        name, _, index = part.partition("[")
        parts.append(name)
        if index:
            parts.append(int(index.rstrip("]")))
    return tuple(parts)
