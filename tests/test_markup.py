from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dgl_rsis.markup import Markup, element, join

# a NUL is no character of HTML, and a carriage return is read as a line feed
TEXTS = st.text(st.characters(blacklist_categories=("Cs", "Cc")))


def test_text_is_escaped_and_markup_is_not():
    inner = element("b", '<i> & "it"')
    assert inner == "<b>&lt;i&gt; &amp; &quot;it&quot;</b>"
    assert element("p", inner, "<") == f"<p>{inner}&lt;</p>"
    assert join("<", Markup("<")) == "&lt;<"


def test_attributes():
    assert element("img", src='"', aria_hidden="true", width=4) == (
        '<img src="&quot;" aria-hidden="true" width="4">'
    )
    assert element("details", class_="a", open=True) == '<details class="a" open></details>'
    assert element("details", open=False) == "<details></details>"


class Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.text, self.found = "", []

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, attributes))

    def handle_data(self, data):
        self.text += data


@given(text=TEXTS, value=TEXTS)
def test_whatever_the_text_is_it_comes_back(text, value):
    reader = Reader()
    reader.feed(element("p", text, title=value))
    reader.close()
    assert (reader.text, reader.found) == (text, [("p", [("title", value)])])


@pytest.mark.parametrize("text", ["", "plain"])
def test_plain_text_stays(text):
    assert join(text) == text
