"""Words and patterns by which names are told from phrases, formulas and salts."""

from __future__ import annotations

import re


def words(text: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(text.split())


MINERALS = words(
    """
    calcium potassium magnesium zinc aluminum aluminium strontium
    """
)
FORMS = words(
    """
    unspecified form anhydrous recombinant ion cation synthetic cilexetil ethanolate propanediol camsylate
    ditosylate pentahydrate hexahydrate heptahydrate decahydrate dodecahydrate monobasic dibasic tribasic
    olamine dimesylate trifenatate pidolate dimeglumine mepesuccinate difumarate epolamine isethionate hemi
    etabonate aspartate saccharate lactobionate mononitrate polacrilex lipid complex liposomal liposome resin
    diphosphate hydroiodide iodide methylbromide lauroxil phenpropionate caproate undecanoate buteprate
    probutate hexacetonide diacetate monoacetate monosodium dinitrate estolate trometamol cyclamate napsylate
    """
)
# A word that must not be left over alone when a salt is taken off.
NEVER_ALONE = words(
    """
    sodium ammonium calcium potassium magnesium zinc aluminum aluminium lithium ferrous ferric cupric chromic
    stannous silver bismuth barium strontium isosorbide methyl ethyl benzyl propyl cetyl acetyl hydrogen
    nitrous nitric sulfate choline glycerol selenium strontium arsenic antimony gallium thallium manganese
    rubidium technetium copper gold selenious
    """
)
BIOSIMILAR = re.compile(
    r"((?:mab|cept|ase|stim|tin|vec|tide|bulin|kin|leucel|toxina?|glargine|lispro|aspart)\b[a-z ]*)-[a-z]{4}$"
)
CATEGORIES = frozenset(
    (
        "NDA",
        "ANDA",
        "BLA",
        "NDA AUTHORIZED GENERIC",
        "UNAPPROVED DRUG OTHER",
        "UNAPPROVED DRUG FOR USE IN DRUG SHORTAGE",
    )
)
APPROVED = frozenset(("NDA", "ANDA", "NDA AUTHORIZED GENERIC"))
MONOGRAPHS = frozenset(("OTC MONOGRAPH FINAL", "OTC MONOGRAPH NOT FINAL"))
NO_DRUG = re.compile(
    r"pollen|antigen|allergen|dander|feather|venom|"
    r"\b(?:mite|mold|fungus|insect|whole|root bark|leaf|flower|seed|fruit|twig)\b|octinoxate|avobenzone|"
    r"oxybenzone|homosalate|octocrylene|octisalate|ensulizole|titanium dioxide|triclosan|benzalkonium|"
    r"benzethonium|chloroxylenol|isopropyl alcohol|dimethicone|petrolatum|pyrithione|witch hazel|allantoin|"
    r"\bwater\b|\bkit\b|solution|collection|preservative|\bwash\b|system|tincture|\bfiber\b|\bhair\b|\bskin\b|"
    r"kernel|\bbean\b|\bnut\b|extract|\bwax\b|mycelium|ketone|polypeptide|\boxygen\b|nitrogen|helium|"
    r"carbon dioxide|\bair\b|vaccine|virus|toxoid|immune globulin|globulin|plasma|"
    r"\b(?:f-18|i-123|i-125|i-131|tc-99m|ga-67|ga-68|in-111|tl-201|xe-133|n-13|c-11|rb-82|cr-51|sm-153|y-90)\b"
)
# Ingredients that are hardly sold alone: a one-drug dictionary's brand of them is most likely half of a combination.
SELDOM_ALONE = frozenset(
    (
        "caffeine",
        "butalbital",
        "carbidopa",
        "benserazide",
        "clavulanic acid",
        "sulbactam",
        "tazobactam",
        "cilastatin",
        "mestranol",
        "ethinyl estradiol",
        "hydrochlorothiazide",
        "phenylephrine",
        "phenylpropanolamine",
        "chlorpheniramine",
        "codeine",
        "dextromethorphan",
        "belladonna",
        "phenyltoloxamine",
        "pyrilamine",
        "pheniramine",
        "salicylamide",
        "phenacetin",
        "sulfamethoxazole",
        "norgestrel",
        "norethindrone",
        "citric acid",
        "pamabrom",
        "homatropine",
        "polymyxin b",
        "clidinium",
    )
)
PARTIAL = re.compile(
    r"\b(?:plus|compound|compositum|comp|hct|hctz|hc|dm|with|and|duo|combi|co|compuesto|compose|diu)\b"
)
CHEMICAL = re.compile(
    r"\b(?:hsdb|nsc|cas|ccris|einecs|unii|brn|caswell|epa|inn|usan|ban|jan|usp|dcf|vandf|component of)\b|\bact\b"
)
OTC_BRANDS = words(
    """
    abreva advil afrin aleve alka alavert allegra anacin anbesol aspercreme balmex bayer benadryl benefiber
    bengay bonine bufferin caladryl caltrate cepacol chloraseptic citracal citrucel claritin colace compazine
    contac coricidin correctol cortaid cortizone dayquil delsym desitin dimetapp diurex doan dramamine dristan
    dulcolax ecotrin emetrol excedrin fleet flonase gaviscon goody icy imodium kaopectate lactaid lamisil
    lotrimin maalox metamucil micatin midol miralax monistat motrin mucinex mylanta nasacort nasalcrom nexium
    nicoderm nicorette nizoral nyquil pamprin pedialyte pepcid pepto percogesic perdiem phazyme plan prevacid
    prilosec primatene rhinocort robitussin rolaids salonpas senokot simply sudafed tagamet theraflu tinactin
    titralac triaminic tums tylenol unisom vagisil vicks vivarin zaditor zantac zegerid zicam zyrtec zzzquil
    """
)
