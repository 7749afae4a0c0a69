"""Reads a user's own copy of RxNorm: RXNCONSO.RRF and RXNREL.RRF of the full release or of the prescribable subset.

The layout is that of the NLM's "RxNorm Technical Documentation", section 12 (RXNCONSO in 12.4, RXNREL in 12.7). There,
"the direction of REL" is "the relationship which the SECOND concept or atom (RXCUI2) HAS TO the FIRST (RXCUI1)": the
row `161|||RO|7221|||has_ingredient` says that 7221 has the ingredient 161. Each relationship stands there twice, once
in each direction. Either is enough here, and a copy that has them the wrong way round is read right: whether a
relationship leads towards the ingredients is told by the term types (TTY) of its ends.
"""

from __future__ import annotations

import glob
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from druqa.errors import DataError
from druqa.knowledge.addition import Addition, Gathered, Tally, as_name, check_bars, drugs_named, first_damage, unfit
from druqa.knowledge.rows import NameRow
from druqa.knowledge.spelling import squash
from druqa.knowledge.synonyms import Synonyms
from druqa.records import Drug

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_CONSO, _REL = "RXNCONSO.RRF", "RXNREL.RRF"
_COLUMNS = {
    _CONSO: "rxcui lat ts lui stt sui ispref rxaui saui scui sdui sab tty code str srl suppress cvf",
    _REL: "rxcui1 rxaui1 stype1 rel rxcui2 rxaui2 stype2 rela rui srui sab sl dir rg suppress cvf",
}
_MEND = "give the folder that a whole release of RxNorm was unpacked to; it, or its `rrf` folder, holds both tables"
# fmt: off
_TYPES = ["IN", "PIN", "MIN", "BN", "SCDG", "SCDGP", "SCDF", "SCDFP", "SCDC", "SCD",
          "SBDG", "SBDF", "SBDFP", "SBDC", "SBD", "GPCK", "BPCK"]
# fmt: on
"""The term types of what holds drugs: each stands before every type that can be made of it."""
_FURTHER = ("SY", "TMSY", "PSN")
"""Term types of further names. Of an ingredient or a brand they are names of a drug; a product's hold its strength."""
_SEVERAL = ("has_ingredient", "has_part", "consists_of", "contains")
"""Relationships of which a concept has one for each of its parts: where one leads nowhere, an ingredient is missing."""
_INVERSE = {
    "has_ingredient": "ingredient_of",
    "has_part": "part_of",
    "consists_of": "constitutes",
    "contains": "contained_in",
    "has_ingredients": "ingredients_of",
    "has_precise_ingredient": "precise_ingredient_of",
    "form_of": "has_form",
    "tradename_of": "has_tradename",
    "isa": "inverse_isa",
    "quantified_form_of": "has_quantified_form",
}
"""From a concept to what it is made of or a kind of, and the same seen from there. (Not `reformulated_to`: what was
reformulated has other ingredients.)"""
_STEPS = (
    # Y: withdrawn by an editor of RxNorm. O and E stay: old products, and those with a longer name, are on real lists.
    """CREATE TABLE atoms AS SELECT line, rxcui, sab, tty, code, str, suppress
       FROM (SELECT row_number() OVER () AS line, * FROM conso)
       WHERE sab IN ('RXNORM', 'ATC') AND suppress <> 'Y' AND rxcui <> '' AND str <> ''""",
    # A concept has the type of its current row; if several differ, the type that stands first.
    """CREATE TABLE concepts AS SELECT rxcui, arg_min(tty, place) AS tty, arg_min(level, place) AS level,
              arg_min(line, place) AS line, arg_min(str, place) AS str
       FROM (SELECT *, (CASE suppress WHEN 'N' THEN level ELSE level + 100 END) * 1000000000 + line AS place
             FROM atoms JOIN types USING (tty) WHERE sab = 'RXNORM')
       GROUP BY rxcui""",
    """CREATE TABLE links AS SELECT DISTINCT CASE WHEN down THEN rxcui2 ELSE rxcui1 END AS whole,
              CASE WHEN down THEN rxcui1 ELSE rxcui2 END AS part, several
       FROM rel JOIN relations USING (rela) WHERE sab = 'RXNORM' AND rxcui1 <> '' AND rxcui2 <> ''""",
    # Every link both ways, less the ways that lead up. Two products of one type are the same drugs in another quantity.
    """CREATE TABLE edges AS SELECT DISTINCT up.rxcui AS src, low.rxcui AS dst, low.tty = 'BN' AS of_brand,
              low.tty <> 'BN' AND (several OR up.tty = 'BN') AS several
       FROM (SELECT whole AS a, part AS b, several FROM links UNION ALL SELECT part, whole, several FROM links)
       JOIN concepts AS up ON up.rxcui = a JOIN concepts AS low ON low.rxcui = b
       WHERE up.level > low.level OR (up.tty = low.tty AND up.tty IN ('SCD', 'SBD'))""",
    """CREATE TABLE reach AS WITH RECURSIVE found(rxcui, ingredient) AS (
           SELECT rxcui, rxcui FROM concepts WHERE tty = 'IN'
           UNION SELECT src, ingredient FROM found JOIN edges ON dst = rxcui)
       SELECT * FROM found""",
    # What has a part that leads to no ingredient, and what is made of that.
    """CREATE TABLE holes AS WITH RECURSIVE hole(rxcui) AS (
           SELECT * FROM (
               SELECT rxcui FROM links JOIN concepts ON rxcui = whole
               WHERE (several OR tty = 'BN') AND part NOT IN (SELECT rxcui FROM atoms)
               UNION SELECT src FROM edges WHERE several AND dst NOT IN (SELECT rxcui FROM reach))
           UNION SELECT src FROM hole JOIN edges ON dst = rxcui WHERE NOT of_brand)
       SELECT * FROM hole""",
    # A brand has what its products have as well. Where only they say what it has, none may have a hole.
    """INSERT INTO holes SELECT DISTINCT dst FROM edges
       WHERE of_brand AND src IN (SELECT rxcui FROM holes) AND dst NOT IN (SELECT rxcui FROM reach)""",
    "INSERT INTO reach SELECT DISTINCT dst, ingredient FROM edges JOIN reach ON rxcui = src WHERE of_brand",
)
_CONTENTS = """SELECT rxcui, any_value(tty), any_value(line), list(DISTINCT ingredient ORDER BY ingredient)
                      FILTER (ingredient IS NOT NULL),
                      rxcui IN (SELECT rxcui FROM holes)
               FROM concepts LEFT JOIN reach USING (rxcui) GROUP BY rxcui ORDER BY any_value(line)"""
_NAMES = """SELECT atoms.line, rxcui, atoms.tty, atoms.str FROM atoms JOIN concepts USING (rxcui)
            WHERE sab = 'RXNORM' AND concepts.tty IN ('IN', 'PIN', 'MIN', 'BN')
            AND atoms.tty IN ('IN', 'PIN', 'MIN', 'BN', 'SY', 'TMSY')
            ORDER BY atoms.tty IN ('SY', 'TMSY'), atoms.line"""
_LEFT_OUT = """SELECT sab, tty, suppress = 'Y', rxcui IS NULL OR str IS NULL, count(*), min(line)
               FROM (SELECT row_number() OVER () AS line, * FROM conso) GROUP BY ALL ORDER BY count(*) DESC, sab, tty"""


class _Concept(NamedTuple):
    """What one RxCUI stands for."""

    tty: str
    ingredients: int
    drugs: tuple[str, ...]


def read_rxnorm(directory: Path, known: Synonyms) -> Addition:
    """Everything that a copy of RxNorm adds: names of ingredients and brands, the codes of all products, new drugs.

    Products' full names are not taken: the reader of names takes strength and form apart itself. What has an ingredient
    that cannot be found is left out whole and noted: half of a combination would pass for all of it.

    Raises:
        DataError: if a table is missing, empty, not UTF-8, or has a row with too few or too many fields.

    """
    import duckdb  # noqa: PLC0415 - a quarter of a second to import; only those who bring such files need it

    folder = next((place for place in (directory, directory / "rrf") if (place / _CONSO).is_file()), directory)
    digests = [check_bars(folder / name, len(columns.split()), _MEND) for name, columns in _COLUMNS.items()]
    tally = Tally()
    with TemporaryDirectory(prefix="druqa-") as spill, duckdb.connect(config={"temp_directory": spill}) as db:
        try:
            _relate(db, folder)
            _count_left_out(db, tally)
            meant, drugs = _drugs(db, known, tally)
            concepts = _concepts(db, meant, tally)
            names = _names(db, concepts, known, tally)
            codes = {rxcui: concept.drugs for rxcui, concept in concepts.items()} | _atc(db, concepts, tally)
        except duckdb.Error as error:
            damages = (first_damage(folder / name, len(_COLUMNS[name].split()), _MEND) for name in _COLUMNS)
            other = DataError(f"cannot be read: {error}", where=str(folder), mend=_MEND)
            raise next(filter(None, damages), other) from None
    version = f"RxNorm sha256:{'+'.join(digest[:12] for digest in digests)}"
    return Addition(names, drugs, codes, version, tally.notes())


def _relate(db: DuckDBPyConnection, folder: Path) -> None:
    """Make the tables `atoms`, `concepts`, `reach` and `holes` of the files of a release."""
    for name, view in ((_CONSO, "conso"), (_REL, "rel")):
        columns = dict.fromkeys([*_COLUMNS[name].split(), "behind"], "VARCHAR")
        place = glob.escape(str(folder / name)).replace("'", "''")
        db.execute(
            f"CREATE VIEW {view} AS SELECT * REPLACE (coalesce(suppress, 'N') AS suppress) FROM read_csv('{place}', "  # noqa: S608
            f"delim='|', header=false, quote='', escape='', auto_detect=false, columns={columns})"
        )
    db.execute("CREATE TABLE types (tty VARCHAR, level BIGINT)")
    db.executemany("INSERT INTO types VALUES (?, ?)", [(tty, level) for level, tty in enumerate(_TYPES)])
    db.execute("CREATE TABLE relations (rela VARCHAR, down BOOLEAN, several BOOLEAN)")
    for rela, inverse in _INVERSE.items():
        several = rela in _SEVERAL
        db.execute("INSERT INTO relations VALUES (?, true, ?), (?, false, ?)", [rela, several, inverse, several])
    for step in _STEPS:
        db.execute(step)


def _count_left_out(db: DuckDBPyConnection, tally: Tally) -> None:
    for sab, tty, withdrawn, incomplete, count, line in db.execute(_LEFT_OUT).fetchall():
        place = f"{count:,} of {sab} {tty}, the first in {_CONSO}:{line}"
        if sab not in ("RXNORM", "ATC"):
            tally.add("rows of other vocabularies, not read", place, count)
        elif withdrawn:
            tally.add("rows that RxNorm's editors suppressed (SUPPRESS=Y), left out", place, count)
        elif incomplete:
            tally.add("rows without a RxCUI or a name, left out", place, count)
        elif sab == "RXNORM" and tty not in (*_TYPES, *_FURTHER):
            tally.add("rows of term types that hold no drug, left out", place, count)


def _drugs(
    db: DuckDBPyConnection, known: Synonyms, tally: Tally
) -> tuple[dict[str, tuple[str, ...]], tuple[Drug, ...]]:
    """The drugs that each ingredient's RxCUI means, by the table's RxCUI and by name; and those that are new."""
    meant: dict[str, tuple[str, ...]] = {}
    new: dict[str, Drug] = {}
    rows = db.execute("SELECT rxcui, str, line FROM concepts WHERE tty = 'IN' ORDER BY line").fetchall()
    for rxcui, text, line in rows:
        name = as_name(text) or f"rxcui {rxcui}"
        by_code = {drug.id for drug in known.by_code(rxcui=rxcui)}
        by_name = drugs_named(name, known)
        if by_code and by_name and by_code != by_name:
            said = "ingredients whose RxCUI and name mean different drugs in the table, taken as each of them"
            tally.add(said, f"{name} at {_CONSO}:{line}")
        if not by_code | by_name:
            tally.add("ingredients that the table does not know, taken as new drugs", f"{name} at {_CONSO}:{line}")
            new.setdefault(name, Drug(id=name, name=name, rxcui=rxcui))
        meant[rxcui] = tuple(sorted(by_code | by_name or {name}))
    return meant, tuple(new[name] for name in sorted(new))


def _concepts(db: DuckDBPyConnection, meant: Mapping[str, tuple[str, ...]], tally: Tally) -> dict[str, _Concept]:
    """What each RxCUI stands for, where all of it is known."""
    concepts: dict[str, _Concept] = {}
    for rxcui, tty, line, ingredients, hole in db.execute(_CONTENTS).fetchall():
        place = f"{tty} {rxcui} at {_CONSO}:{line}"
        if hole:
            tally.add("concepts of which a part leads to no ingredient, left out whole", place)
        elif not ingredients:
            tally.add("concepts that lead to no ingredient, left out", place)
        else:
            drugs = {drug for ingredient in ingredients for drug in meant[ingredient]}
            concepts[rxcui] = _Concept(tty, len(ingredients), tuple(sorted(drugs)))
    return concepts


def _names(
    db: DuckDBPyConnection, concepts: Mapping[str, _Concept], known: Synonyms, tally: Tally
) -> tuple[NameRow, ...]:
    gathered = Gathered(known)
    for line, rxcui, tty, text in db.execute(_NAMES).fetchall():
        concept = concepts.get(rxcui)
        name = as_name(text)
        if concept is None:
            continue
        if why := unfit(name, known.noise):
            tally.add(f"names {why}, left out", f"{_CONSO}:{line}")
            continue
        kinds = {drug: _kind(concept, name, drug) for drug in concept.drugs}
        if gathered.add(name, kinds, f"RxNorm, user's copy (RXNCONSO, TTY={tty})"):
            tally.add("names that hold the name of a drug they do not mean, read as either", f"{_CONSO}:{line}")
    return gathered.sorted()


def _kind(concept: _Concept, name: str, drug: str) -> str:
    if concept.ingredients > 1 and len(concept.drugs) > 1:
        return "combination"
    of_type = {"BN": "brand", "PIN": "salt", "MIN": "combination"}
    return of_type.get(concept.tty) or ("generic" if squash(name) == squash(drug) else "synonym")


def _atc(db: DuckDBPyConnection, concepts: Mapping[str, _Concept], tally: Tally) -> dict[str, tuple[str, ...]]:
    """The drugs of each ATC code, of all the concepts that bear it."""
    codes: dict[str, set[str]] = {}
    for code, rxcui, line in db.execute(
        "SELECT code, rxcui, line FROM atoms WHERE sab = 'ATC' ORDER BY line"
    ).fetchall():
        if concept := concepts.get(rxcui):
            codes.setdefault(code, set()).update(concept.drugs)
        else:
            tally.add("ATC rows that lead to no drug, left out", f"{code} at {_CONSO}:{line}")
    return {code: tuple(sorted(drugs)) for code, drugs in codes.items()}
