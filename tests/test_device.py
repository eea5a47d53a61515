import subprocess
import sys

import pytest
import torch

from dgl_rsis.device import check_precision_name, choose_device, choose_precision
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


@pytest.mark.parametrize("device", ["cpu", "cuda", "mps"])
def test_auto_precision_is_the_same_everywhere(device: str) -> None:
    assert choose_precision("auto", device)[0] == "float32"
    assert choose_precision("float32", device) == ("float32", "asked for")


@pytest.mark.parametrize(
    ("flags", "precision", "there"),
    [
        ({"avx2": True, "avx512_bf16": True}, "bfloat16", True),
        ({"amx_bf16": True}, "bfloat16", True),
        ({"bf16": True}, "bfloat16", True),
        ({"avx512_bf16": True}, "float16", False),
        ({"avx512_fp16": True, "avx512_bf16": False}, "float16", True),
        ({"avx512_fp16": True, "avx512_bf16": False}, "bfloat16", False),
        ({"cpu_name": "bf16", "avx2": True}, "bfloat16", False),
        ({}, "bfloat16", False),
    ],
)
def test_half_precision_needs_instructions_of_the_cpu(
    monkeypatch: pytest.MonkeyPatch, flags: dict[str, object], precision: str, there: bool
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: flags)
    if there:
        assert choose_precision(precision, "cpu") == (precision, "asked for")
    else:
        with pytest.raises(InputError, match=f"precision {precision} is not for this device: cpu"):
            choose_precision(precision, "cpu")


def test_old_cards_have_no_bfloat16(monkeypatch: pytest.MonkeyPatch) -> None:
    capability = {"cuda:0": (7, 5), "cuda:1": (8, 0)}
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability[device])
    assert choose_precision("float16", "cuda:0")[0] == "float16"
    assert choose_precision("bfloat16", "cuda:1")[0] == "bfloat16"
    with pytest.raises(InputError, match="cuda:0 has no instructions"):
        choose_precision("bfloat16", "cuda:0")


def test_unknown_precisions_list_what_is_possible() -> None:
    with pytest.raises(InputError, match="use auto, float32, bfloat16, float16"):
        check_precision_name("half")


def test_importing_changes_no_state_of_torch() -> None:
    code = (
        "import torch\n"
        "def state():\n"
        "    return (torch.get_num_threads(), torch.get_default_dtype(), torch.get_default_device(),"
        " torch.backends.cudnn.allow_tf32, torch.get_float32_matmul_precision(),"
        " torch.backends.cudnn.benchmark, torch.is_grad_enabled(), torch.initial_seed())\n"
        "before = state()\n"
        "import dgl_rsis.device, dgl_rsis.models.tiny, dgl_rsis.models.precision\n"
        "print(before == state())"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "True"
