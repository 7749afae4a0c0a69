"""The words by which `people` tells a person from a drug: titles, labels, given names, and how a drug is spoken of.

All of them are in the form of `spelling.tokens`: lower case, without diacritics.
"""

from __future__ import annotations

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ABOUT_A_PERSON = """
    mrs patient patients patientin pat dob mrn ssn nhs nino npi hcn bsn nhc nuss dni nie nir ahv svnr curp cpf
    birthdate birthday born deceased phone telephone tel telefon telefone telefono mobile cell fax email mail address
    adresse direccion domicilio anschrift surname forename firstname lastname fullname nickname named nee ne
    geb geboren geburtsdatum geburtstag geburtsname vorname nachname versicherte versicherter versichertennummer
    versicherungsnummer krankenkasse wohnhaft frau herr herrn hausarzt
    monsieur madame mademoiselle mme mlle prenom patiente assure domicilie
    paciente senor senora senorita sra srta nombre apellido apellidos nacido nacida paziente signor signora nato nata
    mevrouw dhr mevr geboortedatum wife husband daughter spouse guardian caregiver nok
    yo insurance insured medicare medicaid subscriber passport passeport pasaporte cnp pesel
"""
ABOUT_A_PERSON = _words(_ABOUT_A_PERSON)
"""(Not `mr`, `dr`, `ms`: in a medication list these are modified release, delayed release and morphine sulfate.)"""

LABELS = ABOUT_A_PERSON | _words("pt name nom subject mother father brother sister contact sr sig pac dear")
"""Behind these stands who the patient is, or somebody near."""
TITLES = _words("mr mrs ms miss mx mme mlle monsieur madame herr herrn frau sra srta senor senora signor dhr")
"""Before a patient's name."""
OF_PATIENTS = LABELS | TITLES
CLINICIANS = _words(
    "dr drs prof doctor doctora doktor docteur med per by for cc attn signed via fur pour para von par"
    " por bei rph np rn dra pharmd"
)
"""Before the name of whoever prescribes; behind them stands a name only if it has a capital letter."""
AMBIGUOUS = _words("mr ms dr med sr sig pac")
"""Also a kind of release, a salt, a word of prescriptions: no title behind a name."""
PARTICLES = _words("von van der den de del della di da dos la le el al bin ibn y e zu is named called name st o q")
"""Inside a name, or between its label and it."""

_TAKING = """
    takes taking take took nimmt einnahme prend prends prise toma tomando tomar prende neemt uses using
"""
TAKING = _words(_TAKING)
"""What stands behind these is taken."""
DRUG_LABELS = _words(
    "drug drugs medication medications medicament medicamento medikament arzneimittel wirkstoff rx med"
)
"""What stands behind these and a colon is a drug."""
OF = _words("of de du von di for fur para pour")
"""Behind a strength, these say that the drug comes next and did not stand before it."""
ON = _words("pt patient is was currently now discharged started continued maintained remains stays still")
"""`on` behind these is followed by what is taken; otherwise by a day, a street or a person."""

UNITS = _words("mg mcg ug g gm ml iu ie ui units unit einheiten unites unidades u meq mmol mgs ng kg cc ppm")
FORMS = _words(
    "tablet tablets tab tabs capsule capsules cap caps cream ointment gel injection inhaler syrup suspension solution"
    " tablette tabletten kapsel kapseln salbe tropfen comprime comprimes cp gelule gelules comprimido comprimidos"
    " capsula capsulas compressa compresse"
)
FUNCTION_WORDS = _words(
    "the is was who he she his her of and with for has had this that were be been der die das ist und mit wurde hat"
    " le les est et avec pour une des el los es con que fue una"
)
"""A long text with several of these is sentences, and no list."""

_GIVEN = """
    aaron abdul abigail adam adrian agnes ahmed aisha alan albert alejandra alejandro alexander alexandra alfred ali
    alice alison amanda amelia amy ana andrea andreas andrew angela anna anne annette anthony antoine antonio arthur
    ashley barbara beatrice benjamin bernard bernd beth betty beverly birgit bradley brandon brenda brian brigitte
    bruce bryan camille carl carla carlos carmen carol caroline carolyn catherine cecile charles charlotte cheryl chloe
    chris christian christina christine christopher claire claude claudia craig cristina cynthia daniel daniela david
    deborah denise dennis diana diane diego dieter dmitri donald donna dorothy doris douglas dylan edward eileen elena
    elisabeth elizabeth ellen emily emma eric erika ernst esther ethan eugene eva evelyn fatima fernando florian frances
    francis francisco francois frank franz frederick friedrich gabriel gary george gerald gerhard gloria gregory guido
    gunther hannah hans harold harry hassan heather heinrich heinz helen helga helmut henry herbert hiroshi howard hugo
    ibrahim ingrid irene isabel isabella ivan jack jacob jacqueline jacques james jane janet janice jason javier jean
    jeffrey jennifer jeremy jerry jessica jesus jimmy joan joachim joe johann johannes john johnny jonathan jorge jose
    joseph joshua juan juana judith judy julia julie julien jurgen justin karen karin karl katharina katherine kathleen
    keith kelly kenneth kevin klaus kurt kyle larry laura lauren laurent lawrence linda lisa logan louis louise lucas
    lucia luis luke madison manfred manuel marc marcel margaret maria marie marilyn mario marion martha martin mary
    matthew matthias maurice megan mehmet melissa michael michel michelle miguel mohamed mohammed monika monique nancy
    nathan nicholas nicole noah norbert olga olivia oliver oscar pablo pamela patricia patrick paul paula pedro peter
    petra philip philippe pierre rachel ralf ralph ramon raymond rebecca renate richard robert roberto roger ronald rosa
    roxane russell ruth ryan sabine samantha samuel sandra sara sarah scott sean sebastian sergio sharon shirley simone
    sofia sophia sophie stefan stephanie stephen steven stuart susan susanne sylvie teresa terry theresa thierry thomas
    tiffany timothy tyler ursula uwe vanessa veronica victor vincent virginia vladimir walter wayne werner wilhelm
    william wolfgang xavier yusuf yves zachary
"""
GIVEN = _words(_GIVEN)
"""Common given names that are no drug and no word of prescriptions, of the languages that druqa reads."""

INN_STEM = re.compile(
    r"(?:(?:zu|xi|li|ta|ci|so|ne|mu|vi|to|tu|fu)mab|tinib|ciclib|rafenib|parib|lisib|denib|sertib|zomib|navir|previr"
    r"|tegravir|buvir|asvir|amivir|ciclovir|pril|prilat|sartan|vastatin|olol|alol|azole|azol|conazole|prazole|cillin"
    r"|mycin|micin|floxacin|oxacin|tidine|dipine|oxetine|azepam|zolam|caine|gliptin|gliflozin|glitazone|glinide|setron"
    r"|triptan|parin|xaban|gatran|profen|coxib|lukast|terol|terole|solone|sonide|thiazide|semide|drine|phylline|tropium"
    r"|barbital|pamil|tiazem|denafil|dronate|dronic|cycline|thromycin|bactam|penem|fungin|quine|vudine|citabine|rubicin"
    r"|platin|taxel|trexate|trexed|olimus|imod|fibrate|grel|teplase|poetin|glutide|natide|relin|stigmine|curium|curonium"
    r"|azine|apine|peridone|piprazole|peridol|racetam|toin|bamate|gabalin|fentanil|orexant|gepant|vaptan|entan|ciguat"
    r"|siran|sirsen|rsen|mersen|degib|clax|metinib|isomide|dopa|giline|capone|pexole|ouracil|mustine|stinel)$"
)
"""Ends of international nonproprietary names (WHO stems): four letters or more, so that few surnames have one."""
