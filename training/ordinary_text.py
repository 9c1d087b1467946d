"""Ordinary text of this machine in many languages: descriptions of packages, manual pages, messages of programs."""

from __future__ import annotations

import gettext
import gzip
import random
import re
import subprocess
from collections import defaultdict
from pathlib import Path

GAMES = re.compile(r"warzone|minetest|openarena|supertux|tuxracer|flightgear|gcompris|game", re.IGNORECASE)


def free_text() -> dict[str, list[list[str]]]:
    """Return ordinary text by language: lists of the words of one message, description or paragraph."""
    texts: dict[str, set[str]] = defaultdict(set)
    packages = subprocess.run(["apt-cache", "dumpavail"], capture_output=True, text=True, check=False).stdout
    for block in packages.split("\n\n"):
        if re.search(r"^Section: .*games", block, re.MULTILINE):
            continue
        found = re.search(r"^Description(?:-en)?: (.+)$", block, re.MULTILINE)
        if found and not GAMES.search(found[1]):
            texts["en"].add(found[1])
    for path in Path("/usr/share/locale").glob("*/LC_MESSAGES/*.mo"):
        if GAMES.search(path.name):
            continue
        try:
            catalog = gettext.GNUTranslations(path.open("rb"))._catalog  # type: ignore[attr-defined]
        except (OSError, ValueError, IndexError):
            continue
        language = path.parts[4].split("_")[0].split("@")[0]
        for key, value in catalog.items():
            for name, text in ((language, value), ("en", key if isinstance(key, str) else "")):
                if isinstance(text, str) and 8 < len(text) < 400:
                    texts[name].add(re.sub(r"%[-\d.]*[a-z]+|[<>_\\{}]", " ", text))
    for path in Path("/usr/share/man").glob("*/man?/*.gz"):
        language = path.parts[4].split("_")[0].split(".")[0]
        raw = gzip.decompress(path.read_bytes()).decode("utf-8", "replace")
        for row in raw.splitlines():
            if not row.startswith((".", "'")) and len(row) > 12:
                texts[language].add(re.sub(r"\\f.|\\[-&(].{0,2}|\\", " ", row))
    result = {}
    for language, rows in sorted(texts.items()):
        kept = [words for words in (row.split() for row in sorted(rows)) if len(words) > 1 or not row_ascii(words)]
        if sum(map(len, kept)) > 2000:
            result[language] = kept
    return result


def prose(folder: Path) -> list[list[str]]:
    """Return the words of the paragraphs of all plain texts in a folder; games left out."""
    rows: set[str] = set()
    for path in sorted(folder.rglob("*")):
        if (
            not path.is_file()
            or path.suffix not in (".txt", ".md", ".rst", ".html")
            or GAMES.search(str(path))
            or path.stat().st_size > 400_000
        ):
            continue
        text = path.read_text("utf-8", "replace")
        if path.suffix == ".html":
            text = re.sub(r"<(?:script|style).*?</(?:script|style)>|<[^>]{0,400}>", " ", text, flags=re.DOTALL)
        for paragraph in re.split(r"\n\s*\n", text):
            plain = " ".join(paragraph.split())
            if len(plain) > 40 and sum(map(str.isalpha, plain)) > 0.7 * len(plain):
                rows.add(plain)
    return [row.split() for row in sorted(rows)]


def row_ascii(words: list[str]) -> bool:
    return "".join(words).isascii()


def snippet(rows: list[list[str]], letters: int, rng: random.Random) -> str:
    """Return a run of words with about as many letters."""
    words = rng.choice(rows)
    begin = rng.randrange(len(words))
    text = ""
    for word in words[begin:]:
        text = f"{text} {word}".strip()
        if len(text) >= letters:
            break
    if len(text) > 1.4 * letters + 4:  # scripts without blanks
        begin = rng.randrange(max(len(text) - letters, 1))
        text = text[begin : begin + letters]
    return text
