"""The reviewed list: actions of AWS's services that keep no team's data, so that any team may be granted them.

Whoever adds one answers, in its reason: what could one team do to another with it? It reads and keeps nothing but what
it is given in the request, and what it answers depends on nothing that a team stored. Each was looked up in AWS's
Service Authorization Reference for what it can touch (read 2026-11-29). Left out is what works with collections,
projects, adapters, custom models, endpoints, vocabularies or jobs: ``rekognition:DetectModerationLabels`` takes a
project's version, ``comprehend:DetectEntities`` an endpoint, ``textract:AnalyzeDocument`` an adapter. The proof reads
the list too, and holds each entry against the catalogue (:mod:`shared.isolation.proof.names.services`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.config.lane import Place

HOW_TO_ADD = "to have it reviewed, add it with its reason to shared/config/services.py, in a pull request of its own"


@dataclass(frozen=True, slots=True)
class Service:
    """One reviewed action.

    Attributes:
        action: As AWS writes it.
        reason: Why it is no path to another team.
        resources: What it is granted on, to be filled with the place (``{partition}``, ``{region}``, ``{account}``).
    """

    action: str
    reason: str
    resources: tuple[str, ...] = ("*",)

    def granted_on(self, place: Place) -> tuple[str, ...]:
        """Return the resources that it is granted on at *place*."""
        return tuple(
            each.format(partition=place.partition, region=place.region, account=place.account)
            for each in self.resources
        )


_IMAGE = "it works on the image of the request, or on an object that the caller's own role can read"
_DOCUMENT = "it works on the document of the request, or on an object that the caller's own role can read"
_TEXT = "it works on the text of the request and keeps nothing"
_CLINICAL = "it works on the text of the request against public code books"
_TERMS = "it works on the text of the request; a terminology that it may name is no team's, for no role may import one"
_LEXICON = "it speaks the text of the request; a lexicon that it may name is no team's, for no role may put one"
_MODEL = "a foundation model is AWS's own and keeps nothing of a request"
_PUBLIC = "it tells what AWS publishes to everybody"
_MAP = "it asks AWS's own map and keeps nothing"

_MODELS = ("arn:{partition}:bedrock:{region}::foundation-model/*",)
_PLACES = ("arn:{partition}:geo-places:{region}::provider/default",)
_ROUTES = ("arn:{partition}:geo-routes:{region}::provider/default",)


def _reviewed(service: str, names: str, reason: str, resources: tuple[str, ...] = ("*",)) -> tuple[Service, ...]:
    return tuple(Service(f"{service}:{name}", reason, resources) for name in names.split())


SERVICES: dict[str, Service] = {
    each.action: each
    for each in (
        *_reviewed(
            "rekognition",
            "CompareFaces DetectFaces DetectLabels DetectProtectiveEquipment DetectText RecognizeCelebrities",
            _IMAGE,
        ),
        *_reviewed("textract", "AnalyzeExpense AnalyzeID DetectDocumentText", _DOCUMENT),
        *_reviewed(
            "comprehend",
            "BatchDetectDominantLanguage BatchDetectEntities BatchDetectKeyPhrases BatchDetectSentiment "
            "BatchDetectSyntax BatchDetectTargetedSentiment ContainsPiiEntities DetectDominantLanguage "
            "DetectKeyPhrases DetectPiiEntities DetectSentiment DetectSyntax DetectTargetedSentiment "
            "DetectToxicContent",
            _TEXT,
        ),
        *_reviewed(
            "comprehendmedical",
            "DetectEntitiesV2 DetectPHI InferICD10CM InferRxNorm InferSNOMEDCT",
            _CLINICAL,
        ),
        *_reviewed("translate", "TranslateText", _TERMS),
        *_reviewed("translate", "ListLanguages", _PUBLIC),
        *_reviewed("polly", "SynthesizeSpeech", _LEXICON),
        *_reviewed("polly", "DescribeVoices", _PUBLIC),
        *_reviewed("bedrock", "CountTokens InvokeModel InvokeModelWithResponseStream", _MODEL, _MODELS),
        *_reviewed("bedrock", "GetFoundationModel", _PUBLIC, _MODELS),
        *_reviewed("bedrock", "ListFoundationModels", _PUBLIC),
        *_reviewed(
            "pricing", "DescribeServices GetAttributeValues GetPriceListFileUrl GetProducts ListPriceLists", _PUBLIC
        ),
        *_reviewed(
            "ec2",
            "DescribeAvailabilityZones DescribeInstanceTypes DescribeRegions DescribeSpotPriceHistory",
            _PUBLIC,
        ),
        *_reviewed(
            "geo-places",
            "Autocomplete Geocode GetPlace ReverseGeocode SearchNearby SearchText Suggest",
            _MAP,
            _PLACES,
        ),
        *_reviewed("geo-routes", "CalculateIsolines CalculateRouteMatrix CalculateRoutes SnapToRoads", _MAP, _ROUTES),
    )
}
