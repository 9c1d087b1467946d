"""What a signature file may say: the fields, their form, and an error that names file, line and field.

The same model gives the JSON Schema that editors use (``signature.schema.json`` beside this file).
"""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Annotated, Any, Literal

import regex
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from detector.errors import SignatureError
from detector.knowledge.patterns import compile_pattern
from detector.knowledge.yamlfile import Lines, field_name, read_yaml
from detector.types import Signature

SCHEMA_FILE = Path(__file__).parent / "signature.schema.json"

MatchMode = Literal["fragment", "words", "line"]
Status = Literal["experimental", "test", "stable", "deprecated"]
KindName = Literal[
    "disclaimer", "hud", "content", "recorder", "editor", "stock", "generator", "platform", "broadcaster",
    "sensor", "device",
]  # fmt: skip
ZoneName = Literal["top-left", "top", "top-right", "left", "center", "right", "bottom-left", "bottom", "bottom-right"]
SourceName = Literal["camera", "game", "generated"]


def _has_letters(text: str) -> str:
    letters = sum(character.isalnum() for character in unicodedata.normalize("NFKC", text))
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    if letters < 2 and not wide:
        raise ValueError("a phrase needs at least two letters or digits")
    return text


def _compiles(pattern: str) -> str:
    try:
        compiled = compile_pattern(pattern)
    except regex.error as error:
        raise ValueError(f"this regular expression is invalid: {error}") from error
    if compiled.search("", timeout=1.0):
        raise ValueError("this pattern matches a line without any text")
    if "\\A" in pattern or "\\Z" in pattern:
        raise ValueError("a pattern sees one line: write ^ and $ in place of \\A and \\Z")
    return pattern


Text = Annotated[str, Field(min_length=1, max_length=400, pattern=r"\S")]
Phrase = Annotated[str, Field(min_length=1, max_length=400), AfterValidator(_has_letters)]
Pattern = Annotated[str, Field(min_length=2, max_length=600), AfterValidator(_compiles)]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$")]
Bits = Annotated[float, Field(ge=-20, le=20)]
TestCase = Text | Annotated[list[Text], Field(min_length=1, max_length=12)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Tests(_Model):
    """Texts that the signature must and must not find: one line, or a list of lines one under the other."""

    match: list[TestCase] = Field(min_length=1, description="Texts as an OCR engine would read them.")
    no_match: list[TestCase] = Field(min_length=1, description="Ordinary texts that look alike.")


class SignatureFile(_Model):
    """One thing that somebody prints on pictures, and what it means to find it."""

    id: str = Field(
        pattern=r"^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$",
        max_length=100,
        description="The file's path under the folder of signatures, with dots, without '.yaml'.",
    )
    title: str = Field(min_length=3, max_length=140, description="What it is, in a few words.")
    status: Status = Field(description="experimental: no checked reference yet.")
    kind: KindName
    speaks_for: dict[SourceName, Bits] = Field(
        default_factory=dict,
        description="Bits (log2 of a likelihood ratio against a camera) when it is read whole. "
        "Leave it out for a mark that only tells the path that a picture took.",
    )
    phrases: dict[Language, Annotated[list[Phrase], Field(min_length=1)]] = Field(
        default_factory=dict, description="Texts by BCP 47 language code."
    )
    patterns: list[Pattern] = Field(
        default_factory=list,
        description="Regular expressions over one line (NFKC, single blanks, any case), for texts with structure.",
    )
    match: MatchMode = Field(
        default="fragment",
        description="fragment: any surviving part counts; words: the whole phrase between word boundaries; "
        "line: the phrase is all that the line says.",
    )
    where: list[ZoneName] = Field(default_factory=list, description="Where it usually stands.")
    group: str = Field(
        default="", pattern=r"^([a-z0-9]+(-[a-z0-9]+)*)?$", description="Evidence of one group is capped together."
    )
    attributes: dict[Text, Text] = Field(default_factory=dict, description="Facts to show, such as game or maker.")
    falsepositives: list[Text] = Field(default_factory=list, description="Genuine things that say the same.")
    references: list[Text] = Field(default_factory=list, description="Where this can be checked.")
    tests: Tests

    @model_validator(mode="after")
    def _consistent(self) -> SignatureFile:
        if not self.phrases and not self.patterns:
            raise ValueError("either 'phrases' or 'patterns' is needed, or both")
        for name in ("where", "patterns", "references"):
            values = getattr(self, name)
            if len(set(values)) != len(values):
                raise ValueError(f"'{name}' names something twice")
        if self.status in ("test", "stable") and not self.references:
            raise ValueError(f"status '{self.status}' needs references; without one it is 'experimental'")
        if not all(self.speaks_for.values()):
            raise ValueError("'speaks_for' with 0 bits says nothing; leave it out")
        return self

    def signature(self) -> Signature:
        """Return it as the value that the other rooms use; several test lines are joined by line ends."""

        def cases(values: list[str | list[str]]) -> tuple[str, ...]:
            return tuple(value if isinstance(value, str) else "\n".join(value) for value in values)

        return Signature(
            id=self.id,
            title=self.title,
            kind=self.kind,
            status=self.status,
            speaks_for={str(source): bits for source, bits in self.speaks_for.items()},
            phrases={language: tuple(texts) for language, texts in self.phrases.items()},
            patterns=tuple(self.patterns),
            match=self.match,
            where=tuple(self.where),
            group=self.group or self.kind,
            attributes=dict(self.attributes),
            falsepositives=tuple(self.falsepositives),
            references=tuple(self.references),
            tests_match=cases(self.tests.match),
            tests_no_match=cases(self.tests.no_match),
        )


def parse_signature(data: bytes, *, name: str, expected_id: str) -> tuple[Signature, Lines]:
    """Return the signature in the bytes of a YAML file, and the line of each field.

    Args:
        data: the bytes of the file.
        name: its path, for messages.
        expected_id: the id that its path gives.

    Raises:
        SignatureError: if anything is wrong with it; one line of message for each fault.
    """
    values, lines = read_yaml(data, name)
    try:
        parsed = SignatureFile.model_validate(values)
    except ValidationError as error:
        raise SignatureError("\n".join(_explain(fault, name, lines, values) for fault in error.errors())) from None
    if parsed.id != expected_id:
        raise SignatureError(
            f"{name}:{lines.get(('id',), 1)}: field 'id' is '{parsed.id}', but the file's place says '{expected_id}'"
        )
    return parsed.signature(), lines


def _explain(fault: Any, name: str, lines: Lines, values: dict[str, Any]) -> str:
    # pydantic names the branch of a union in the path ("str", "list[...]"); the path in the file is what
    # leads somewhere in the file.
    path: tuple[str | int, ...] = ()
    here: Any = values
    for part in fault["loc"]:
        if (isinstance(here, dict) and part in here) or (
            isinstance(here, list) and isinstance(part, int) and part < len(here)
        ):
            here = here[part]
        elif fault["type"] == "missing" and isinstance(here, dict) and isinstance(part, str):
            path = (*path, part)
            break
        else:
            continue
        path = (*path, part)
    line = next(lines[path[:end]] for end in range(len(path), -1, -1) if path[:end] in lines)
    message = fault["msg"].removeprefix("Value error, ")
    if fault["type"] == "extra_forbidden":
        known = ", ".join(SignatureFile.model_fields) if len(path) == 1 else "match, no_match"
        message = f"is unknown; known: {known}"
    elif fault["type"] == "missing":
        message = "is missing"
    elif fault["type"] == "string_type" and isinstance(here, int | float):
        message = f"has to be a text; write '{here}' in quotes"
    else:
        message = f"is wrong: {message}"
    return f"{name}:{line}: field '{field_name(path)}' {message}" if path else f"{name}:{line}: the file {message}"


def json_schema() -> str:
    """Return the JSON Schema of a signature file, as it is written to ``signature.schema.json``."""
    schema = SignatureFile.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "A signature of overlay-detector"
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
