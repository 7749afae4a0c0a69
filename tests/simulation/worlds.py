"""Small worlds for simulation: gold pairs of real drug names with made-up truth, and suites over them. Not clinical."""

from __future__ import annotations

import hashlib
from itertools import combinations
from pathlib import Path

from druqa.cascade_files import load_cascade
from druqa.measure.cases import Cases, cases_of
from druqa.measure.evaluate import evaluate
from druqa.measure.evaluation import Evaluation
from druqa.measure.running import Run, run_cases, set_up_suite
from druqa.measure.suite import Suite, load_suite
from druqa.settings import Settings
from tests.simulation.planted import Pair, Planted
from tests.support.cascades import write_cascade
from tests.support.script import ScriptedModel

DRUGS = [
    "acetaminophen", "albuterol", "amlodipine", "atenolol", "azithromycin", "baclofen", "bupropion", "carvedilol",
    "cetirizine", "ciprofloxacin", "citalopram", "clopidogrel", "digoxin", "diltiazem", "doxycycline", "enalapril",
    "famotidine", "fluconazole", "furosemide", "gabapentin", "glipizide", "hydroxyzine", "ibuprofen", "levothyroxine",
    "lisinopril", "loratadine", "losartan", "meloxicam", "metformin", "metoprolol", "montelukast", "naproxen",
    "omeprazole", "oxycodone", "pantoprazole", "prednisone", "ramipril", "ranitidine", "sertraline", "simvastatin",
    "sitagliptin", "tamsulosin", "tramadol", "trazodone", "valsartan", "venlafaxine", "verapamil", "warfarin",
    "zolpidem", "alprazolam", "amoxicillin", "bisoprolol", "candesartan", "cephalexin", "clonazepam", "duloxetine",
]  # fmt: skip
SEVERITIES = ("contraindicated", "major", "moderate", "minor")


def write_world(folder: Path, interacting: int, quiet: int, *, seed: int = 0, forms: tuple[str, ...] = ("generic",),
                repeats: int = 0, **shape: int) -> tuple[Path, dict[Pair, str]]:  # fmt: skip
    """A suite with so many pairs of each kind and a small cascade; its path, and the truth that was made up."""
    folder.mkdir(parents=True, exist_ok=True)
    pairs = sorted(combinations(DRUGS, 2), key=lambda pair: hashlib.sha256(f"{seed} {pair}".encode()).digest())
    truth = {frozenset(pair): SEVERITIES[i % 4] for i, pair in enumerate(pairs[:interacting])}
    lines = ["drug_a,drug_b,interacts,severity,source"]
    lines += [f"{a},{b},yes,{truth[frozenset((a, b))]},made up" for a, b in pairs[:interacting]]
    lines += [f"{a},{b},no,,made up" for a, b in pairs[interacting : interacting + quiet]]
    (folder / "gold.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    cascade = write_cascade(folder / "small", evidence=False, **{"evaluators": 6, "auditors": 2, "rivals": 1, **shape})
    suite = folder / "suite.toml"
    suite.write_text(
        f'name = "simulated"\ntitle = "A world that is made up"\ncascade = "{cascade}"\ntables = false\n'
        f'forms = {list(forms)}\nrepeats = {repeats}\ncaution = "Simulated: the truth is made up."\n'
        '[[gold]]\nfile = "gold.csv"\n',
        encoding="utf-8",
    )
    return suite, truth


def run_world(suite_file: Path, screener: Planted, rival: Planted) -> tuple[Suite, Cases, Run, Evaluation]:
    """Run a suite in process with two simulated models, of two families."""
    suite = load_suite(suite_file)
    cascade = load_cascade(suite.cascade)
    models = {
        "screener": ScriptedModel(screener.says, name="simulated/alpha", family="simulated-alpha", cascade=cascade),
        "rival": ScriptedModel(rival.says, name="simulated/beta", family="simulated-beta", cascade=cascade),
    }
    setup = set_up_suite(suite, None, models, Settings())
    cases = cases_of(suite, setup)
    run = run_cases(cases.cases, setup, repeats=suite.repeats)
    return suite, cases, run, evaluate(suite, cases, run)
