"""Writes a calibration as a cascade overlay: the same questions, other numbers, and where the numbers come from."""

from __future__ import annotations

from collections.abc import Sequence

from druqa.measure.calibrate import Calibration
from druqa.records import Severity


def overlay(
    calibration: Calibration, cascade: str, run: str, gold: Sequence[tuple[str, str]], *, simulated: bool
) -> str:
    """The cascade overlay, as TOML.

    Args:
        calibration: the counting that was chosen.
        cascade: the cascade that it extends: its name, or the path of its folder.
        run: the run that it was chosen on.
        gold: name and sha256 of each part of that run's gold.
        simulated: whether a model of that run was simulated.

    """
    k = ", ".join(f"{severity} = {calibration.vote.needed(severity)}" for severity in Severity)
    weights = ", ".join(f"{name} = {weight:g}" for name, weight in sorted(calibration.vote.weights.items()))
    facts = {
        **_promise(calibration),
        "simulated": simulated,
        "run": run,
        "gold": "; ".join(f"{name} {digest[:12]}" for name, digest in gold),
    }
    lines = [
        "# Asks as the cascade that it extends, and counts otherwise. Written by `druqa eval calibrate`: it promises",
        "# what it does for pairs like those of the gold named below, and for the models of that run.",
        'name = "calibrated"',
        'version = "1"',
        f"title = {_quoted(_title(calibration, simulated=simulated))}",
        f"extends = {_quoted(cascade)}",
        f"auditors = [{', '.join(_quoted(name) for name in calibration.auditors)}]",
        "",
        "[vote]",
        f"k = {{ {k} }}",
        f"weights = {{ {weights} }}" if weights else "weights = {}",
        f"unclear_is_yes = {str(calibration.vote.unclear_is_yes).lower()}",
        "",
        "[calibration]",
        *(
            f"{key} = {_plain(value) if isinstance(value, int | float) else _quoted(str(value))}"
            for key, value in facts.items()
        ),
    ]
    return "\n".join(lines) + "\n"


def _promise(calibration: Calibration) -> dict[str, object]:
    return {
        "miss_rate": calibration.miss_rate,
        "confidence": calibration.confidence,
        "method": calibration.method,
        "design_pairs": calibration.design_pairs,
        "calibration_pairs": calibration.calibration_pairs,
        "worth_independent_pairs": calibration.worth,
        "missed": calibration.missed,
        "countings_tried": calibration.tried,
        "countings_passed": calibration.passed,
    }


def _title(calibration: Calibration, *, simulated: bool) -> str:
    promise = (
        f"Counted so that at most {100 * calibration.miss_rate:g} % of pairs like those of its gold are missed,"
        f" with confidence {100 * calibration.confidence:g} %"
    )
    return f"SIMULATED models: {promise}" if simulated else promise


def _plain(value: float) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'
