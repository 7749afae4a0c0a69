"""How fast names are read, beside peers and limits measured in the same run.

    python benchmarks/names.py [--names 5000]

Ratios are to the first line of each group. Known names: dictionary look-ups of the bare key are the limit. Misspelt
names: peers from rapidfuzz over the same names, at what they can do in five seconds; `recall` is how often the right
drug was among what they gave. Misspellings are made from generic names with a fixed seed.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from druqa.knowledge.loading import load_synonyms
from druqa.knowledge.near import NearNames
from druqa.knowledge.spelling import key, squash
from druqa.knowledge.synonyms import Synonyms
from druqa.records import Medication
from druqa.stages.names import brief, plain_brief, resolve

LETTERS = "abcdefghijklmnopqrstuvwxyz"
SECONDS = 5.0


def rate(work: Callable[[str], object], texts: Sequence[str]) -> float:
    """Texts a second, over all texts or what five seconds allow; the best of two runs."""
    best = 0.0
    for _ in range(2):
        began, done = time.perf_counter(), 0
        for text in texts:
            work(text)
            done += 1
            if done % 64 == 0 and time.perf_counter() - began > SECONDS:
                break
        best = max(best, done / (time.perf_counter() - began))
    return best


def rate_once(work: Callable[[str], object], texts: Sequence[str]) -> float:
    """Texts a second in a first pass: what is remembered would flatter a second one."""
    began = time.perf_counter()
    for text in texts:
        work(text)
    return len(texts) / (time.perf_counter() - began)


def misspell(word: str, typos: int, rng: random.Random) -> str:
    """Strike out, put in, replace or swap letters."""
    for _ in range(typos):
        place, letter = rng.randrange(len(word)), rng.choice(LETTERS)
        word = rng.choice(
            (
                word[:place] + word[place + 1 :],
                word[:place] + letter + word[place:],
                word[:place] + letter + word[place + 1 :],
                word[:place] + word[place : place + 2][::-1] + word[place + 2 :],
            )
        )
    return word


def group(title: str, lines: Iterable[tuple[str, float, str]]) -> None:
    """Print a group with its ratios to the first line."""
    print(f"\n{title}")
    first = 0.0
    for name, speed, note in lines:
        first = first or speed
        print(f"  {name:<44} {speed:>12,.0f}/s   {speed / first:>7.3f}   {note}")


def known(synonyms: Synonyms, texts: Sequence[str]) -> None:
    words = {squash(text): text for text in texts}
    upper = [text.upper() for text in texts]
    fresh = partial(synonyms.extended, [], [], {}, "nothing remembered")
    with_dose = [f"{text} 10 mg tablet" for text in texts]
    group(
        f"known names ({len(texts):,})",
        [
            ("limit: squash(key(text)) in a dict", rate(lambda text: words.get(squash(key(text))), upper), ""),
            ("druqa: brief, the name alone", rate(lambda text: brief(Medication(text=text), synonyms), upper), ""),
            ("druqa: Synonyms.plain, the drugs alone", rate_once(fresh().plain, upper), "a first pass"),
            (
                "druqa: plain_brief, the name alone",
                rate_once(partial(plain_brief, synonyms=fresh()), upper),
                "what a column is resolved by",
            ),
            (
                "druqa: brief, with dose and form",
                rate(lambda text: brief(Medication(text=text), synonyms), with_dose),
                "",
            ),
            (
                "druqa: resolve, every name of every drug",
                rate(lambda t: resolve([Medication(text=t)], synonyms), upper),
                "",
            ),
        ],
    )


def misspelt(synonyms: Synonyms, typos: int, count: int) -> None:
    rng = random.Random(typos)  # noqa: S311
    drugs = [drug for drug in synonyms.drugs if len(drug) >= 6 and drug.isalpha()]
    truth = {misspell(drug, typos, rng): drug for drug in rng.choices(drugs, k=count)}
    texts = [text for text in truth if text not in synonyms and len(text) > 3]
    choices = sorted({squash(name.text) for drug in synonyms.drugs for name in synonyms.names_of(drug)})
    near = NearNames(choices)
    began = time.perf_counter()
    near.build()
    built = time.perf_counter() - began
    synonyms.nearest("simvistattinn")
    found = [{one.row.drug for one in synonyms.nearest(text)} for text in texts]
    recall = sum(truth[text] in drugs for text, drugs in zip(texts, found, strict=True)) / len(texts)
    width = sum(map(len, found)) / len(found)
    group(
        f"misspelt names, {typos} typo{'s' * (typos > 1)} ({len(texts):,}) against {len(choices):,} names",
        [
            (
                "druqa: Synonyms.nearest (letters and sound)",
                rate(synonyms.nearest, texts),
                f"recall {recall:.4f}, {width:.1f} drugs",
            ),
            ("druqa: the index alone, within 2", rate(lambda t: near.within(t, 2), texts), f"built in {built:.1f} s"),
            ("druqa: the scan, within 2", rate(lambda t: near.scan(t, 2), texts), ""),
            ("druqa: brief (guess, doubts and all)", rate(lambda t: brief(Medication(text=t), synonyms), texts), ""),
            (
                "rapidfuzz: extractOne, OSA",
                rate(lambda t: process.extractOne(t, choices, scorer=OSA.distance), texts),
                "",
            ),
            (
                "rapidfuzz: extractOne, WRatio (its default)",
                rate(lambda t: process.extractOne(t, choices, scorer=fuzz.WRatio), texts),
                "",
            ),
        ],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--names", type=int, default=5000)
    count = parser.parse_args().names
    began = time.perf_counter()
    synonyms = load_synonyms()
    print(f"load: {(time.perf_counter() - began) * 1000:.0f} ms, {len(synonyms):,} rows, {len(synonyms.drugs):,} drugs")
    every = sorted({name.text for drug in synonyms.drugs for name in synonyms.names_of(drug)})
    random.Random(0).shuffle(every)  # noqa: S311
    known(synonyms, every[: count * 4])
    for typos in (1, 2):
        misspelt(synonyms, typos, count)


if __name__ == "__main__":
    main()
