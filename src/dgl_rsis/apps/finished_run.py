"""What `--resume` finds where a run had ended: its outputs, and the manifest that says of what."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from dgl_rsis import __version__
from dgl_rsis.errors import InputError
from dgl_rsis.manifest import manifest_path, to_json
from dgl_rsis.scene.journal import differences, is_unfinished, remove_remains, shortened
from dgl_rsis.scene.run_facts import file_facts, input_facts, weights_digest
from dgl_rsis.scene.source import SceneOptions
from dgl_rsis.scene.survey import plan_source

_HOW = ("workers", "ray", "resume")  # options on which no byte of a result depends


def finished_run(
    outputs: Sequence[Path],
    options: Mapping[str, Any],
    inputs: Callable[[], Mapping[str, Any]],
) -> dict[str, Any] | None:
    """The manifest of a run that is complete; None where it is not, or nothing tells.

    No model is loaded for it: the same options, version and weights give the same result.

    Args:
        outputs: that the run writes, the one with the manifest first.
        options: what the user asks for, beyond the defaults.
        inputs: gives what is read, see ``inputs_of``.

    Raises:
        InputError: the run depended on something else, which is named.
    """
    main = outputs[0]
    if is_unfinished(main) or not all(path.exists() for path in outputs):
        return None
    try:
        manifest = json.loads(manifest_path(main).read_text(encoding="utf-8"))
        before = _kept(manifest["options"]), manifest["input"], manifest["model"]
        known, version = manifest["outputs"], manifest["versions"]["dgl-rsis"]
    except (OSError, ValueError, KeyError, TypeError):  # "exists already" is said of it then
        return None
    made_of, read, model = before
    wanted = json.loads(to_json({"options": _kept(options), "input": inputs()}))
    names = [path.name for path in outputs]
    is_known = {Path(path).name for path in known}
    now = {
        **wanted,
        "version": __version__,
        "outputs": names,
        "weights": weights_digest(Path(model["source"])),
    }
    then = {
        "options": made_of,
        "input": {key: read.get(key) for key in wanted["input"]},
        "version": version,
        "outputs": [name for name in names if name in is_known],
        "weights": model.get("weights"),
    }
    difference = next(differences(then, now), None)
    if difference is not None:
        path, old, new = difference
        raise InputError(
            f"{main} is complete, and was made of something else: {' '.join(path)} was "
            f"{shortened(old)} and is {shortened(new)}; choose another name, or pass --overwrite"
        )
    remove_remains(main)
    return dict(manifest)


def inputs_of(image: str, reading: SceneOptions) -> dict[str, Any]:
    """What a run over a scene reads, in JSON types."""
    source = plan_source(image, reading)
    return input_facts(source, file_facts(source.files), reading)


def _kept(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name not in _HOW}
