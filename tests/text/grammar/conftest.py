"""Readers of sentences."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dgl_rsis.text.grammar.reader import Reader
from dgl_rsis.text.grammar.rules import RULES
from dgl_rsis.text.lexicon_file import default_lexicon
from dgl_rsis.text.tokens import tokenise


@pytest.fixture
def reader_of() -> Callable[[str], Reader]:
    """A reader of the words of a sentence."""
    lexicon = default_lexicon()
    return lambda sentence: Reader(tokenise(sentence, lexicon), lexicon, RULES)
