"""Asks models for further names of each drug. A proposal only adds: a name to ask about, a drug, or a doubt."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from druqa.cascade import NamePrompt, NamesPlan
from druqa.characters import without_unseen
from druqa.knowledge.plausible import why_no_name
from druqa.knowledge.spelling import key, shortened
from druqa.knowledge.synonyms import Synonyms
from druqa.models.asker import Asker, Heard, Status, together
from druqa.models.replies import NamesReply
from druqa.records import (
    Drug,
    DrugName,
    DrugPair,
    How,
    Match,
    NameKind,
    Outcome,
    Record,
    ResolvedMedication,
    Stage,
    Verdict,
    question_id,
)

_MOST_NAMES = 24


class Proposed(Record):
    """One name that a model proposed for a drug."""

    text: str
    kind: NameKind
    model: str


class Proposals(Record):
    """What models proposed for each drug, by drug id."""

    said: dict[str, tuple[Proposed, ...]]
    fresh: dict[str, tuple[DrugName, ...]]
    """What no table knows: further names of the drug."""
    names: dict[str, tuple[str, ...]]
    """Those of them that are asked about."""
    notes: tuple[str, ...]
    lost: dict[str, tuple[Verdict | None, ...]] = {}
    """Each question for the drug's names that brought none; None where it was not even asked.

    They count with the questions about every pair of that drug: it was not asked about under all its names.
    """

    def lost_of(self, pair: DrugPair) -> tuple[Verdict | None, ...]:
        """The questions for names of the pair's drugs that brought none."""
        return tuple(lost for id_ in pair.ids for lost in self.lost.get(id_, ()))

    def added_to(self, medication: ResolvedMedication, synonyms: Synonyms) -> ResolvedMedication:
        """The medication with its drugs' proposed names."""
        return _add(medication, self.said, self.fresh, synonyms)


async def propose(
    drugs: Mapping[str, Drug],
    plan: NamesPlan,
    bound: Mapping[str, Sequence[str]],
    synonyms: Synonyms,
    asker: Asker,
    *,
    affordable: bool,
) -> Proposals:
    """Ask every name prompt about every drug, each given by its id."""
    calls = [
        (drug, prompt, model)
        for drug in drugs.values()
        if not drug.unasked
        for prompt in plan.prompts
        for model in bound[prompt.role]
    ]
    if affordable:
        replies = await together(_ask(drug, prompt, model, asker) for drug, prompt, model in calls)
    else:
        replies = [asker.skipped(model) for _, _, model in calls]
    proposals: dict[str, list[Proposed]] = defaultdict(list)
    lost: dict[str, list[Verdict | None]] = defaultdict(list)
    unread: list[str] = []
    for (drug, prompt, model), heard in zip(calls, replies, strict=True):
        if heard.reply is None:
            lost[drug.id].append(_lost(drug, prompt, heard))
        else:
            usable, refused = _read(heard.reply, prompt, model)
            proposals[drug.id].extend(usable)
            if refused:
                unread.append(f"{drug.name}: {model} proposed {refused} names that cannot be one, or too many to ask")
    fresh = {id_: _fresh(id_, proposals[id_], synonyms) for id_ in drugs}
    return Proposals(
        said={id_: tuple(said) for id_, said in proposals.items()},
        fresh=fresh,
        names={id_: asked for id_ in drugs if (asked := _asked(id_, proposals[id_], fresh[id_], plan))},
        notes=(*_cut(drugs, proposals, fresh, plan), *sorted(set(unread))),
        lost={id_: tuple(lost[id_]) for id_ in drugs if id_ in lost},
    )


def _id(drug: Drug, prompt: NamePrompt, model: str) -> str:
    return question_id(Stage.NAMES, prompt.prompt.file, model, drug.id)


async def _ask(drug: Drug, prompt: NamePrompt, model: str, asker: Asker) -> Heard[NamesReply]:
    id_ = _id(drug, prompt, model)
    filled = prompt.prompt.fill(question_id=id_, name=drug.name)
    return await asker.ask(model, prompt.role, filled, NamesReply, {"question_id": id_})


def _lost(drug: Drug, prompt: NamePrompt, heard: Heard[NamesReply]) -> Verdict | None:
    if heard.status is Status.NOT_ASKED:
        return None
    return Verdict(
        question=_id(drug, prompt, heard.model),
        stage=Stage.NAMES,
        evaluator=f"names_{prompt.kind}",
        outcome=Outcome.UNPARSED if heard.status is Status.UNPARSED else Outcome.FAILED,
        names=(drug.name, drug.name),
        reason=f"further names of {drug.name}: {heard.problem}",
        model=heard.model,
        family=heard.family,
        usd=heard.usd,
    )


def _read(reply: NamesReply, prompt: NamePrompt, model: str) -> tuple[list[Proposed], int]:
    """What a reply proposes: its first names, without any that cannot be one, and how many were left out.

    A name may have told the model what to say.
    """
    texts = [without_unseen(" ".join(text.split())) for text in reply.names]
    usable = [text for text in texts if key(text) and not why_no_name(text)][:_MOST_NAMES]
    return [Proposed(text=text, kind=prompt.kind, model=model) for text in usable], len(texts) - len(usable)


def _fresh(drug_id: str, proposals: Sequence[Proposed], synonyms: Synonyms) -> tuple[DrugName, ...]:
    """The proposals that the tables do not know as another drug: most often proposed first."""
    voices: dict[str, list[Proposed]] = defaultdict(list)
    for proposal in proposals:
        owners = _owners(proposal.text, synonyms)
        if not owners or drug_id in owners:
            voices[key(proposal.text)].append(proposal)
    # Equally often proposed names keep the order of the cascade's prompts, which ask for the telling kinds first.
    ranked = sorted(voices.items(), key=lambda item: -len(item[1]))
    return tuple(
        DrugName(
            text=said[0].text,
            kind=said[0].kind,
            source="proposed by " + ", ".join(sorted({proposal.model for proposal in said})),
            drug=drug_id,
        )
        for _, said in ranked
    )


def _owners(text: str, synonyms: Synonyms) -> set[str]:
    return {row.drug for row in synonyms.lookup(key(text))}


def _add(
    medication: ResolvedMedication,
    proposals: Mapping[str, Sequence[Proposed]],
    fresh: Mapping[str, Sequence[DrugName]],
    synonyms: Synonyms,
) -> ResolvedMedication:
    """A medication with its drugs' proposed names; where they clash, with doubts and, if it was unknown, with drugs."""
    present = {drug.id for drug in medication.drugs}
    doubts, found = list(medication.doubts), dict[str, str]()
    for drug in medication.drugs:
        for proposal in proposals.get(drug.id, ()):
            owners = sorted(_owners(proposal.text, synonyms))
            if owners and drug.id not in owners and not set(owners) <= present:
                doubts.append(
                    f"{proposal.model} gives {proposal.text!r} as a name of {drug.name}; it is {', '.join(owners)}"
                )
                if not drug.known:
                    found.update(dict.fromkeys(set(owners) - present, drug.id))
    added = tuple(synonyms.drug(id_) for id_ in sorted(found))
    called = {drug.id: drug.name for drug in medication.drugs}
    names = [name for drug in medication.drugs for name in fresh.get(drug.id, ())]
    return ResolvedMedication(
        text=medication.text,
        rxcui=medication.rxcui,
        atc=medication.atc,
        recognised=medication.recognised,
        drugs=(*medication.drugs, *added),
        names=(*medication.names, *names, *(name for drug in added for name in synonyms.names_of(drug.id))),
        matches=(*medication.matches, *(_guess(drug, called[found[drug.id]]) for drug in added)),
        alternatives=(*medication.alternatives, *((written, id_) for id_, written in sorted(found.items()))),
        doubts=tuple(dict.fromkeys(doubts)),
    )


def _guess(drug: Drug, text: str) -> Match:
    return Match(drug=drug.id, how=How.MODEL, matched=shortened(text), guess=True)


def _asked(drug_id: str, proposals: Sequence[Proposed], fresh: Sequence[DrugName], plan: NamesPlan) -> tuple[str, ...]:
    """The first names of each model, in the order of the cascade's prompts: no model's name displaces another's."""
    usable = {key(name.text): name.text for name in fresh if name.drug == drug_id}
    asked: dict[str, list[str]] = defaultdict(list)
    for proposal in proposals:
        text = usable.get(key(proposal.text))
        if text and text not in asked[proposal.model] and len(asked[proposal.model]) < plan.proposed_names:
            asked[proposal.model].append(text)
    return tuple(dict.fromkeys(text for names in asked.values() for text in names))


def _cut(
    drugs: Mapping[str, Drug],
    proposals: Mapping[str, Sequence[Proposed]],
    fresh: Mapping[str, Sequence[DrugName]],
    plan: NamesPlan,
) -> tuple[str, ...]:
    """What was proposed and is not asked about, for each drug."""
    notes = []
    for id_, names in sorted(fresh.items()):
        asked = _asked(id_, proposals[id_], names, plan)
        if cut := [name.text for name in names if name.text not in asked]:
            notes.append(f"{drugs[id_].name}: models proposed {len(names)} names; not asked about: {', '.join(cut)}")
    return tuple(notes)
