import subprocess
import sys

import pytest
import torch

from dgl_rsis.device import choose_device
from dgl_rsis.errors import InputError


@pytest.fixture
def no_accelerator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


@pytest.fixture
def two_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda number: f"card {number}")


@pytest.mark.usefixtures("no_accelerator")
def test_auto_without_accelerator_is_the_cpu_and_says_why() -> None:
    assert choose_device("auto") == ("cpu", "auto: found no accelerator")


@pytest.mark.usefixtures("two_cards")
def test_auto_takes_the_card() -> None:
    assert choose_device() == ("cuda", "auto: found card 0")


@pytest.mark.usefixtures("no_accelerator")
def test_auto_takes_metal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert choose_device("auto")[0] == "mps"
    assert choose_device("mps")[0] == "mps"


@pytest.mark.usefixtures("two_cards")
def test_cards_are_counted() -> None:
    assert choose_device("cuda:1") == ("cuda:1", "asked for: card 1")
    assert choose_device("cpu") == ("cpu", "asked for")
    with pytest.raises(InputError, match=r"cuda:2 is not there: .* sees 2 CUDA devices"):
        choose_device("cuda:2")


@pytest.mark.usefixtures("no_accelerator")
@pytest.mark.parametrize("name", ["cuda", "cuda:0", "mps"])
def test_what_is_not_there_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=f"device {name} is not there"):
        choose_device(name)


@pytest.mark.parametrize("name", ["", "gpu", "CUDA", "cuda:", "cuda:-1", "cpu:0", "tpu"])
def test_unknown_names_list_what_is_possible(name: str) -> None:
    with pytest.raises(InputError, match="use auto, cpu, cuda, cuda:N or mps"):
        choose_device(name)


def test_unknown_names_are_told_before_torch_is_loaded() -> None:
    code = (
        "import sys\n"
        "from dgl_rsis.device import check_device_name, choose_device\n"
        "from dgl_rsis.errors import InputError\n"
        "check_device_name('cuda:1')\n"
        "try:\n    choose_device('gpu')\n"
        "except InputError as error:\n    print(error)\n"
        "print('torch' in sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    error, loaded = result.stdout.splitlines()
    assert error == "unknown device 'gpu': use auto, cpu, cuda, cuda:N or mps"
    assert loaded == "False"
