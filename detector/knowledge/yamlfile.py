"""Reads one YAML file strictly: line numbers for every field, and none of YAML's surprises.

Only plain values are accepted: texts, numbers, lists and mappings with texts as keys. Refused, with the line
and what to write instead: keys that occur twice (YAML keeps the last one silently), words that YAML 1.1 takes
for yes or no (``no:`` is Norwegian here), anchors, aliases, tags and several documents in one file.
"""

from __future__ import annotations

from typing import Any

import yaml

from detector.errors import SignatureError

try:
    from yaml import CSafeLoader as _Loader
except ImportError:  # a PyYAML without libyaml reads the same, only slower
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]

MAX_BYTES = 256 * 1024
MAX_DEPTH = 8

Path = tuple[str | int, ...]
Lines = dict[Path, int]

_TAG = "tag:yaml.org,2002:"


def read_yaml(data: bytes, name: str) -> tuple[dict[str, Any], Lines]:
    """Return the mapping in a YAML file and the line of each of its fields.

    Args:
        data: the bytes of the file.
        name: its path, for messages.

    Returns:
        The values, and for each path of keys and indices its line, counted from 1; ``()`` is the file.

    Raises:
        SignatureError: if it is no YAML, or YAML that is refused; the message starts with ``name:line:``.
    """
    if len(data) > MAX_BYTES:
        raise SignatureError(f"{name}:1: the file has {len(data)} bytes; a signature has at most {MAX_BYTES}")
    try:
        text = data.decode("utf-8-sig")
        node = yaml.compose(text, Loader=_Loader)
    except UnicodeDecodeError as error:
        raise SignatureError(f"{name}:1: the file is not UTF-8: {error.reason} at byte {error.start}") from error
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        line = mark.line + 1 if mark is not None else 1
        raise SignatureError(
            f"{name}:{line}: this is no YAML that can be read: {problem}. "
            "A text with ': ', ' #', or one of [ ] {{ }} & * ! | > % @ ` \" ' at its start goes in quotes."
        ) from error
    if not isinstance(node, yaml.MappingNode):
        raise SignatureError(f"{name}:1: the file holds no fields; a signature starts with 'id: …'")
    lines: Lines = {}
    value = _Reader(name, lines).value(node, ())
    assert isinstance(value, dict)
    return value, lines


class _Reader:
    def __init__(self, name: str, lines: Lines) -> None:
        self.name = name
        self.lines = lines
        self.seen: set[int] = set()

    def value(self, node: yaml.Node, path: Path) -> Any:
        line = node.start_mark.line + 1
        self.lines[path] = line
        if len(path) > MAX_DEPTH:
            raise self.error(line, path, "is nested too deeply")
        if id(node) in self.seen:
            raise self.error(line, path, "is a YAML alias (*); write the value out")
        self.seen.add(id(node))
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(node, path, line)
        if isinstance(node, yaml.SequenceNode):
            if node.tag != _TAG + "seq":
                raise self.error(line, path, f"has the tag {node.tag}; tags are not allowed")
            return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        if node.tag != _TAG + "map":
            raise self.error(line, path, f"has the tag {node.tag}; tags are not allowed")
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key_line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise self.error(key_line, path, "has a key that is no text")
            key = key_node.value
            if key_node.tag != _TAG + "str":
                short = key_node.tag.removeprefix(_TAG)
                raise self.error(
                    key_line, (*path, key), f"is read by YAML as {short}, not as text; write '{key}' in quotes"
                )
            if key in result:
                raise self.error(key_line, (*path, key), "occurs twice; the first one would be lost")
            result[key] = self.value(value_node, (*path, key))
            self.lines[(*path, key)] = key_line
        return result

    def scalar(self, node: yaml.ScalarNode, path: Path, line: int) -> Any:
        kind = node.tag.removeprefix(_TAG)
        text = str(node.value)
        if kind == "str":
            return text
        if kind in ("int", "float"):
            try:
                return int(text) if kind == "int" else float(text)
            except ValueError:
                raise self.error(
                    line, path, f"is read by YAML as a number ({text}); write '{text}' in quotes"
                ) from None
        if kind == "null":
            raise self.error(line, path, "is empty; leave the field out, or write the text in quotes")
        if kind in ("bool", "timestamp"):
            raise self.error(line, path, f"is read by YAML as {kind}, not as text; write '{text}' in quotes")
        raise self.error(line, path, f"has the tag {node.tag}; tags are not allowed")

    def error(self, line: int, path: Path, what: str) -> SignatureError:
        return SignatureError(f"{self.name}:{line}: field '{field_name(path)}' {what}")


def field_name(path: Path) -> str:
    """Return a path of keys and indices as text: ``tests.match[2]``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else (f".{part}" if text else part)
    return text or "(the file)"
