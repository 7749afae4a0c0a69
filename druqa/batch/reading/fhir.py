"""FHIR Bundles and resources to medication lists, each list a patient's; nothing about people but the patient's id."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from druqa.batch.reading.fhir_drugs import Problem, drugs_of, fields, items, text_of
from druqa.batch.reading.tables import Tables
from druqa.records import writable

_READ = frozenset(("MedicationRequest", "MedicationStatement", "MedicationAdministration", "MedicationDispense"))
_LEFT_OUT = frozenset(("entered-in-error", "not-taken", "not-done", "cancelled"))
_KEPT = frozenset(("stopped", "completed", "on-hold"))
"""What may still be in the body, or be taken again: kept, and counted."""
_DEEPEST = 20
_MOST_NAMED = 10
_AS_STANDARD = "give a Bundle whose entries have resources, as FHIR R4 or R5 says"


class FhirReader:
    """Reads resources of one file. The line of a medication is that of its entry."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._kept: Counter[str] = Counter()
        self._others: Counter[str] = Counter()
        self._nameless = 0

    def read(self, item: dict[str, Any], line: int | None) -> None:
        """Read a Bundle or a resource; without a line, the entries of a Bundle are counted from 1."""
        if item.get("resourceType") == "Bundle":
            self._bundle(item, line, 0)
        else:
            self._together(_Context([(line or 1, "", item)], self._file_name()), bundle=False, depth=0)

    def read_together(self, resources: Sequence[tuple[int, dict[str, Any]]]) -> None:
        """Read resources that may refer to one another."""
        if resources:
            entries = [(line, "", resource) for line, resource in resources]
            self._together(_Context(entries, self._file_name()), bundle=True, depth=0)

    def tell(self) -> None:
        """Note what was kept although it may be over, and what was passed over."""
        if self._kept:
            self._tables.note(f"medications kept whose status is: {_counted(self._kept)}")
        if self._nameless:
            self._tables.note(f"{self._nameless} medications name no patient, read as one list by the file's name")
        if self._others.total():
            self._tables.note(f"resources not read, for they say nothing of what is taken: {_counted(self._others)}")

    def _bundle(self, bundle: dict[str, Any], line: int | None, depth: int) -> None:
        if depth > _DEEPEST:
            self._tables.refuse(line, "Bundles lie within Bundles too deeply", _AS_STANDARD)
            return
        entries: list[tuple[int, str, dict[str, Any]]] = []
        for place, entry in enumerate(items(bundle.get("entry")), start=1):
            resource, at = fields(entry).get("resource"), line or place
            if isinstance(resource, dict):
                entries.append((at, text_of(entry.get("fullUrl")), resource))
            elif resource is not None or not fields(entry).keys() & {"response", "request"}:
                self._tables.refuse(at, f"entry {place} has no resource", _AS_STANDARD)
        if not items(bundle.get("entry")):
            self._tables.note("a Bundle has no entry")
        name = text_of(bundle.get("id")) or self._file_name()
        self._together(_Context(entries, name), bundle=True, depth=depth, line=line or 1)

    def _together(self, context: _Context, *, bundle: bool, depth: int, line: int = 1) -> None:
        spoken: set[str] = set()
        for at, _, resource in context.entries:
            kind = resource.get("resourceType")
            if kind in _READ:
                self._medication(resource, at, context, spoken)
            elif kind == "Bundle":
                self._bundle(resource, at, depth + 1)
            elif not isinstance(kind, str) or any(key.startswith("medication") for key in resource):
                what = f"a {kind!r} is not read" if isinstance(kind, str) else "the resource does not say its type"
                self._tables.refuse(at, writable(what), f"read are {', '.join(sorted(_READ))}")
            elif kind not in ("Patient", "Medication"):
                self._others[writable(kind)[:100]] += 1
        # Only now is it known which are referred to.
        self._others["Medication"] += context.unused_medications()
        self._note_empty(context, spoken, line if bundle else None)

    def _note_empty(self, context: _Context, spoken: set[str], line: int | None) -> None:
        """The patients without a medication; where nobody is named, the Bundle itself."""
        empty = {context.patient_id(url, resource): at for at, url, resource in context.patients}
        if line is not None and not empty and not spoken and not context.holds_bundles:
            empty = {context.name: line}
        for list_id, at in empty.items():
            if list_id not in spoken:
                self._tables.empty_list(list_id, at)

    def _medication(self, resource: dict[str, Any], line: int, context: _Context, spoken: set[str]) -> None:
        kind, list_id = resource["resourceType"], context.list_id(resource)
        found = drugs_of(resource, context.finder(resource))
        status = text_of(resource.get("status")).casefold()
        over = "doNotPerform is true" if resource.get("doNotPerform") is True else f"its status is {status}"
        if status in _LEFT_OUT or resource.get("doNotPerform") is True:
            mend = "nothing, if it is not to be checked; else mend it where it comes from"
            self._tables.refuse(line, f"{kind}: {over}, so it was left out", mend, list_id)
            return
        spoken.add(list_id)
        if status in _KEPT:
            self._kept[status] += 1
        if list_id == self._file_name():
            self._nameless += 1
        for drug in found:
            if isinstance(drug, Problem):
                self._tables.refuse(line, f"{kind}: {drug.what}", "give its text, or its RxNorm or ATC code", list_id)
            elif any("\0" in part for part in (list_id, *drug)):
                self._tables.refuse(line, f"{kind}: a NUL character stands in it", "export it again")
            else:
                text, rxcui, atc = map(writable, drug)
                self._tables.medication(list_id, text, rxcui, atc, line)

    def _file_name(self) -> str:
        return Path(self._tables.path).name


class _Context:
    """Resources that lie together: what a reference in one of them means, and whose medications they are."""

    def __init__(self, entries: Sequence[tuple[int, str, dict[str, Any]]], name: str) -> None:
        self.entries = entries
        self.patients = [entry for entry in entries if entry[2].get("resourceType") == "Patient"]
        self.holds_bundles = any(resource.get("resourceType") == "Bundle" for _, _, resource in entries)
        self._referred: set[int] = set()
        self._by_reference: dict[str, dict[str, Any]] = {}
        for _, url, resource in entries:
            reference = f"{resource.get('resourceType')}/{resource.get('id')}"
            self._by_reference |= {key: resource for key in (reference, url) if key}
        self.name = writable(name)
        if len(self.patients) == 1:
            self.name = self.patient_id(*self.patients[0][1:])

    def patient_id(self, url: str, patient: dict[str, Any]) -> str:
        """The id of a Patient; without one, that of its entry."""
        return writable(text_of(patient.get("id")) or _last_part(url)) or self.name

    def list_id(self, resource: dict[str, Any]) -> str:
        """The id of the patient whose medication it is; without one, that of what it lies in."""
        subject = fields(resource.get("subject", resource.get("patient")))
        reference = text_of(subject.get("reference"))
        patient = self._by_reference.get(reference)
        meant = "" if reference.startswith("#") else _last_part(reference)
        return writable(text_of(patient.get("id")) or meant if patient else meant) or self.name

    def unused_medications(self) -> int:
        """How many Medications there are that nothing refers to."""
        medications = (one for _, _, one in self.entries if one.get("resourceType") == "Medication")
        return sum(id(medication) not in self._referred for medication in medications)

    def finder(self, resource: dict[str, Any]) -> _Finder:
        """What finds the resources that this one refers to."""
        return _Finder(self, {f"#{fields(one).get('id')}": fields(one) for one in items(resource.get("contained"))})

    def find(self, reference: str) -> dict[str, Any] | None:
        """The resource that a reference means, however its address is written."""
        versionless = reference.partition("/_history/")[0]
        found = self._by_reference.get(versionless) or self._by_reference.get("/".join(versionless.split("/")[-2:]))
        if found is not None:
            self._referred.add(id(found))
        return found


class _Finder:
    def __init__(self, context: _Context, contained: dict[str, dict[str, Any]]) -> None:
        self._context, self._contained = context, contained

    def __call__(self, reference: str) -> dict[str, Any] | None:
        return self._contained.get(reference) or self._context.find(reference)


def _last_part(reference: str) -> str:
    return reference.partition("/_history/")[0].removeprefix("urn:uuid:").rstrip("/").rpartition("/")[2]


def _counted(counts: Counter[str]) -> str:
    named = ", ".join(f"{name} ({count})" for name, count in counts.most_common(_MOST_NAMED) if count)
    return named + (" ..." if len(counts) > _MOST_NAMED else "")
