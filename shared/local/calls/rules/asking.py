"""Services that are asked and keep nothing: which model, lexicon or terminology a call names.

Source: SAR; Bedrock user guide, "Prerequisites for running model inference" and "Geographic cross-Region inference";
Amazon Polly and Amazon Translate API references, on LexiconNames and TerminologyNames (read 2026-11-29).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.calls.asked import Asked
    from shared.local.calls.rules.types import Exceptions

_PROFILE = re.compile(
    r"(us|us-gov|eu|apac|au|jp|ca|global)\.[^.]+\..+"
)  # a model's id has its maker first, and no more


def _model(asked: Asked) -> list[str | None]:
    """Return the model of a call: a foundation model, or the inference profile that its id names."""
    named = asked.text("modelId") or asked.text("modelIdentifier")
    if named is None or named.startswith("arn:"):
        return [named]
    if _PROFILE.fullmatch(named):
        return [asked.arn("bedrock", f"inference-profile/{named}")]
    return [f"arn:{asked.partition}:bedrock:{asked.call.region}::foundation-model/{named}"]


def _named(service: str, kind: str, path: str) -> Callable[[Asked], list[str | None]]:
    """Return what finds the things that the parameter at *path* names; a call that names none is about all."""
    return lambda asked: [asked.arn(service, f"{kind}/{each}") for each in asked.texts(path)] or ["*"]


BEDROCK: Exceptions = {"GetFoundationModel": (("bedrock:GetFoundationModel", _model),)}
BEDROCK_RUNTIME: Exceptions = {
    "CountTokens": (("bedrock:CountTokens", _model),),
    "InvokeModel": (("bedrock:InvokeModel", _model),),
    "InvokeModelWithResponseStream": (("bedrock:InvokeModelWithResponseStream", _model),),
    "Converse": (("bedrock:InvokeModel", _model),),
    "ConverseStream": (("bedrock:InvokeModelWithResponseStream", _model),),
}
POLLY: Exceptions = {"SynthesizeSpeech": (("polly:SynthesizeSpeech", _named("polly", "lexicon", "LexiconNames[]")),)}
TRANSLATE: Exceptions = {
    "TranslateText": (("translate:TranslateText", _named("translate", "terminology", "TerminologyNames[]")),),
}
