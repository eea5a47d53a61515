import torch
from pretrain import checkpoints


def test_what_is_saved_comes_back_with_the_average_named_like_the_tower(tmp_path):
    tower = torch.nn.Linear(2, 1)
    average = torch.optim.swa_utils.AveragedModel(tower)
    optimiser = torch.optim.AdamW(tower.parameters())
    average.update_parameters(tower)
    with torch.no_grad():
        tower.weight.add_(1)
    checkpoints.save(tmp_path / "image.pt", 3, tower, average, optimiser, note="x")
    assert [path.name for path in tmp_path.iterdir()] == ["image.pt"]
    saved = torch.load(tmp_path / "image.pt", weights_only=True)
    assert (saved["step"], saved["note"]) == (3, "x")
    weights = checkpoints.averaged(saved)
    assert set(weights) == {"weight", "bias"}
    torch.testing.assert_close(weights["weight"] + 1, saved["tower"]["weight"])
