"""Whether words can be a drug's name at all, by their looks. What cannot is in the report, and in no prompt.

A text that tells a model what to answer is not to be told from a name by any parser, but names are short and plain. Of
the 74,000 names in the tables none has more than 60 characters, 2 in 1,000 have more than six words, and none has a
brace, a quotation mark or an equals sign; a line that was written and is not known has four words at most (eval/names).
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from druqa.characters import is_mark, is_seen
from druqa.knowledge.spelling import key

LONGEST_NAME = 60
MOST_WORDS = 6
_MARKED = "-\u2010\u2011\u2012\u2013'\u2019\u02bc`./,&+#:%()\u00b7\u30fb\u00ae\u2122 "
"""What stands in names beside letters and digits."""
_WORD = re.compile(r"[^\W\d_]+")

# What orders and replies are made of, in the languages that most is written in. The tests hold that none of it is in a
# name of the tables. It makes a short order no name; a long one is none anyway.
_OF_ORDERS = """
ignore ignored ignores ignoring disregard forget override overrule bypass pretend instruction instructions instructed
previous answer answers reply replies respond response output say says tell return print interact interacts interaction
interactions question questions json verdict outcome severity jailbreak harmless always never assistant
ignoriere ignorieren ignoriert vergiss anweisung anweisungen antworte antworten antwort wechselwirkung
wechselwirkungen keine frage
ignorez ignorer oubliez instructions repondez reponds reponse dites interaction aucune question
ignora ignore ignorar olvida instrucciones instruccion responde responder respuesta interaccion interacciones ninguna
diga pregunta
ignorare dimentica istruzioni rispondi risposta interazione interazioni nessuna domanda
instrucoes responda resposta interacao interacoes nenhuma esqueca pergunta
negeer vergeet instructies antwoord interactie interacties geen vraag
zignoruj ignoruj instrukcje odpowiedz interakcji interakcja
ignorera instruktioner svara interaktion ingen fraga
yoksay talimatlari cevapla etkilesim yok
"""
_OF_OTHER_SCRIPTS = """
игнорируй игнорируйте инструкции ответь ответьте ответ взаимодействия взаимодействие забудь
ігноруй інструкції відповідай взаємодії
تجاهل التعليمات أجب تفاعل تفاعلات
התעלם הוראות ענה אינטראקציה
αγνόησε οδηγίες απάντησε αλληλεπίδραση
अनदेखा निर्देश निर्देशों उत्तर अंतःक्रिया
"""
_WITHIN = (
    "忽略", "无视", "無視", "指令", "指示", "回答", "相互作用", "交互作用",
    "무시", "지시", "답변", "상호작용", "คำสั่ง", "ตอบว่า", "ปฏิกิริยา",
)  # fmt: skip
"""The same where words are not parted."""
ORDERS = frozenset(key(word) for word in (_OF_ORDERS + _OF_OTHER_SCRIPTS).split())


def why_no_name(text: str) -> str:
    """Why words cannot be a drug's name, for people; empty where they can."""
    if len(text) > LONGEST_NAME:
        return f"it is longer than {LONGEST_NAME} characters"
    if strange := next((char for char in text if not _stands_in_names(char)), None):
        return f"it holds {_said(strange)}"
    words = text.split()
    if len(words) > MOST_WORDS:
        return f"it has more than {MOST_WORDS} words"
    letters = sum(char.isalpha() for char in text)
    if not letters or sum(map(str.isalnum, text)) < 2:
        return "it has no letters" if not letters else "it is a single letter"
    if sum(map(is_mark, text)) > letters:
        return "it has more marks than letters"
    return _order_in(text)


def _order_in(text: str) -> str:
    folded = key(text)
    words = _WORD.findall(folded)
    # (No name is written apart: `i g n o r e  a l l`.)
    if sum(len(word) == 1 and word.isascii() for word in words) > 3:
        return "it is spelled in single letters"
    found = next((word for word in words if word in ORDERS), None) or next((p for p in _WITHIN if p in folded), None)
    return f"it holds the word '{found}', which is in no name" if found else ""


@lru_cache(maxsize=4096)
def _stands_in_names(char: str) -> bool:
    return is_seen(char) and (unicodedata.category(char)[0] in "LMN" or char in _MARKED)


def _said(char: str) -> str:
    return f"the character {char}" if is_seen(char) and not char.isspace() else "characters that nobody sees"
