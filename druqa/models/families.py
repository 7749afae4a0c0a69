"""Which models are of one family. Models of one family miss the same things, so a rival must be of another."""

from __future__ import annotations

import re

# Name patterns of model families, most specific first. A distilled model belongs to the family of its base.
_FAMILIES = (
    (r"smollm", "smollm"),
    (r"gpt-oss|gpt|chatgpt|davinci|\bo[1345](-|$)", "gpt"),
    (r"claude", "claude"),
    (r"gemini|gemma|medgemma|palm|bison", "gemini"),
    (r"llama|meditron|openbiollm|vicuna", "llama"),
    (r"qwen|qwq", "qwen"),
    (r"mistral|mixtral|ministral|magistral|codestral|biomistral", "mistral"),
    (r"deepseek", "deepseek"),
    (r"grok", "grok"),
    (r"command|c4ai|aya", "command"),
    (r"\bphi-?\d", "phi"),
    (r"glm", "glm"),
    (r"kimi|moonshot", "kimi"),
    (r"nova|titan", "nova"),
    (r"jamba", "jamba"),
    (r"granite", "granite"),
    (r"olmo", "olmo"),
)


def family_of(model: str) -> str:
    """The family of a model by its name.

    A name that no pattern knows is taken as a family of its own: its last part, lower case. Say otherwise with
    `family` in druqa.toml.
    """
    last = re.split(r"[/\\]", model.strip().lower().removesuffix(".gguf"))[-1]
    for pattern, family in _FAMILIES:
        if re.search(pattern, last):
            return family
    return last or model


def is_known(model: str) -> bool:
    """Whether a pattern knows the model's name, so that its family is more than a guess."""
    return family_of(model) in {family for _, family in _FAMILIES}
