"""Small cascades, written to disk and read by the real loader."""

from __future__ import annotations

from pathlib import Path

_PAIR_SLOT = "question_id: $question_id\nDrug 1: $first\nDrug 2: $second\n"


def write_cascade(
    folder: Path,
    *,
    evaluators: int = 2,
    auditors: int = 1,
    k: int = 1,
    orders: str = "both",
    rivals: int = 0,
    answer: bool = False,
    name_prompts: int = 0,
    proposed_names: int = 0,
    table_names: int = 0,
    evidence: bool = True,
    unclear_is_yes: bool = True,
) -> Path:
    """A cascade with so many of everything; evaluator n is `view_n`, auditor n `audit_n`, rival n `rival_n`."""
    prompts = folder / "prompts"
    prompts.mkdir(parents=True, exist_ok=True)
    lines = [
        f'name = "{folder.name}"',
        'version = "1"',
        'title = "A small cascade for tests"',
        f'orders = "{orders}"',
        f"[names]\ntable_names = {table_names}\nproposed_names = {proposed_names}",
    ]
    for n in range(name_prompts):
        lines += ["[[names.prompts]]", f'kind = "{("brand", "synonym")[n]}"', f'prompt = "names_{n}.md"']
        _prompt(prompts / f"names_{n}.md", f"Names, wording {n}.", "question_id: $question_id\nName: $name\n")
    if evidence:
        lines += [f'[[evaluators]]\nname = "{name}"\nkind = "evidence"' for name in ("listed", "mechanism")]
    for n in range(evaluators):
        lines += ["[[evaluators]]", f'name = "view_{n}"', 'role = "screener"', f'prompt = "view_{n}.md"']
        _prompt(prompts / f"view_{n}.md", f"View {n}.", _PAIR_SLOT)
    lines += [f"[vote]\nk = {k}\nunclear_is_yes = {str(unclear_is_yes).lower()}"]
    for n in range(auditors):
        lines += ["[[sign_off.auditors]]", f'name = "audit_{n}"', 'role = "auditor"', f'prompt = "audit_{n}.md"']
        _prompt(prompts / f"audit_{n}.md", f"Audit {n}.", _PAIR_SLOT)
    if answer:
        lines += ['[answer]\nprompt = "answer.md"']
        _prompt(prompts / "answer.md", "Answer.", _PAIR_SLOT + "severity: $severity\nverdicts: $verdicts\n")
    for n in range(rivals):
        context = n % 2 == 1
        lines += [
            "[[rival]]",
            f'name = "rival_{n}"',
            f'prompt = "rival_{n}.md"',
            f"with_context = {str(context).lower()}",
        ]
        slot = _PAIR_SLOT + "answer: $answer\n" + ("context: $context\n" if context else "")
        _prompt(prompts / f"rival_{n}.md", f"Rival {n}.", slot)
    (folder / "cascade.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def _prompt(file: Path, instruction: str, slot: str) -> None:
    file.write_text(f"{instruction}\n\n---\n{slot}", encoding="utf-8")
