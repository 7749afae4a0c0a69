"""A pair comes out the same whatever its drugs are called: over every name of every drug in the evidence tables."""

from __future__ import annotations

from itertools import combinations

import pytest

from druqa import check_many
from druqa.cascade_files import load_cascade
from druqa.knowledge.evidence import load_evidence
from druqa.knowledge.evidence_tables import read_tables
from druqa.knowledge.loading import load_synonyms
from druqa.records import Medication, NameKind
from druqa.resources import folder
from druqa.stages.names import resolve
from druqa.stages.pairs import listed_drugs

SYNONYMS, EVIDENCE = load_synonyms(), load_evidence()
PLAN = load_cascade("embedded").names
TABLES = read_tables(folder("cascades") / "evidence")
SPOKEN_OF = {role.drug for role in TABLES.roles} | {side for pair in TABLES.pairs for side in pair[:2]}
DRUGS = sorted(SPOKEN_OF & set(SYNONYMS.drugs))


def names_of(drug):
    return [name for name in SYNONYMS.names_of(drug) if name.kind is not NameKind.CLASS]


@pytest.mark.parametrize("part", range(8))
def test_every_name_of_a_drug_puts_the_drug_on_the_list_and_not_as_a_guess(part):
    """What a pair comes to without a model is a function of its two drugs and of whether either is a guess."""
    wrong = []
    for drug in DRUGS[part::8]:
        for name in names_of(drug):
            (resolved,) = resolve([Medication(text=name.text)], SYNONYMS)
            found = {listed.drug.id: listed.guessed for listed in listed_drugs([resolved], PLAN, {})}
            if found.get(drug) is not False or not resolved.recognised:
                wrong.append((drug, name.text, found))
    assert wrong == []


def spelled(drug, kind):
    """A name of that kind, the least like the generic one; the generic name where there is none."""
    names = [name.text for name in names_of(drug) if name.kind is kind and name.text[:4] != drug[:4]]
    return names[0] if names else drug


# What a pair comes to is a function of its drugs and of whether they are guesses, tested for every name above: of the
# pairs themselves a sample is enough.
LISTED = [pair for pair in combinations(DRUGS, 2) if EVIDENCE.listed(*pair)][::20]


def decisions(pairs, kind):
    reports = check_many([[spelled(drug, kind) for drug in pair] for pair in pairs])
    out = []
    for pair, report in zip(pairs, reports, strict=True):
        (found,) = [one for one in report.pairs if set(one.drugs) == set(pair)]
        out.append((found.decision, found.severity, found.tier, {verdict.reason for verdict in found.verdicts}))
    return out


@pytest.mark.parametrize("part", range(4))
def test_every_listed_pair_comes_out_the_same_by_brand_and_by_synonym(part):
    pairs = LISTED[part::4]
    assert len(pairs) > 500
    plain = decisions(pairs, NameKind.GENERIC)
    assert all(decision == "flagged" for decision, *_ in plain)
    for kind in (NameKind.BRAND, NameKind.SYNONYM):
        different = [
            (pair, spelled(pair[0], kind), spelled(pair[1], kind))
            for pair, one, other in zip(pairs, plain, decisions(pairs, kind), strict=True)
            if one != other
        ]
        assert different == []


RULED = [pair for pair in combinations(DRUGS, 2) if not EVIDENCE.listed(*pair) and EVIDENCE.mechanism(*pair)][::40]


@pytest.mark.parametrize("part", range(8))
def test_every_pair_that_a_rule_flags_comes_out_the_same_by_brand(part):
    pairs = RULED[part::8]
    assert len(pairs) > 500
    plain = decisions(pairs, NameKind.GENERIC)
    assert all(decision == "flagged" for decision, *_ in plain)
    by_brand = decisions(pairs, NameKind.BRAND)
    assert [pair for pair, one, other in zip(pairs, plain, by_brand, strict=True) if one != other] == []


def test_most_drugs_have_a_name_of_each_kind_to_be_called_by():
    """A drug without one is compared with itself: that must stay the exception."""
    for kind, most in ((NameKind.BRAND, 0.25), (NameKind.SYNONYM, 0.55)):
        assert sum(spelled(drug, kind) == drug for drug in DRUGS) <= most * len(DRUGS)
