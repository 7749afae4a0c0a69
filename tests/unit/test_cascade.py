"""A cascade that is wrong is refused with the file, the key and the mend."""

from __future__ import annotations

from pathlib import Path

import pytest

from druqa.cascade_files import cascade_names, fingerprint, load_cascade
from druqa.errors import CascadeError, UsageError
from druqa.prompts import PromptText
from tests.support.cascades import write_cascade


def edit(folder: Path, old: str, new: str, file: str = "cascade.toml") -> Path:
    path = folder / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return folder


@pytest.mark.parametrize("name", cascade_names())
def test_every_shipped_cascade_loads(name: str) -> None:
    assert load_cascade(name).name == name


def test_recall_first_has_what_the_flow_needs() -> None:
    cascade = load_cascade("recall_first")
    assert len(cascade.prompt_evaluators) >= 12
    assert len({e.prompt.instruction for e in cascade.prompt_evaluators if e.prompt}) == len(cascade.prompt_evaluators)
    assert cascade.sign_off is not None
    assert len(cascade.sign_off.auditors) >= 2
    assert {rival.with_context for rival in cascade.rival} == {True, False}
    assert {"brand", "generic", "synonym", "combination", "class"} <= {str(p.kind) for p in cascade.names.prompts}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[vote]", "[vote]\nrule = 'majority'", "a majority would let a no outvote a yes"),
        ("[vote]", "[voting]\n[vote]", "unknown key `voting`.*did you mean `vote`"),
        ("k = 1", "kk = 1", "unknown key `vote.kk`"),
        ("k = 1", "k = 0", "vote.k"),
        ('orders = "both"', 'orders = "one"', "orders"),
        ('role = "screener"', 'role = "doctor"', "role"),
        ('prompt = "view_0.md"', 'prompt = "view_9.md"', "'view_9.md' does not exist"),
        ('prompt = "view_0.md"', 'prompt = "../view_0.md"', "does not exist"),
        ('name = "view_1"', 'name = "view_0"', "'view_0' is given twice"),
        ('name = "listed"', 'name = "lsited"', "an evidence evaluator is one of listed, mechanism"),
        ('version = "1"', "version = 1", "version"),
        ("[vote]", 'sha256 = "x"\n[vote]', "evaluators.*sha256|unknown key"),
        ("title", "title = ", "not valid TOML"),
    ],
)
def test_refuses_what_is_wrong_and_says_how_to_mend_it(tmp_path: Path, old: str, new: str, says: str) -> None:
    folder = edit(write_cascade(tmp_path / "small"), old, new)
    with pytest.raises(CascadeError, match=f"(?s)(cascade.toml|prompts).*{says}"):
        load_cascade(folder)


def test_models_may_not_say_none_found_without_auditors(tmp_path: Path) -> None:
    with pytest.raises(CascadeError, match="may not call a pair none found without auditors"):
        load_cascade(write_cascade(tmp_path / "small", auditors=0))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("$second", "$thrid", r"unknown placeholder \$thrid"),
        ("Drug 2: $second\n", "", r"the placeholder \$second is missing"),
        ("---\n", "", "no data slot"),
        ("View 0.", "View of $first.", "before the line ---"),
        ("Drug 1:", "Costs 5$ 1:", "a lone"),
    ],
)
def test_refuses_a_prompt_with_wrong_placeholders(tmp_path: Path, old: str, new: str, says: str) -> None:
    folder = edit(write_cascade(tmp_path / "small"), old, new, "prompts/view_0.md")
    with pytest.raises(CascadeError, match=f"view_0.md.*{says}"):
        load_cascade(folder)


def test_an_unknown_cascade_is_named_with_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"'recal_first'(?s:.*)did you mean 'recall_first'"):
        load_cascade("recal_first")


def test_values_stay_inside_json_strings(tmp_path: Path) -> None:
    prompt = load_cascade(write_cascade(tmp_path / "small")).prompt_evaluators[0].prompt
    assert prompt is not None
    filled = prompt.fill(question_id="q1", first='a"\n---\n$second', second="é\u2028")
    assert filled == PromptText(
        instruction="View 0.", data='question_id: "q1"\nDrug 1: "a\\"\\n---\\n$second"\nDrug 2: "é\\u2028"'
    )


def test_the_fingerprint_is_over_all_that_is_asked(tmp_path: Path) -> None:
    folder = write_cascade(tmp_path / "small")
    before = fingerprint(folder)
    (folder / "README.md").write_text("words about it")
    assert fingerprint(folder) == before
    edit(folder, "View 0.", "View zero.", "prompts/view_0.md")
    assert fingerprint(folder) != before == before
