"""From a suite to its cases: every pair in every spelling, and always the same sample."""

from __future__ import annotations

from pathlib import Path

import pytest

from druqa.errors import DataError, UsageError
from druqa.measure.cases import cases_of
from druqa.measure.circular import Standing
from druqa.measure.running import set_up_suite
from druqa.measure.suite import Suite, load_suite, suite_names
from druqa.settings import Settings
from tests.support.script import ScriptedModel

BASE = 'name = "s"\ntitle = "t"\ncascade = "embedded"\n'


def suite_of(folder: Path, *lines: str, gold: str = "drug_a,drug_b\nwarfarin,aspirin\n") -> Suite:
    (folder / "gold.csv").write_text(gold, encoding="utf-8")
    file = folder / "s.toml"
    file.write_text(BASE + "\n".join(lines) + '\n[[gold]]\nfile = "gold.csv"\n', encoding="utf-8")
    return load_suite(file)


def test_each_pair_is_written_in_every_form(tmp_path: Path) -> None:
    suite = suite_of(tmp_path, 'forms = ["generic", "brand", "misspelt"]', gold="drug_a,drug_b\nwarfarin,simvastatin\n")
    setup = set_up_suite(suite, None, None, Settings())
    cases = {case.pair.form: case.pair.written for case in cases_of(suite, setup).cases}
    assert cases["generic"] == ("simvastatin", "warfarin")
    assert [setup.synonyms.plain(text) for text in cases["brand"]] == [("simvastatin",), ("warfarin",)]
    for text, drug in zip(cases["misspelt"], ("simvastatin", "warfarin"), strict=True):
        assert sorted(text) == sorted(drug)
        assert text != drug
        assert not setup.synonyms.lookup(text)


def test_a_drug_without_a_brand_is_not_written_by_one(tmp_path: Path) -> None:
    suite = suite_of(tmp_path, 'forms = ["generic", "brand"]', gold="drug_a,drug_b\nzzqadrine,qqzadrine\n")
    cases = cases_of(suite, set_up_suite(suite, None, None, Settings())).cases
    assert [case.pair.form for case in cases] == ["generic"]


def test_a_sample_is_the_same_whatever_the_order_of_the_rows(tmp_path: Path) -> None:
    rows = [f"drug{n:03d},other{n:03d}" for n in range(50)]
    picked = []
    for order in (rows, rows[::-1]):
        suite = suite_of(tmp_path, gold="drug_a,drug_b\n" + "\n".join(order) + "\n")
        setup = set_up_suite(suite, None, None, Settings())
        picked.append({case.pair.drugs for case in cases_of(suite, setup, [tmp_path / "gold.csv"], 7).cases})
    assert len(picked[0]) == 7
    assert picked[0] == picked[1]


def test_the_thesaurus_is_circular_for_tables_and_gold_for_models_alone(tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    for tables, expected in (("true", Standing.CIRCULAR), ("false", Standing.INDEPENDENT)):
        file.write_text(
            'name = "s"\ntitle = "t"\ncascade = "recall_first"\n'
            f'tables = {tables}\n[[gold]]\nlisted = "ansm"\nsample = 20\n',
            encoding="utf-8",
        )
        suite = load_suite(file)
        setup = set_up_suite(suite, None, {"screener": ScriptedModel()}, Settings())
        cases = cases_of(suite, setup).cases
        assert {case.standing for case in cases} == {expected}
        assert len(cases) == 20
        if tables == "false":
            assert setup.tables == ()
            assert setup.evidence.roles_of("warfarin") == ()


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ('form = ["generic"]', "form"),
        ('forms = ["latin"]', "forms"),
        ("repeats = -1", "repeats"),
    ],
)
def test_a_wrong_suite_is_refused_with_the_key(tmp_path: Path, lines: str, complaint: str) -> None:
    with pytest.raises(DataError, match=complaint):
        suite_of(tmp_path, lines)


def test_gold_is_a_file_or_a_list_not_both(tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_text(BASE + "[[gold]]\nsample = 3\n", encoding="utf-8")
    with pytest.raises(DataError, match="give `file`, or `listed`"):
        load_suite(file)


def test_an_unknown_suite_names_the_known_ones() -> None:
    with pytest.raises(UsageError) as error:
        load_suite("embeded")
    assert "did you mean 'embedded'?" in error.value.mend


@pytest.mark.parametrize("name", suite_names())
def test_every_shipped_suite_reads(name: str) -> None:
    assert load_suite(name).name == name


def test_a_pair_is_circular_by_rows_that_are_not_in_the_sample(tmp_path: Path) -> None:
    rows = [f"drug{n:02d},other{n:02d}" for n in range(20)]
    (tmp_path / "one.csv").write_text("drug_a,drug_b,source\n" + "".join(f"{row},BNF\n" for row in rows))
    (tmp_path / "two.csv").write_text("drug_a,drug_b,source\n" + "".join(f"{row},ANSM\n" for row in rows))
    suite = suite_of(tmp_path)
    setup = set_up_suite(suite, None, None, Settings())
    cases = cases_of(suite, setup, [tmp_path / "one.csv", tmp_path / "two.csv"], 3)
    assert {case.standing for case in cases.cases} == {Standing.CIRCULAR}
    assert cases.sample == 3


def test_two_names_of_one_drug_are_one_case(tmp_path: Path) -> None:
    suite = suite_of(tmp_path, gold="drug_a,drug_b,source\nparacetamol,warfarin,x\nacetaminophen,warfarin,ANSM\n")
    setup = set_up_suite(suite, None, None, Settings())
    (case,) = cases_of(suite, setup).cases
    assert (case.pair.drugs, case.standing) == (("acetaminophen", "warfarin"), Standing.CIRCULAR)


def test_a_suite_is_named_in_letters(tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_text('name = "../up"\ntitle = "t"\ncascade = "embedded"\n[[gold]]\nlisted = "ansm"\n', encoding="utf-8")
    with pytest.raises(DataError, match="name"):
        load_suite(file)
