"""The files of the page: complete, and nothing in them that its content policy forbids."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

import dgl_rsis

STATIC = Path(dgl_rsis.__file__).parent / "apps" / "server" / "static"
OWN = sorted([STATIC / "index.html", STATIC / "app.css", *STATIC.glob("js/*.js")])
BASEMAP = "https://tile.openstreetmap.org/"


class Elements(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))


@pytest.fixture(scope="module")
def elements():
    parser = Elements()
    parser.feed((STATIC / "index.html").read_text(encoding="utf-8"))
    return parser.found


def test_what_the_page_loads_is_there(elements):
    named = [
        attributes.get("src") or attributes.get("href")
        for tag, attributes in elements
        if tag in ("script", "link", "use")
    ]
    assert named
    for name in named:
        assert name.startswith("static/")
        assert (STATIC / name.removeprefix("static/").split("#")[0]).is_file()


def test_modules_import_what_exports(elements):
    for module in STATIC.glob("js/*.js"):
        text = module.read_text(encoding="utf-8")
        for names, path in re.findall(r'import (.+?) from "(.+?)";', text, re.DOTALL):
            source = (module.parent / path).resolve()
            assert source.is_file(), f"{module.name}: {path}"
            if source.suffix == ".js" and names.startswith("{"):
                exported = re.findall(
                    r"^export (?:async )?(?:const|function|class) (\w+)",
                    source.read_text(encoding="utf-8"),
                    re.MULTILINE,
                )
                wanted = {name.split(" as ")[0].strip() for name in names.strip("{} ").split(",")}
                assert wanted <= set(exported), f"{module.name}: {path}"


def test_nothing_needs_a_laxer_policy(elements):
    for tag, attributes in elements:
        assert not [name for name in attributes if name.startswith("on") or name == "style"], tag
        assert tag != "style"
        assert tag != "script" or attributes.get("src")
    for file in OWN:
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|\beval\(|new Function", text)
        strangers = set(re.findall(r"https?://[^\s\"'{]+", text)) - {BASEMAP}
        assert strangers <= {"http://www.w3.org/2000/svg"}, file.name


def test_labels_and_ids_fit(elements):
    ids = [attributes["id"] for _, attributes in elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in elements:
        for name in ("for", "aria-labelledby", "aria-describedby", "aria-controls"):
            assert set((attributes.get(name) or "").split()) <= set(ids)
    used = {
        name
        for module in STATIC.glob("js/*.js")
        for name in re.findall(r'byId\("([\w-]+)"\)', module.read_text(encoding="utf-8"))
    }
    assert used <= set(ids)
