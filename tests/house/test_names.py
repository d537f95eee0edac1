"""Names say a job, in our words (style anchors 3.1 and 3.6)."""

from __future__ import annotations

from tests.house import shape
from tests.house.source_tree import listed, python_files


def test_nothing_is_named_like_a_drawer() -> None:
    """No module, folder or class is called after no job at all: utils, helpers, common, misc, manager."""
    found = [violation for file in python_files() for violation in shape.drawer_violations(file)]
    assert not found, listed(
        found, "name it after the noun its functions belong to, or move them to that noun's module"
    )


def test_names_use_our_words() -> None:
    """Modules, classes and functions say firmware, job and module, never another product's word for them."""
    found = [violation for file in python_files("src") for violation in shape.foreign_word_violations(file)]
    assert not found, listed(found, "use the word of docs/glossary.md")
