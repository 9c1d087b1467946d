"""Count the signatures by kind, language and game, and write the counts into docs/signatures.md.

PYTHONPATH=. python -m benchmarks.matching_counts           # print
PYTHONPATH=. python -m benchmarks.matching_counts --write   # and write them into the page
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from detector.knowledge.base import load_signatures
from detector.resources import SIGNATURES

PAGE = Path(__file__).parent.parent / "docs/signatures.md"
BEGIN, END = "<!-- counts: python -m benchmarks.matching_counts --write -->", "<!-- end of counts -->"


def counts() -> str:
    """Return the counts as Markdown."""
    signatures = load_signatures(SIGNATURES).values()
    kinds = Counter(signature.kind for signature in signatures)
    status = Counter(signature.status for signature in signatures)
    languages = Counter(
        language for signature in signatures for language in {name.split("-")[0] for name in signature.phrases}
    )
    games = Counter(
        signature.attributes["game"] for signature in signatures if "game" in signature.attributes
    )  # one attribute may name several games of a series
    phrases = sum(len(texts) for signature in signatures for texts in signature.phrases.values())
    patterns = sum(len(signature.patterns) for signature in signatures)
    tests = sum(len(signature.tests_match) + len(signature.tests_no_match) for signature in signatures)
    rows = [
        f"{len(signatures)} signatures with {phrases} phrases, {patterns} patterns and {tests} tests of their own;",
        f"{status['stable']} stable, {status['test']} in test, {status['experimental']} experimental (no reference "
        "that somebody checked yet).",
        "",
        "| kind | signatures |",
        "|---|---|",
        *(f"| {kind} | {count} |" for kind, count in sorted(kinds.items(), key=lambda item: (-item[1], item[0]))),
        "",
        f"{len(languages)} languages: "
        + ", ".join(
            f"{name} {count}" for name, count in sorted(languages.items(), key=lambda item: (-item[1], item[0]))
        )
        + ".",
        "",
        f"{len(games)} games or series are named: " + "; ".join(sorted(games)) + ".",
    ]
    return "\n".join(rows)


def main() -> None:
    text = counts()
    print(text)
    if "--write" in sys.argv[1:]:
        page = PAGE.read_text("utf-8")
        before, _, rest = page.partition(BEGIN)
        _, _, after = rest.partition(END)
        PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", "utf-8")


if __name__ == "__main__":
    main()
