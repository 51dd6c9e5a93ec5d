"""Relevance judgments: situations and the items of the catalog judged relevant in them, by hand."""

from __future__ import annotations

from dataclasses import dataclass, field

from contracts.preferences import NONE, Preferences
from contracts.records import Evidence
from services.recommend.selection.criteria import Criteria, relaxations
from services.recommend.selection.severity import classify, query_text

BASELINE = 62.0
CALM, CRISIS, PANIC = BASELINE + 8, BASELINE + 22, BASELINE + 40
NOW = 1_800_000_000.0


@dataclass(frozen=True)
class Judgment:
    """`best` are the titles with relevance 2, `good` those with relevance 1; all others have 0."""

    name: str
    heart_rate: float
    best: str
    good: str = ""
    rmssd: float = 40.0
    hour: int | None = None
    ongoing: bool = False
    preferences: Preferences = NONE
    recently_played: frozenset[int] = field(default_factory=frozenset)

    @property
    def text(self) -> str:
        given = [NOW - 600] if self.ongoing else []
        return query_text(classify(self._evidence), self._evidence, given, NOW, self.hour, self.preferences)

    @property
    def criteria(self) -> Criteria:
        return next(relaxations(classify(self._evidence), self.preferences, "en", self.recently_played))

    def relevance(self, title: str) -> int:
        return 2 if title in self.best.split("|") else int(title in self.good.split("|"))

    @property
    def _evidence(self) -> Evidence:
        return Evidence(self.heart_rate, BASELINE, self.rmssd, 45, 1, 9, 5, "gate", "1")


def language(code: str) -> Preferences:
    return Preferences(language=code)


def kinds(*names: str) -> Preferences:
    return Preferences(kinds=list(names))


_PANIC = "Riding out a panic wave|Long exhale|You are safe right now|Five things you can see"
_PANIC_TOO = "Cold water and slow breath|Three minute breathing space|Box breathing|Emergency brake|Steady ground"
_CRISIS = "Three minute breathing space|Emergency brake|Steady ground|Box breathing"
_CRISIS_TOO = (
    "Riding out a panic wave|Long exhale|Cold water and slow breath|Count down from ten|Name it to tame it|"
    "You are safe right now|Five things you can see|Humming breath|Before a difficult talk|When work is too much"
)
_CALM = (
    "Soft belly|Progressive muscle relaxation|Body scan for tense days|Evening unwinding|Release the shoulders|"
    "Warm light"
)
_CALM_TOO = (
    "Leaves on a stream|Slow tide|Coherent breathing|Safe place|Loving kindness for hard moments|Mountain|"
    "Humming breath"
)
_PANIK = "Die Welle vorbeiziehen lassen|Langes Ausatmen|Du bist jetzt sicher|Fünf Dinge, die du siehst"
_PANIK_AUCH = "Kaltes Wasser, langsamer Atem|Drei Minuten Atemraum|Box-Atmung|Notbremse|Fester Boden"
_KRISE = "Drei Minuten Atemraum|Notbremse|Fester Boden|Box-Atmung"
_KRISE_AUCH = (
    "Kaltes Wasser, langsamer Atem|Langes Ausatmen|Die Welle vorbeiziehen lassen|Du bist jetzt sicher|"
    "Fünf Dinge, die du siehst|Wenn die Arbeit zu viel wird|Nach einem Streit"
)
_RUHE = "Sanfter Bauch|Schultern loslassen|Bodyscan für angespannte Tage|Abendruhe"
_RUHE_AUCH = "Blätter auf dem Fluss|Sicherer Ort|Drei Minuten Atemraum|Langes Ausatmen"
_PANICO = "Exhalación larga|Estás a salvo|Cinco cosas que ves"
_CRISIS_ES = "Freno de emergencia|Suelo firme"
_CALMA = "Soltar los hombros|Vientre blando"
_NIGHT = "Evening unwinding|Back to sleep"

JUDGMENTS = [
    Judgment("panic", PANIC, _PANIC, _PANIC_TOO),
    Judgment("panic, tense", PANIC, _PANIC, _PANIC_TOO, rmssd=15),
    Judgment("panic, ongoing", PANIC, _PANIC, _PANIC_TOO, ongoing=True),
    Judgment("panic at night", PANIC, _PANIC, _PANIC_TOO, hour=3),
    Judgment(
        "panic, prefers breathing",
        PANIC,
        "Long exhale",
        f"{_PANIC}|Box breathing|{_PANIC_TOO}",
        preferences=kinds("breathing"),
    ),
    Judgment(
        "panic, prefers grounding",
        PANIC,
        "Five things you can see|Cold water and slow breath",
        f"{_PANIC}|Steady ground",
        preferences=kinds("grounding"),
    ),
    Judgment("panic, best recently played", PANIC, _PANIC, _PANIC_TOO, recently_played=frozenset({4, 2})),
    Judgment(
        "panic, three minutes",
        PANIC,
        "Long exhale|You are safe right now|Cold water and slow breath",
        "Three minute breathing space",
        preferences=Preferences(longest_minutes=3),
    ),
    Judgment("crisis", CRISIS, _CRISIS, _CRISIS_TOO),
    Judgment("crisis, tense", CRISIS, _CRISIS, f"{_CRISIS_TOO}|Release the shoulders", rmssd=15),
    Judgment("crisis, ongoing", CRISIS, _CRISIS, _CRISIS_TOO, ongoing=True),
    Judgment(
        "crisis, prefers guided", CRISIS, f"Name it to tame it|{_CRISIS}", _CRISIS_TOO, preferences=kinds("guided")
    ),
    Judgment(
        "crisis, prefers grounding",
        CRISIS,
        "Steady ground",
        f"{_CRISIS}|{_CRISIS_TOO}",
        preferences=kinds("grounding"),
    ),
    Judgment("crisis, best recently played", CRISIS, _CRISIS, _CRISIS_TOO, recently_played=frozenset({8, 10})),
    Judgment("calming", CALM, _CALM, _CALM_TOO),
    Judgment(
        "calming, tense",
        CALM,
        "Body scan for tense days|Progressive muscle relaxation|Release the shoulders",
        _CALM,
        rmssd=15,
    ),
    Judgment("calming at night", CALM, f"{_NIGHT}|Body scan for tense days|Soft belly", f"{_CALM}|{_CALM_TOO}", hour=2),
    Judgment(
        "calming, prefers imagery",
        CALM,
        "Warm light|Slow tide|Safe place|Mountain",
        f"{_CALM}|{_CALM_TOO}",
        preferences=kinds("imagery"),
    ),
    Judgment(
        "calming, prefers breathing",
        CALM,
        "Coherent breathing|Humming breath",
        f"{_CALM}|{_CALM_TOO}|Long exhale|Box breathing",
        preferences=kinds("breathing"),
    ),
    Judgment(
        "calming, prefers body",
        CALM,
        "Progressive muscle relaxation|Release the shoulders",
        _CALM,
        preferences=kinds("body"),
    ),
    Judgment(
        "calming, ten minutes",
        CALM,
        "Soft belly|Release the shoulders|Warm light",
        _CALM_TOO,
        preferences=Preferences(longest_minutes=10),
    ),
    Judgment("Panik", PANIC, _PANIK, _PANIK_AUCH, preferences=language("de")),
    Judgment("Panik, hält an", PANIC, _PANIK, _PANIK_AUCH, ongoing=True, preferences=language("de")),
    Judgment("Krise", CRISIS, _KRISE, _KRISE_AUCH, preferences=language("de")),
    Judgment(
        "Krise, angespannt", CRISIS, _KRISE, f"{_KRISE_AUCH}|Schultern loslassen", rmssd=15, preferences=language("de")
    ),
    Judgment("Ruhe", CALM, _RUHE, _RUHE_AUCH, preferences=language("de")),
    Judgment(
        "Ruhe, angespannt",
        CALM,
        "Schultern loslassen|Bodyscan für angespannte Tage",
        _RUHE,
        rmssd=15,
        preferences=language("de"),
    ),
    Judgment(
        "Ruhe, nachts",
        CALM,
        "Wieder einschlafen|Abendruhe|Sanfter Bauch",
        f"{_RUHE}|{_RUHE_AUCH}",
        hour=3,
        preferences=language("de"),
    ),
    Judgment("pánico", PANIC, _PANICO, f"{_CRISIS_ES}", preferences=language("es")),
    Judgment("crisis (es)", CRISIS, _CRISIS_ES, _PANICO, preferences=language("es")),
    Judgment("calma", CALM, _CALMA, "Exhalación larga", preferences=language("es")),
]
