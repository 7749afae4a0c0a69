"""Words of harm that nothing takes back: what a reply that says no has no business to say.

A reason is read clause by clause from its end, since what comes last is what is meant: "warfarin causes bleeding, but
cetirizine does not" is a no, "no direct interaction, but bleeding is increased" is none. The words are the commonest of
the field; a reply in words that are not listed is taken at its word. How often that goes wrong is measured on sentences
that were written without knowledge of these lists: see tests/data/test_harm_words.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable


def _words(*lines: str) -> str:
    """An alternation of the words and expressions in the lines, which are parted by spaces; `_` is a space in one."""
    return "|".join(word.replace("_", r"\s+") for line in lines for word in line.split())


# A subordinate clause at the start of a sentence ends at its comma.
_CONCEDED = re.compile(
    r"((?:^|[.;:!?]\s)\s*(?:al)?(?:though|while|whereas|even if|even though)\b[^,;]*),", re.IGNORECASE
)
_ABBREVIATED = re.compile(r"\b(e\.g|i\.e|vs|approx|resp|z\.\s?B|p\.\s?ej|par ex)\.\s", re.IGNORECASE)
# Where a clause ends: what follows may take back what stood before.
_ENDS = re.compile(
    r"(?<=[.;:!?])\s+|,\s+(?=(?:may|might|can|could|will)\b)|,?\s*\b(?:"
    + _words(
        "but however yet though although while whereas nevertheless nonetheless even_so even_if even_though still",
        "only_if provided_that as_long_as except toutefois cependant pero aunque aber jedoch sondern però tuttavia",
        "mas maar echter",
    )
    + r")\b",
    re.IGNORECASE,
)

_DENIES = re.compile(
    r"\b(?:"
    + _words(
        "no not cannot neither nor none never nothing nil without lacks? lacking unlikely improbable failed_to",
        "unaffected unchanged unaltered untouched negligible minimal trivial(?:ly)? irrelevant insignificant",
        "insufficient unnecessary unproblematic uncritical harmless devoid free_of absen\\w+ rules?_out remains?",
        "preserved compatible fine acceptable sufficient enough intended beneficial on_purpose standard hardly",
        "too_(?:small|low|weak) as_usual wrong_to far_from outside wide_(?:margin|therapeutic) safe(?:ly)?",
        "independent(?:ly)? neutral would_(?:need|require)",
        "(?:commonly|routinely|regularly|frequently|often)_(?:co-?\\w+|combined|used|prescribed|given) ningún",
        "ninguno ni ninguna sin pas aucune? sans kein\\w* nicht ohne nessun\\w* senza non não nenhum\\w* sem geen",
        "niet zonder",
    )
    + r")\b|n['\u2019]t\b",
    re.IGNORECASE,
)

# A negation that itself asks for action, or leaves the harm standing.
_FORBIDS = re.compile(
    r"\b(?:should|must|may|can|do|is|are)(?:\s*not|n['\u2019]t)\s(?:\w+\s)?(?:be\s(?:\w+\s)?)?(?:"
    + _words(
        "co-?admin\\w* admin\\w* combin\\w* used? giv\\w* tak\\w* exceed\\w* advis\\w* recommended safe acceptable"
    )
    + "|"
    + _words("excluded ruled_out neglected drive")
    + r")\b|\b(?:never|not)\s(?:safe|advisable|recommended|advised)\b"
    + r"|\bcannot be (?:\w+ )?(?:excluded|ruled out|neglected)"
    + r"|\bno other option\b|\bwithout extra benefit\b",
    re.IGNORECASE,
)

_HARMS = re.compile(
    r"\b(?:"
    + _words(
        # what happens to the patient
        "bleed ha?emorrh?ag hémorrag blutung sanguin bloeding epistaxis bruis toxic tossic tóxic toxiqu intoxic",
        "overdos nephrotox hepatotox ototox cardiotox torsade arr?h?yt?h?m aritmi arritm proarrhyth tachycardi",
        "bradycardi heart_block cardiac hypotens hipotens ipotens hypertens syncop collaps faint sedat sedac sédat",
        "drows somnol sleepy sufheid depression dépression coma delirium serotonin seizure convuls rhabdomyol",
        "rabdomi myopath miopat hyperkal hypokal hypercal hyponatr hypoglyc hypoglyk hipogluc hipoglic hyperglyc",
        "ketoacid lactic_acid neutrop leukop leucop pancytop agranul myelosup immunosup mucosit infection sepsis",
        "pancreatit ulcer perforat kidney_injury AKI\\b nephritis failure damage suppress withdrawal fatal death",
        "deadly lethal mortel danger gefahr gefähr peligr pericolo perigo gevaar hazard stroke thrombo fall",
        "fractur neuropath rupture hyperpyrex malignant excitation confus ataxia psychomot vasospasm",
        "isch(?:ae)?mia extrapyramidal side_effect rejection deteriorat cushing triple_whammy QT INR gift vergift",
        "tubercul",
        # what happens to a drug
        "increas rais rises? higher elevat potentiat prolong prolung lengthen enhanc intensif worsen aggravat",
        "augment accumulat cumulat doubl boost climb exaggerat additive? synerg accelerat declin drop deplet reduc",
        "decreas lower diminish impair weaken blunt antagoni[sz] counteract attenuat delay slow abolish cancel",
        "shorten interfer useless less_effective loss_of perda_de subtherap sub-therap provok trigger precipitat",
        "aument erhöh verstärk vermind schwäch droht riduc riduz reduz diminu eleva peggior verhoog versterk stijg",
        "toename neemt_toe potencia major[eé]e",
        # what is to be done
        "avoid vermeid vermied évit evit contra-?indi[cq] contre-?indi controind kontraindi caution prudence",
        "monitor surveil supervis kontroll gecontroleerd contrôl watched (?:re-?)?check(?!:) separat spaced",
        "stagger halve adjust discontinu interrupt switch warn counsel back-?up afgeraden vermeden déconseill",
        "advises?_against discourag washout hours_(?:before|after) dose_reduction reduce_the maximum_dose",
        "required? requires necessary consider_an alternative stop hold needs? choose prescribe tell_the",
        "(?:should|must|has_to|have_to|needs?_to)_be major severe schwer sévère grave serious moderate",
        "(?:more|less)_(?:likely|frequent|common|often) (?:drugs|medicines|they)_(?:do_)?interact",
        "interaction_(?:is_(?:likely|expected)|exists)",
    )
    + ")",
    re.IGNORECASE,
)


def harm_in(text: str) -> str:
    """The clause of a text that claims a harm or asks for action; empty if none does, or if it is taken back."""
    for clause in reversed(list(_clauses(text))):
        if _DENIES.search(_FORBIDS.sub("", clause)):
            return ""
        if _FORBIDS.search(clause) or _HARMS.search(clause):
            words = " ".join(clause.split()).strip(" ,")
            return words if len(words) <= 80 else words[:80] + " ..."
    return ""


def _clauses(text: str) -> Iterable[str]:
    whole = _ABBREVIATED.sub(r"\1 ", text)
    return _ENDS.split(_CONCEDED.sub(r"\1;", whole))
